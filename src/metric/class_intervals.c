// SPDX-License-Identifier: Apache-2.0
// class_intervals.c - how far figures about K classes can be trusted.
#include "metric/taken.h"

#include <math.h>

typedef enum figure { HTER, ACCURACY, MACRO_PRECISION, MACRO_F1, MCC, ROC_AUC, FIGURES } figure;
static const char *const names[FIGURES] = {"hter",     "accuracy", "macro_precision",
                                           "macro_f1", "mcc",      "roc_auc_ovr_macro"};

static const char by_wilson[] = "wilson", by_bootstrap[] = "bootstrap", by_group[] = "bootstrap by group",
                  over_groups[] = "wilson over groups", by_each[] = "wilson, each recall",
                  each_by_group[] = "by group, each recall";

typedef struct weighable {
    int n, k;
    const int *unit;    // [n]
    const int *cell;    // [n] of the confusion matrix
    rb_weighable *rest; // [k] each class against the rest
} weighable;

static void weigh(const void *judged, const uint32_t *weight, double *out)
{
    const weighable *w = judged;
    rb_arena *scratch = rb_arena_open();
    int64_t *confusion = RB_NEW(scratch, int64_t, (ptrdiff_t)w->k * w->k);
    rb_class_rates *of = RB_NEW(scratch, rb_class_rates, w->k);
    for (int i = 0; i < w->n; i++) confusion[w->cell[i]] += weight[w->unit[i]];
    rb_class_decision d = rb_class_decision_of(scratch, confusion, w->k, of);
    out[HTER] = 1 - d.macro_recall;
    out[ACCURACY] = d.accuracy;
    out[MACRO_PRECISION] = d.macro_precision;
    out[MACRO_F1] = d.macro_f1;
    out[MCC] = d.mcc;
    out[ROC_AUC] = 0;
    for (int c = 0; c < w->k; c++) out[ROC_AUC] += rb_weigh_auc(&w->rest[c], weight, NULL) / w->k;
    rb_arena_close(scratch);
}

void rb_classes_ranked(rb_arena *a, rb_class_scores s, const rb_units *u, rb_weighable *out)
{
    rb_arena *scratch = rb_arena_open();
    for (int c = 0; c < s.k; c++, rb_arena_reset(scratch))
        out[c] = rb_ranks_of(a, rb_class_against_rest(scratch, s, c), INFINITY, u);
    rb_arena_close(scratch);
}

static weighable weighable_of(rb_arena *a, rb_class_scores s, const rb_units *u)
{
    int *cell = RB_NEW(a, int, s.n);
    weighable w = {s.n, s.k, u->of_row, cell, RB_NEW(a, rb_weighable, s.k)};
    for (int i = 0; i < s.n; i++) cell[i] = s.label[i] * s.k + rb_class_taken(s.p + (ptrdiff_t)i * s.k, s.k);
    rb_classes_ranked(a, s, u, w.rest);
    return w;
}

static bool is_class_one_sided(const rb_class_summary *m, int c)
{
    return rb_is_one_sided(m->confusion[c * m->k + c], m->of[c].rates.support);
}

static bool is_any_one_sided(const rb_class_summary *m)
{
    for (int c = 0; c < m->k; c++)
        if (is_class_one_sided(m, c)) return true;
    return false;
}

static rb_interval *recalls_of(rb_arena *a, rb_class_scores s, const rb_bootstrap *b)
{
    rb_interval *at = RB_NEW(a, rb_interval, s.k);
    int *taken = RB_NEW(a, int, s.n);
    for (int row = 0; row < s.n; row++) taken[row] = rb_class_taken(s.p + (ptrdiff_t)row * s.k, s.k);
    rb_recall_intervals(s.label, taken, s.n, s.k, b, at);
    return at;
}

static void add_recalls(rb_arena *a, rb_intervals *i, const rb_class_summary *m, const rb_interval *at, bool groups)
{
    for (int c = 0; c < m->k; c++)
        i->of[i->count++] = (rb_bounded){rb_text_format(a, "recall_%d", c), m->of[c].rates.recall, at[c],
                                         !groups                    ? by_wilson
                                         : is_class_one_sided(m, c) ? over_groups
                                                                    : by_group};
}

// False: resamples have to say it.
static bool add_accuracy(rb_intervals *i, rb_class_scores s, const rb_class_summary *m, const int *group)
{
    int64_t right = 0;
    for (int c = 0; c < m->k; c++) right += m->confusion[c * m->k + c];
    if (group && !rb_is_one_sided(right, m->n)) return false;
    i->of[i->count++] =
        (rb_bounded){names[ACCURACY], m->accuracy,
                     group ? rb_wilson_of_groups(right > 0, s.label, group, s.n, -1) : rb_wilson(right, m->n),
                     group ? over_groups : by_wilson};
    return true;
}

// The HTER is the mean of what each recall lacks.
static void add_hter(rb_intervals *i, const rb_class_summary *m, const rb_interval *recall, bool groups)
{
    rb_arena *scratch = rb_arena_open();
    double *miss = RB_NEW(scratch, double, m->k);
    rb_interval *at = RB_NEW(scratch, rb_interval, m->k);
    for (int c = 0; c < m->k; c++) {
        miss[c] = 1 - m->of[c].rates.recall;
        at[c] = (rb_interval){1 - recall[c].high, 1 - recall[c].low};
    }
    i->of[i->count++] =
        (rb_bounded){names[HTER], m->hter, rb_mean_interval(miss, at, m->k), groups ? each_by_group : by_each};
    rb_arena_close(scratch);
}

// Figures that have an interval already are passed over.
static void add_resampled(rb_intervals *i, rb_class_scores s, const rb_class_summary *m, const rb_bootstrap *b,
                          const bool *said)
{
    const double values[FIGURES] = {m->hter, m->accuracy, m->macro_precision, m->macro_f1, m->mcc, m->roc_auc};
    rb_interval at[FIGURES];
    rb_arena *scratch = rb_arena_open();
    rb_units u = rb_units_of(scratch, s.label, b->group, s.n, s.k);
    weighable w = weighable_of(scratch, s, &u);
    rb_resample(&u, b->resamples, weigh, &w, FIGURES, at);
    for (int f = 0; f < FIGURES; f++)
        if (!said[f]) i->of[i->count++] = (rb_bounded){names[f], values[f], at[f], b->group ? by_group : by_bootstrap};
    rb_arena_close(scratch);
}

rb_intervals rb_class_intervals_of(rb_arena *a, rb_class_scores s, const rb_class_summary *m, const rb_bootstrap *b)
{
    rb_intervals out = {.of = RB_NEW(a, rb_bounded, s.k + FIGURES), .resamples = b->resamples};
    if (b->group && !b->resamples) return out;
    rb_arena *scratch = rb_arena_open();
    const rb_interval *recall = recalls_of(scratch, s, b);
    bool groups = b->group, said[FIGURES] = {[HTER] = !b->resamples || is_any_one_sided(m)};
    add_recalls(a, &out, m, recall, groups);
    said[ACCURACY] = add_accuracy(&out, s, m, b->group);
    if (said[HTER]) add_hter(&out, m, recall, groups);
    if (b->resamples) add_resampled(&out, s, m, b, said);
    rb_arena_close(scratch);
    return out;
}
