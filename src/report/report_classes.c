// SPDX-License-Identifier: Apache-2.0
// report_classes.c - what a run of more than two classes is worth: the answer, macro figures of each part, figures of
// each class, the confusion matrix.
#include "report/report.h"

#include "report/scores.h"

#include <math.h>
#include <string.h>

typedef struct judged {
    rb_class_summary summary;
    rb_intervals intervals;
    const char *const *name; // of the classes
} judged;

bool rb_past_has_classes(const rb_past *run)
{
    for (int part = 0; part < RB_PAST_PARTS; part++)
        if (run->part[part].many.n) return true;
    return false;
}

static int main_part(const rb_past *run)
{
    return run->part[RB_PAST_TEST].many.n ? RB_PAST_TEST : run->part[RB_PAST_VAL].many.n ? RB_PAST_VAL : RB_PAST_TRAIN;
}

static judged judge(rb_arena *a, const rb_past *run, int part)
{
    rb_class_scores s = run->part[part].many;
    judged j = {.summary = rb_class_summarise(a, s), .name = run->classes};
    j.intervals = rb_class_intervals_of(a, s, &j.summary, &(rb_bootstrap){.resamples = RB_RESAMPLES});
    return j;
}

static rb_interval interval_of(const judged *j, const char *figure)
{
    const rb_bounded *found = rb_intervals_find(&j->intervals, figure);
    return found ? found->at : (rb_interval){NAN, NAN};
}

static void say_answer(rb_page *p, const judged *j, const char *part)
{
    rb_arena *a = p->arena;
    const rb_class_summary *s = &j->summary;
    rb_page_lede(p, "HTER %s on %s", rb_percent_within(a, s->hter, interval_of(j, "hter")),
                 rb_counted(a, s->n, rb_text_format(a, "%s picture", part), rb_text_format(a, "%s pictures", part)));
    if (strcmp(part, rb_results_parts[RB_PAST_TEST]) != 0)
        rb_page_note(
            p, "There is no test part: these pictures were seen while the epoch was chosen, so that the numbers are "
               "too good.");
    const rb_fact facts[] = {
        {"HTER", rb_percent(a, s->hter), "1 − mean recall of the classes"},
        {"Accuracy", rb_percent(a, s->accuracy), "share of all pictures"},
        {"Macro F1", rb_text_format(a, "%.4f", s->macro_f1), "every class counts alike"},
        {"ROC AUC", isnan(s->roc_auc) ? "–" : rb_text_format(a, "%.4f", s->roc_auc),
         "mean, each class against the rest"},
        {"Classes", rb_text_format(a, "%d", s->k), "the most probable one is taken"},
    };
    rb_page_facts(p, facts, sizeof facts / sizeof *facts);
    rb_page_text(p, "Brackets hold 95 %% intervals; they take every picture for independent.");
}

static void show_parts(rb_page *p, const rb_past *run)
{
    rb_arena *a = p->arena;
    static const rb_column columns[] = {{"part", false},   {"HTER, %", true}, {"accuracy, %", true}, {"macro F1", true},
                                        {"ROC AUC", true}, {"MCC", true},     {"pictures", true}};
    rb_page_table(p, "All parts", NULL, columns, sizeof columns / sizeof *columns);
    for (int part = 0; part < RB_PAST_PARTS; part++) {
        if (!run->part[part].many.n) continue;
        judged j = judge(a, run, part);
        const rb_class_summary *s = &j.summary;
        const char *cells[] = {rb_results_parts[part],
                               rb_points_within(a, s->hter, interval_of(&j, "hter")),
                               rb_points_within(a, s->accuracy, interval_of(&j, "accuracy")),
                               rb_within(a, s->macro_f1, interval_of(&j, "macro_f1")),
                               rb_within(a, s->roc_auc, (rb_interval){NAN, NAN}),
                               rb_text_format(a, "%.3f", s->mcc),
                               rb_text_format(a, "%d", s->n)};
        rb_page_row(p, cells);
    }
}

static const char *read_worst(rb_arena *a, const judged *j)
{
    int worst = 0;
    for (int k = 1; k < j->summary.k; k++)
        if (j->summary.of[k].rates.recall < j->summary.of[worst].rates.recall) worst = k;
    return rb_text_format(a, "Class %s is found least often: %s of its pictures.", j->name[worst],
                          rb_percent(a, j->summary.of[worst].rates.recall));
}

static void show_classes(rb_page *p, const judged *j)
{
    rb_arena *a = p->arena;
    static const rb_column columns[] = {{"class", false}, {"recall, %", true}, {"precision, %", true},
                                        {"F1", true},     {"ROC AUC", true},   {"pictures", true}};
    rb_page_table(p, "Each class", read_worst(a, j), columns, sizeof columns / sizeof *columns);
    for (int k = 0; k < j->summary.k; k++) {
        const rb_class_figures *c = &j->summary.of[k];
        const char *cells[] = {j->name[k],
                               rb_points_within(a, c->rates.recall, c->recall_interval),
                               rb_text_format(a, "%.1f", 100 * c->rates.precision),
                               rb_text_format(a, "%.3f", c->rates.f1),
                               rb_within(a, c->roc_auc, (rb_interval){NAN, NAN}),
                               rb_text_format(a, "%lld", (long long)c->rates.support)};
        rb_page_row(p, cells);
    }
}

// The most frequent mistake.
static const char *read_confusion(rb_arena *a, const judged *j)
{
    int k = j->summary.k, worst = 0;
    const int64_t *n = j->summary.confusion;
    for (int i = 0; i < k * k; i++)
        if (i / k != i % k && (n[i] > n[worst] || worst / k == worst % k)) worst = i;
    if (!n[worst]) return "Every picture is taken for what it is.";
    return rb_text_format(a, "The most frequent mistake: %s of class %s taken for %s.",
                          rb_counted(a, n[worst], "picture", "pictures"), j->name[worst / k], j->name[worst % k]);
}

static void show_confusion(rb_page *p, const judged *j)
{
    rb_arena *a = p->arena;
    int k = j->summary.k, cells = k * k;
    double *share = RB_NEW(a, double, cells);
    const char **text = RB_NEW(a, const char *, cells), **detail = RB_NEW(a, const char *, cells);
    for (int i = 0; i < cells; i++) {
        int64_t all = j->summary.of[i / k].rates.support;
        share[i] = all ? (double)j->summary.confusion[i] / (double)all : (double)NAN;
        text[i] = rb_text_format(a, "%lld", (long long)j->summary.confusion[i]);
        detail[i] = rb_percent(a, share[i]);
    }
    const char *reading = read_confusion(a, j);
    rb_heat h = {.label = rb_text_format(a, "Confusion matrix. %s", reading),
                 .row_label = "truth",
                 .column_label = "decision",
                 .row = j->name,
                 .column = j->name,
                 .rows = k,
                 .columns = k,
                 .share = share,
                 .text = text,
                 .detail = detail};
    rb_page_figure(p, "Decisions", reading, rb_heat_svg(a, &h));
}

void rb_report_classes(rb_page *p, const rb_past *run)
{
    int part = main_part(run);
    judged j = judge(p->arena, run, part);
    say_answer(p, &j, rb_results_parts[part]);
    rb_page_section(p, "Results");
    show_parts(p, run);
    show_classes(p, &j);
    show_confusion(p, &j);
}
