// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include "report/scores.h"

#include "base/file.h"

#include <math.h>
#include <string.h>

static const char *data_name(rb_arena *a, const rb_past *run)
{
    const char *root = rb_setting_find(&run->settings, "manifest");
    if (!root) root = rb_setting_find(&run->settings, "root_dir");
    if (!root) return "";
    char *path = rb_text_copy(a, root);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
    return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

// ---- one run ------------------------------------------------------------------------------------------------------

static void say_unjudged(rb_page *p, const rb_past *run)
{
    const json_t *best = rb_past_best(run);
    double hter = rb_past_number(best, "val/hter");
    if (best)
        rb_page_lede(p, "HTER on val of the best epoch so far: %s, epoch %d of %d", rb_percent(p->arena, hter),
                     rb_past_integer(best, "epoch") + 1, rb_past_integer(run->log.run, "num_epochs"));
    else
        rb_page_lede(p, "No epoch is finished yet");
    rb_page_note(p, "The run has not been judged: it goes on, or was stopped. Of test pictures nothing is known.");
}

const char *rb_report_ending(rb_arena *a, const rb_past *run)
{
    const char *status = rb_past_text(run->log.end, "status");
    int most = rb_past_integer(run->log.run, "num_epochs");
    if (!status) return "training has not ended";
    if (!strcmp(status, "stopped_early")) return rb_text_format(a, "stopped early, %d were allowed", most);
    return "trained to the end";
}

static rb_fact rate_of(rb_arena *a, const char *name, double rate, rb_interval i, const char *rest)
{
    return (rb_fact){name, rb_percent(a, rate), rb_points_before(a, i, rest)};
}

// "14 of 54 of class 0 accepted"
static const char *errors_of(rb_arena *a, int64_t errors, int count, const char *class, const char *fate)
{
    return rb_text_format(a, "%lld of %d of class %s %s", (long long)errors, count, class, fate);
}

static const char *threshold_from(rb_arena *a, const rb_past *run)
{
    const char *rule = rb_setting_find(&run->settings, "threshold_rule");
    return rule ? rb_text_format(a, "chosen on val, rule %s", rule) : "chosen on val";
}

static void say_facts(rb_page *p, const rb_past *run, const rb_verdict *v)
{
    rb_arena *a = p->arena;
    const rb_summary *s = &v->summary;
    char threshold[RB_NUMBER_TEXT];
    const json_t *best = rb_past_best(run);
    const rb_fact facts[] = {
        rate_of(a, "HTER", s->rates.hter, rb_verdict_at(v, "hter"), "mean of FAR and FRR"),
        rate_of(a, "FAR", s->rates.far, rb_verdict_at(v, "far"),
                errors_of(a, s->confusion.fp, s->negatives, run->classes[0], "accepted")),
        rate_of(a, "FRR", s->rates.frr, rb_verdict_at(v, "frr"),
                errors_of(a, s->confusion.fn, s->positives, run->classes[1], "rejected")),
        {"ROC AUC", isnan(s->roc_auc) ? "–" : rb_text_format(a, "%.4f", s->roc_auc),
         rb_interval_before(a, rb_verdict_at(v, "roc_auc"), "1 is perfect, 0.5 is guessing")},
        {"Threshold", rb_number_text(s->threshold, 4, threshold), threshold_from(a, run)},
        {"Best epoch",
         best ? rb_text_format(a, "%d of %d", rb_past_integer(best, "epoch") + 1, run->log.epoch.count) : "–",
         rb_report_ending(a, run)},
    };
    rb_page_facts(p, facts, sizeof facts / sizeof *facts);
}

static void say_headline(rb_page *p, const rb_past *run)
{
    rb_arena *a = p->arena;
    int part = rb_past_main_part(run);
    if (part < 0) {
        say_unjudged(p, run);
        return;
    }
    const rb_verdict *v = &run->verdict[part];
    bool two = run->class_count == 2;
    const char *name = rb_results_parts[part];
    rb_page_lede(
        p, "HTER %s on %s", rb_percent_within(a, rb_verdict_hter(v), rb_verdict_at(v, "hter")),
        rb_counted(a, rb_verdict_n(v), rb_text_format(a, "%s picture", name), rb_text_format(a, "%s pictures", name)));
    if (part != RB_PAST_TEST)
        rb_page_note(p,
                     "There is no test part: these are the pictures on which %s chosen, so that the numbers are too "
                     "good.",
                     two ? "threshold and epoch were" : "the epoch was");
    if (isnan(rb_verdict_hter(v)))
        rb_page_note(p, "%s",
                     two ? "These pictures are all of one class: what needs both cannot be said of them."
                         : "Of some class there is no picture here: what needs all cannot be said of them.");
    (two ? say_facts : rb_report_class_facts)(p, run, v);
    rb_page_text(p, "Brackets hold 95 %% intervals%s.", v->group ? ", by whole groups and not by single pictures" : "");
}

static bool page_of_one(rb_page *p, const rb_past *run, const rb_report_spec *spec, rb_error *err)
{
    say_headline(p, run);
    rb_report_results(p, run, 1);
    rb_report_training(p, run, 1);
    if (!rb_report_pictures(p, run, spec, err)) return false;
    rb_report_data(p, run);
    rb_report_settings(p, run, 1);
    return true;
}

// ---- several runs -------------------------------------------------------------------------------------------------

static void say_best(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    int best = rb_report_best(runs, count), unjudged = 0;
    for (int i = 0; i < count; i++) unjudged += rb_past_main_part(&runs[i]) < 0;
    if (best < 0) {
        rb_page_lede(p, "None of the %d runs has been judged yet", count);
        return;
    }
    if (rb_report_comparable(runs, count)) {
        int part = rb_past_main_part(&runs[best]);
        const rb_verdict *v = &runs[best].verdict[part];
        rb_page_lede(p, "%s has the least HTER: %s on %d %s pictures", runs[best].short_name,
                     rb_percent_within(a, rb_verdict_hter(v), rb_verdict_at(v, "hter")), rb_verdict_n(v),
                     rb_results_parts[part]);
        const char *lead = rb_report_lead(a, runs, count);
        if (lead) rb_page_text(p, "%s", lead);
    } else {
        rb_page_lede(p, "%d runs, not all judged on the same pictures", count);
        rb_page_note(p, "Where the pictures differ, so may numbers without one run being the better one.");
    }
    if (unjudged)
        rb_page_note(p, "%s not been judged: still going on, or stopped.",
                     rb_counted(a, unjudged, "run has", "runs have"));
}

// ---- the page -----------------------------------------------------------------------------------------------------

static const char *title_of(rb_arena *a, const rb_past *runs, int count)
{
    const char *model = rb_past_text(runs[0].log.run, "model");
    if (count > 1) return rb_text_format(a, "%d runs side by side", count);
    return rb_text_format(a, "%s on %s · %s", model ? model : "a model", data_name(a, runs), runs[0].name);
}

bool rb_report_page(rb_arena *a, rb_past *runs, int count, const rb_report_spec *spec, rb_page **out, rb_error *err)
{
    rb_page *p = *out = rb_page_new(a, title_of(a, runs, count), spec->made_by);
    if (count == 1) return page_of_one(p, runs, spec, err);
    if (!rb_report_agree(runs, count, err)) return false;
    rb_report_line_up(a, runs, count);
    say_best(p, runs, count);
    rb_report_results(p, runs, count);
    rb_report_training(p, runs, count);
    rb_report_settings(p, runs, count);
    return true;
}

static bool write(rb_arena *scratch, const char *folder, const rb_cam_maker *cams, rb_error *err)
{
    rb_past run;
    rb_page *page;
    rb_report_spec spec = {rb_text_format(scratch, "rarebit report %s", folder), RB_REPORT_PICTURES, cams};
    return rb_past_read(scratch, folder, &run, err) && rb_report_page(scratch, &run, 1, &spec, &page, err) &&
           rb_page_save(page, rb_path_join(scratch, folder, "report.html"), false, err);
}

bool rb_report_write(const char *folder, const rb_cam_maker *cams, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = write(scratch, folder, cams, err);
    rb_arena_close(scratch);
    return done;
}
