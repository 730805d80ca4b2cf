// SPDX-License-Identifier: Apache-2.0
// report_results.c - how well the best weights of a run decide, or those of several runs beside each other.
#include "report/report.h"
#include "report/scores.h"

#include <math.h>

static const char brackets[] = "Brackets hold 95 % intervals.";

static rb_result result_of(const rb_past *run, int part, const char *name, int colour)
{
    const rb_part_results *r = &run->part[part];
    return (rb_result){.name = name, .colour = colour, .scores = r->scores, .threshold = r->threshold};
}

// ---- the table ----------------------------------------------------------------------------------------------------

// What runs and the parts of one have in common; then what there is room for.
enum { COMMON = 7, OF_PARTS = COMMON + 4, OF_RUNS = COMMON + 1 };

static void fill_row(rb_arena *a, const char *name, const rb_verdict *v, const char *cells[COMMON])
{
    const rb_summary *s = &v->summary;
    const rb_interval none = {NAN, NAN};
    cells[0] = name;
    cells[1] = rb_points_within(a, s->rates.hter, rb_verdict_at(v, "hter"));
    cells[2] = rb_points_within(a, s->rates.far, rb_verdict_at(v, "far"));
    cells[3] = rb_points_within(a, s->rates.frr, rb_verdict_at(v, "frr"));
    cells[4] = rb_within(a, s->roc_auc, rb_verdict_at(v, "roc_auc"));
    cells[5] = rb_points_within(a, s->eer, none);
    cells[6] = rb_text_format(a, "%d", s->n);
}

static void fill_head(const char *what, rb_column columns[COMMON])
{
    const char *const names[COMMON] = {what,      "HTER,\u00A0%", "FAR,\u00A0%", "FRR,\u00A0%",
                                       "ROC AUC", "EER,\u00A0%",  "pictures"};
    for (int i = 0; i < COMMON; i++) columns[i] = (rb_column){names[i], i > 0};
}

// ---- one run ------------------------------------------------------------------------------------------------------

static double hter_of(const rb_past *run, int part)
{
    return run->verdict[part].summary.n ? run->verdict[part].summary.rates.hter : (double)NAN;
}

// What the gap between the pictures that were learnt and those that were not says.
static const char *read_gap(rb_arena *a, const rb_past *run, int part)
{
    double learnt = hter_of(run, RB_PAST_TRAIN), unseen = hter_of(run, part), gap = unseen - learnt;
    if (isnan(gap) || part == RB_PAST_TRAIN) return NULL;
    const char *name = rb_results_parts[part];
    if (fabs(gap) < 0.005)
        return rb_text_format(a, "HTER on %s is within half a point of that on the training pictures.", name);
    return rb_text_format(a, "HTER on %s is %.1f points %s than on the training pictures.", name, 100 * fabs(gap),
                          gap > 0 ? "higher" : "lower");
}

static void show_parts(rb_page *p, const rb_past *run, int main)
{
    rb_arena *a = p->arena;
    const char *gap = read_gap(a, run, main);
    rb_column columns[OF_PARTS] = {[COMMON] = {rb_text_format(a, "class %s", run->classes[0]), true},
                                   {rb_text_format(a, "class %s", run->classes[1]), true},
                                   {"MCC", true},
                                   {"Brier", true}};
    fill_head("part", columns);
    rb_page_table(p, "All parts", gap ? rb_text_format(a, "%s %s", gap, brackets) : brackets, columns, OF_PARTS);
    for (int part = 0; part < RB_PAST_PARTS; part++) {
        const rb_summary *s = &run->verdict[part].summary;
        if (!s->n) continue;
        const char *cells[OF_PARTS] = {[COMMON] = rb_text_format(a, "%d", s->negatives),
                                       rb_text_format(a, "%d", s->positives),
                                       rb_text_format(a, "%.3f", s->rates.mcc),
                                       rb_text_format(a, "%.4f", s->brier)};
        fill_row(a, rb_results_parts[part], &run->verdict[part], cells);
        rb_page_row(p, cells);
    }
}

static void show_one(rb_page *p, const rb_past *run, int main)
{
    rb_result results[2] = {result_of(run, main, rb_results_parts[main], RB_RUN_COLOUR)};
    int count = 1;
    if (main != RB_PAST_VAL && run->part[RB_PAST_VAL].scores.n) {
        results[1] = result_of(run, RB_PAST_VAL, rb_results_parts[RB_PAST_VAL], RB_GREY_COLOUR);
        results[1].dashed = true;
        count = 2;
    }
    show_parts(p, run, main);
    rb_show_confusion(p, &results[0], run->classes);
    rb_show_histogram(p, &results[0], run->classes);
    rb_show_sweep(p, &results[0]);
    rb_show_roc(p, results, count);
    rb_show_det(p, results, count);
    rb_show_precision_recall(p, results, count, run->classes);
    rb_show_coverage(p, &results[0]);
    rb_show_reliability(p, &results[0], rb_past_calibration(run));
}

// ---- several runs -------------------------------------------------------------------------------------------------

static void show_runs(rb_page *p, const rb_past *runs, int count)
{
    rb_column columns[OF_RUNS] = {[COMMON] = {"folder", false}};
    fill_head("run", columns);
    rb_page_table(p, "All runs", brackets, columns, OF_RUNS);
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        const char *cells[OF_RUNS] = {runs[i].short_name, [COMMON] = runs[i].name};
        if (part >= 0) fill_row(p->arena, runs[i].short_name, &runs[i].verdict[part], cells);
        rb_page_row(p, cells);
    }
}

static void show_several(rb_page *p, const rb_past *runs, int count)
{
    rb_result *results = RB_NEW(p->arena, rb_result, count);
    int judged = 0;
    show_runs(p, runs, count);
    rb_report_comparison(p, runs, count);
    rb_report_differences(p, runs, count);
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        if (part >= 0) results[judged++] = result_of(&runs[i], part, runs[i].short_name, RB_RUN_COLOUR + i);
    }
    if (!judged) return;
    rb_show_roc(p, results, judged);
    rb_show_det(p, results, judged);
    rb_show_precision_recall(p, results, judged, rb_report_names(runs, count));
    rb_show_hter_sweep(p, results, judged);
    for (int i = 0; i < judged; i++) rb_show_confusion(p, &results[i], rb_report_names(runs, count));
}

void rb_report_results(rb_page *p, const rb_past *runs, int count)
{
    int main = rb_past_main_part(&runs[0]);
    if (count == 1 && main < 0) return;
    rb_page_section(p, "Results");
    if (runs[0].class_count > 2)
        rb_report_class_results(p, runs, count);
    else if (count == 1)
        show_one(p, runs, main);
    else
        show_several(p, runs, count);
}
