// SPDX-License-Identifier: Apache-2.0
// report_results.c - how well the best weights of a run decide, or those of several runs beside each other.
#include "report/report.h"
#include "report/scores.h"

#include <math.h>

enum { COLUMNS = 11 };

static rb_result result_of(const rb_past *run, int part, const char *name, int colour)
{
    const rb_part_results *r = &run->part[part];
    return (rb_result){.name = name, .colour = colour, .scores = r->scores, .threshold = r->threshold};
}

// ---- the table
// -------------------------------------------------------------------------------------------------------

static void put_row(rb_page *p, const char *name, const rb_part_results *r)
{
    rb_arena *a = p->arena;
    rb_summary s = rb_summarise(a, r->scores, r->threshold);
    const char *cells[COLUMNS] = {name,
                                  rb_text_format(a, "%d", s.n),
                                  rb_text_format(a, "%d", s.negatives),
                                  rb_text_format(a, "%d", s.positives),
                                  rb_percent(a, s.rates.hter),
                                  rb_percent_within(a, s.rates.far, s.far_interval),
                                  rb_percent_within(a, s.rates.frr, s.frr_interval),
                                  rb_text_format(a, "%.4f", s.roc_auc),
                                  rb_percent(a, s.eer),
                                  rb_text_format(a, "%.3f", s.rates.mcc),
                                  rb_text_format(a, "%.4f", s.brier)};
    rb_page_row(p, cells);
}

static void begin_table(rb_page *p, const char *title, const char *reading, const char *what,
                        const char *const classes[2])
{
    rb_arena *a = p->arena;
    const rb_column columns[COLUMNS] = {{what, false},
                                        {"pictures", true},
                                        {rb_text_format(a, "class %s", classes[0]), true},
                                        {rb_text_format(a, "class %s", classes[1]), true},
                                        {"HTER", true},
                                        {"FAR [95 %]", true},
                                        {"FRR [95 %]", true},
                                        {"ROC AUC", true},
                                        {"EER", true},
                                        {"MCC", true},
                                        {"Brier", true}};
    rb_page_table(p, title, reading, columns, COLUMNS);
}

// ---- one run
// -----------------------------------------------------------------------------------------------------------

static double hter_of(const rb_past *run, int part)
{
    const rb_part_results *r = &run->part[part];
    return r->scores.n ? rb_rates_of(rb_confusion_at(r->scores, r->threshold)).hter : (double)NAN;
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
    begin_table(p, "All parts", read_gap(p->arena, run, main), "part", run->classes);
    for (int part = 0; part < RB_PAST_PARTS; part++)
        if (run->part[part].scores.n) put_row(p, rb_results_parts[part], &run->part[part]);
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
    double shift = rb_past_number(run->log.run, "logit_shift");
    show_parts(p, run, main);
    rb_show_confusion(p, &results[0], run->classes);
    rb_show_histogram(p, &results[0], run->classes);
    rb_show_sweep(p, &results[0]);
    rb_show_roc(p, results, count);
    rb_show_det(p, results, count);
    rb_show_precision_recall(p, results, count, run->classes);
    rb_show_reliability(p, &results[0], isnan(shift) ? 0 : shift);
}

// ---- several runs
// ------------------------------------------------------------------------------------------------------

static void show_several(rb_page *p, const rb_past *runs, int count)
{
    rb_result *results = RB_NEW(p->arena, rb_result, count);
    int judged = 0;
    const char *const *classes = runs[0].classes;
    begin_table(p, "Runs, each on its own test part", NULL, "run", classes);
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        if (part < 0) continue;
        put_row(p, rb_report_name(&runs[i]), &runs[i].part[part]);
        results[judged++] = result_of(&runs[i], part, rb_report_name(&runs[i]), RB_RUN_COLOUR + i);
    }
    if (!judged) return;
    for (int i = 0; i < judged; i++) rb_show_confusion(p, &results[i], classes);
    rb_show_roc(p, results, judged);
    rb_show_det(p, results, judged);
    rb_show_precision_recall(p, results, judged, classes);
    rb_show_hter_sweep(p, results, judged);
}

void rb_report_results(rb_page *p, const rb_past *runs, int count)
{
    int main = rb_past_main_part(&runs[0]);
    if (count == 1 && main < 0) return;
    rb_page_section(p, "Results");
    if (count == 1)
        show_one(p, runs, main);
    else
        show_several(p, runs, count);
}
