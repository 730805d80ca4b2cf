// SPDX-License-Identifier: Apache-2.0
// report_classes.c - what runs of more than two classes are worth: the answer, macro figures of each part or run,
// figures of each class, curves, and how sure decisions are.
#include "report/report.h"

#include "report/scores.h"

#include <math.h>

static const char brackets[] = "Brackets hold 95 % intervals.";

static rb_class_result result_of(const rb_past *run, int part, const char *name, int colour)
{
    return (rb_class_result){.name = name,
                             .colour = colour,
                             .scores = run->part[part].many,
                             .summary = &run->verdict[part].many,
                             .classes = run->classes};
}

static rb_interval recall_at(rb_arena *a, const rb_verdict *v, int class)
{
    return rb_verdict_at(v, rb_text_format(a, "recall_%d", class));
}

// ---- the answer ---------------------------------------------------------------------------------------------------

void rb_report_class_facts(rb_page *p, const rb_past *run, const rb_verdict *v)
{
    rb_arena *a = p->arena;
    const rb_class_summary *s = &v->many;
    const json_t *best = rb_past_best(run);
    const rb_fact facts[] = {
        {"HTER", rb_percent(a, s->hter),
         rb_points_before(a, rb_verdict_at(v, "hter"), "1 − mean recall of the classes")},
        {"Accuracy", rb_percent(a, s->accuracy),
         rb_points_before(a, rb_verdict_at(v, "accuracy"), "share of all pictures")},
        {"Macro F1", rb_text_format(a, "%.4f", s->macro_f1),
         rb_interval_before(a, rb_verdict_at(v, "macro_f1"), "every class counts alike")},
        {"ROC AUC", isnan(s->roc_auc) ? "–" : rb_text_format(a, "%.4f", s->roc_auc),
         rb_interval_before(a, rb_verdict_at(v, "roc_auc_ovr_macro"), "mean, each class against the rest")},
        {"Classes", rb_text_format(a, "%d", s->k), "the most probable one is taken"},
        {"Best epoch",
         best ? rb_text_format(a, "%d of %d", rb_past_integer(best, "epoch") + 1, run->log.epoch.count) : "–",
         rb_report_ending(a, run)},
    };
    rb_page_facts(p, facts, sizeof facts / sizeof *facts);
}

// ---- tables -------------------------------------------------------------------------------------------------------

enum { FIGURES = 7, OF_RUNS = FIGURES + 1 };

static void fill_head(const char *what, rb_column columns[FIGURES])
{
    const char *const names[FIGURES] = {what,      "HTER,\u00A0%", "accuracy,\u00A0%", "macro F1",
                                        "ROC AUC", "MCC",          "pictures"};
    for (int i = 0; i < FIGURES; i++) columns[i] = (rb_column){names[i], i > 0};
}

static void fill_row(rb_arena *a, const char *name, const rb_verdict *v, const char *cells[FIGURES])
{
    const rb_class_summary *s = &v->many;
    cells[0] = name;
    cells[1] = rb_points_within(a, s->hter, rb_verdict_at(v, "hter"));
    cells[2] = rb_points_within(a, s->accuracy, rb_verdict_at(v, "accuracy"));
    cells[3] = rb_within(a, s->macro_f1, rb_verdict_at(v, "macro_f1"));
    cells[4] = rb_within(a, s->roc_auc, rb_verdict_at(v, "roc_auc_ovr_macro"));
    cells[5] = rb_text_format(a, "%.3f", s->mcc);
    cells[6] = rb_text_format(a, "%d", s->n);
}

static void show_parts(rb_page *p, const rb_past *run)
{
    rb_column columns[FIGURES];
    fill_head("part", columns);
    rb_page_table(p, "All parts", brackets, columns, FIGURES);
    for (int part = 0; part < RB_PAST_PARTS; part++) {
        const char *cells[FIGURES];
        if (!run->verdict[part].many.n) continue;
        fill_row(p->arena, rb_results_parts[part], &run->verdict[part], cells);
        rb_page_row(p, cells);
    }
}

// NAN is of a class without pictures.
static const char *read_least_found(rb_arena *a, const rb_past *run, const rb_class_summary *s)
{
    int worst = -1;
    for (int k = 0; k < s->k; k++)
        if (!isnan(s->of[k].rates.recall) && (worst < 0 || s->of[k].rates.recall < s->of[worst].rates.recall))
            worst = k;
    return rb_text_format(a, "Class %s is found least often: %s of its pictures. %s", run->classes[worst],
                          rb_percent(a, s->of[worst].rates.recall), brackets);
}

static void show_classes(rb_page *p, const rb_past *run, const rb_verdict *v)
{
    rb_arena *a = p->arena;
    static const rb_column columns[] = {{"class", false},  {"recall,\u00A0%", true}, {"precision,\u00A0%", true},
                                        {"F1", true},      {"ROC AUC", true},        {"average precision", true},
                                        {"pictures", true}};
    rb_page_table(p, "Each class", read_least_found(a, run, &v->many), columns, sizeof columns / sizeof *columns);
    for (int k = 0; k < v->many.k; k++) {
        const rb_interval none = {NAN, NAN};
        const rb_class_figures *c = &v->many.of[k];
        const char *cells[] = {run->classes[k],
                               rb_points_within(a, c->rates.recall, recall_at(a, v, k)),
                               rb_text_format(a, "%.1f", 100 * c->rates.precision),
                               rb_text_format(a, "%.3f", c->rates.f1),
                               rb_within(a, c->roc_auc, none),
                               rb_within(a, c->average_precision, none),
                               rb_text_format(a, "%lld", (long long)c->rates.support)};
        rb_page_row(p, cells);
    }
}

// ---- one run ------------------------------------------------------------------------------------------------------

static void show_one(rb_page *p, const rb_past *run, int part)
{
    rb_class_result r = result_of(run, part, NULL, RB_RUN_COLOUR);
    show_parts(p, run);
    show_classes(p, run, &run->verdict[part]);
    rb_show_class_confusion(p, &r);
    rb_show_class_histogram(p, &r);
    rb_show_class_roc(p, &r, 1);
    rb_show_class_precision(p, &r, 1);
    rb_show_class_coverage(p, &r);
    rb_show_class_reliability(p, &r, rb_past_calibration(run));
}

// ---- several runs -------------------------------------------------------------------------------------------------

static void show_runs(rb_page *p, const rb_past *runs, int count)
{
    rb_column columns[OF_RUNS] = {[FIGURES] = {"folder", false}};
    fill_head("run", columns);
    rb_page_table(p, "All runs", brackets, columns, OF_RUNS);
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        const char *cells[OF_RUNS] = {runs[i].short_name, [FIGURES] = runs[i].name};
        if (part >= 0) fill_row(p->arena, runs[i].short_name, &runs[i].verdict[part], cells);
        rb_page_row(p, cells);
    }
}

// The recall of each class, a column a run.
static void show_recalls(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    rb_column *columns = RB_NEW(a, rb_column, count + 1);
    const char **cells = RB_NEW(a, const char *, count + 1);
    columns[0] = (rb_column){"class", false};
    for (int i = 0; i < count; i++) columns[i + 1] = (rb_column){runs[i].short_name, true};
    rb_page_table(p, "Recall of each class, %", brackets, columns, count + 1);
    for (int k = 0; k < runs[0].class_count; k++) {
        cells[0] = rb_report_names(runs, count)[k];
        for (int i = 0; i < count; i++) {
            int part = rb_past_main_part(&runs[i]);
            const rb_verdict *v = part < 0 ? NULL : &runs[i].verdict[part];
            cells[i + 1] = v ? rb_points_within(a, v->many.of[k].rates.recall, recall_at(a, v, k)) : NULL;
        }
        rb_page_row(p, cells);
    }
}

static void show_several(rb_page *p, const rb_past *runs, int count)
{
    rb_class_result *results = RB_NEW(p->arena, rb_class_result, count);
    int judged = 0;
    show_runs(p, runs, count);
    rb_report_comparison(p, runs, count);
    rb_report_differences(p, runs, count);
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        if (part >= 0) results[judged++] = result_of(&runs[i], part, runs[i].short_name, RB_RUN_COLOUR + i);
    }
    if (!judged) return;
    show_recalls(p, runs, count);
    rb_show_class_roc(p, results, judged);
    rb_show_class_precision(p, results, judged);
    for (int i = 0; i < judged; i++) rb_show_class_confusion(p, &results[i]);
}

void rb_report_class_results(rb_page *p, const rb_past *runs, int count)
{
    if (count == 1)
        show_one(p, runs, rb_past_main_part(runs));
    else
        show_several(p, runs, count);
}
