// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "report/scores.h"

#include <math.h>
#include <string.h>

const char *rb_report_name(const rb_past *run)
{
    return run->name;
}

static rb_summary judged(rb_arena *a, const rb_past *run, int part)
{
    return rb_summarise(a, run->part[part].scores, run->part[part].threshold);
}

static const char *data_name(rb_arena *a, const rb_past *run)
{
    const char *root = rb_setting_find(&run->settings, "manifest");
    if (!root) root = rb_setting_find(&run->settings, "root_dir");
    if (!root) return "";
    char *path = rb_text_copy(a, root);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

// ---- one run
// ---------------------------------------------------------------------------------------------------------

static void say_unjudged(rb_page *p, const rb_past *run)
{
    const json_t *best = rb_past_best(run);
    double hter = rb_past_number(best, "val/hter");
    if (best)
        rb_page_lede(p, "Best HTER on val so far: %s, in epoch %d of %d", rb_percent(p->arena, hter),
                     (int)rb_past_number(best, "epoch") + 1, (int)rb_past_number(run->log.run, "num_epochs"));
    else
        rb_page_lede(p, "No epoch is finished yet");
    rb_page_note(p, "The run has not been judged: it goes on, or was stopped. Of test pictures nothing is known.");
}

static void say_facts(rb_page *p, const rb_past *run, const rb_summary *s, const char *part)
{
    rb_arena *a = p->arena;
    char threshold[RB_NUMBER_TEXT], auc[RB_NUMBER_TEXT];
    const json_t *best = rb_past_best(run);
    rb_number_text(s->threshold, 4, threshold);
    snprintf(auc, sizeof auc, "%.4f", s->roc_auc);
    const rb_fact facts[] = {
        {rb_text_format(a, "HTER, %s", part), rb_percent(a, s->rates.hter), "mean of FAR and FRR"},
        {"FAR", rb_percent(a, s->rates.far),
         rb_text_format(a, "[%.1f, %.1f], %lld of %d of class %s accepted", 100 * s->far_interval.low,
                        100 * s->far_interval.high, (long long)s->confusion.fp, s->negatives, run->classes[0])},
        {"FRR", rb_percent(a, s->rates.frr),
         rb_text_format(a, "[%.1f, %.1f], %lld of %d of class %s rejected", 100 * s->frr_interval.low,
                        100 * s->frr_interval.high, (long long)s->confusion.fn, s->positives, run->classes[1])},
        {"ROC AUC", auc, "1 is perfect, 0.5 is guessing"},
        {"Threshold", threshold, "chosen on val"},
        {"Best epoch",
         best ? rb_text_format(a, "%d of %d", (int)rb_past_number(best, "epoch") + 1, run->log.epoch.count) : "–",
         rb_text_format(a, "%s of at most %d", run->log.end ? "ended" : "has not ended",
                        (int)rb_past_number(run->log.run, "num_epochs"))},
    };
    rb_page_facts(p, facts, sizeof facts / sizeof *facts);
}

static void say_headline(rb_page *p, const rb_past *run)
{
    int part = rb_past_main_part(run);
    if (part < 0) {
        say_unjudged(p, run);
        return;
    }
    rb_summary s = judged(p->arena, run, part);
    rb_page_lede(p, "HTER %s on %s", rb_percent(p->arena, s.rates.hter),
                 rb_counted(p->arena, s.n, rb_text_format(p->arena, "%s picture", rb_results_parts[part]),
                            rb_text_format(p->arena, "%s pictures", rb_results_parts[part])));
    if (part != RB_PAST_TEST)
        rb_page_note(
            p, "There is no test part: these are the pictures on which threshold and epoch were chosen, so that the "
               "numbers are too good.");
    say_facts(p, run, &s, rb_results_parts[part]);
}

static bool page_of_one(rb_page *p, const rb_past *run, const rb_report_spec *spec, rb_error *err)
{
    say_headline(p, run);
    rb_report_results(p, run, 1);
    rb_report_training(p, run, 1);
    if (!rb_report_pictures(p, run, spec->pictures, err)) return false;
    rb_report_data(p, run);
    rb_report_settings(p, run, 1);
    return true;
}

// ---- several runs
// ------------------------------------------------------------------------------------------------------

static void say_best(rb_page *p, const rb_past *runs, int count)
{
    int best = -1, unjudged = 0;
    double least = INFINITY;
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        unjudged += part < 0;
        double hter = part < 0 ? (double)INFINITY : judged(p->arena, &runs[i], part).rates.hter;
        if (hter < least) least = hter, best = i;
    }
    if (best < 0)
        rb_page_lede(p, "None of the %d runs has been judged yet", count);
    else
        rb_page_lede(p, "Least HTER of %d runs: %s on %s, %s", count, rb_percent(p->arena, least),
                     rb_results_parts[rb_past_main_part(&runs[best])], rb_report_name(&runs[best]));
    if (unjudged && best >= 0)
        rb_page_note(p, "%s not been judged: still going on, or stopped.",
                     rb_counted(p->arena, unjudged, "run has", "runs have"));
}

// ---- the page
// ----------------------------------------------------------------------------------------------------------

static const char *title_of(rb_arena *a, const rb_past *runs, int count)
{
    const char *model = rb_past_text(runs[0].log.run, "model");
    if (count > 1) return rb_text_format(a, "%d runs side by side", count);
    return rb_text_format(a, "%s on %s · %s", model ? model : "a model", data_name(a, runs), runs[0].name);
}

bool rb_report_page(rb_arena *a, const rb_past *runs, int count, const rb_report_spec *spec, rb_page **out,
                    rb_error *err)
{
    rb_page *p = *out = rb_page_new(a, title_of(a, runs, count), spec->made_by);
    if (count == 1) return page_of_one(p, runs, spec, err);
    say_best(p, runs, count);
    rb_report_results(p, runs, count);
    rb_report_training(p, runs, count);
    rb_report_settings(p, runs, count);
    return true;
}
