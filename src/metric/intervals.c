// SPDX-License-Identifier: Apache-2.0
// intervals.c - which figure gets which interval.
#include "metric/resample.h"

#include <string.h>

static const char by_wilson[] = "wilson", by_both[] = "wilson, both rates", by_delong[] = "delong",
                  by_bootstrap[] = "bootstrap", by_group[] = "bootstrap by group", over_groups[] = "wilson over groups",
                  both_by_group[] = "by group, both rates";

static void add(rb_intervals *i, const char *figure, double value, rb_interval at, const char *method)
{
    i->of[i->count++] = (rb_bounded){figure, value, at, method};
}

// Those that take pictures for independent.
static void add_formulas(rb_intervals *i, rb_arena *scratch, rb_scores s, const rb_confusion *c)
{
    rb_rates r = rb_rates_of(*c);
    rb_auc auc = rb_delong(scratch, s);
    add(i, "far", r.far, rb_wilson(c->fp, c->fp + c->tn), by_wilson);
    add(i, "frr", r.frr, rb_wilson(c->fn, c->fn + c->tp), by_wilson);
    add(i, "accuracy", r.accuracy, rb_wilson(c->tp + c->tn, s.n), by_wilson);
    add(i, "recall", r.recall, rb_wilson(c->tp, c->tp + c->fn), by_wilson);
    add(i, "roc_auc", auc.auc, auc.at, by_delong);
}

static bool is_any_one_sided(const rb_confusion *c)
{
    return rb_is_one_sided(c->fp, c->fp + c->tn) || rb_is_one_sided(c->fn, c->fn + c->tp);
}

static void add_hter(rb_intervals *i, const rb_confusion *c, const rb_interval *resampled)
{
    rb_rates r = rb_rates_of(*c);
    const double rates[] = {r.far, r.frr};
    const rb_interval of[] = {rb_wilson(c->fp, c->fp + c->tn), rb_wilson(c->fn, c->fn + c->tp)};
    if (resampled && !is_any_one_sided(c))
        add(i, "hter", r.hter, *resampled, by_bootstrap);
    else
        add(i, "hter", r.hter, rb_mean_interval(rates, of, 2), by_both);
}

// Without groups.
static const bool has_formula[RB_RESAMPLED] = {
    [RB_HTER] = true, [RB_FAR] = true, [RB_FRR] = true, [RB_ACCURACY] = true, [RB_RECALL] = true};

static void values_of(rb_arena *scratch, rb_scores s, double threshold, double *out)
{
    rb_summary m = rb_summarise(scratch, s, threshold);
    const double values[RB_RESAMPLED] = {
        m.rates.hter,   m.rates.far, m.rates.frr, m.rates.accuracy, m.rates.precision,
        m.rates.recall, m.rates.f1,  m.rates.mcc, m.roc_auc,        m.average_precision,
        m.eer,          m.log_loss,  m.brier};
    for (int f = 0; f < RB_RESAMPLED; f++) out[f] = values[f];
}

static void resample(rb_arena *scratch, rb_scores s, double threshold, const rb_bootstrap *b, rb_interval *out)
{
    rb_units u = rb_units_of(scratch, s.label, b->group, s.n, 2);
    rb_weighable w = rb_weighable_of(scratch, s, threshold, &u);
    rb_resample(&u, b->resamples, rb_weigh, &w, RB_RESAMPLED, out);
}

static void add_resampled(rb_intervals *i, const double *values, const rb_interval *at)
{
    for (int f = 0; f < RB_RESAMPLED; f++)
        if (!has_formula[f])
            add(i, f == RB_ROC_AUC ? "roc_auc_bootstrap" : rb_resampled_names[f], values[f], at[f], by_bootstrap);
}

static void add_grouped(rb_intervals *i, rb_scores s, const rb_confusion *c, const int *group, const double *values,
                        rb_interval *at)
{
    const struct {
        rb_resampled figure;
        int64_t errors, n;
        int label; // -1: of both
        bool hits; // 1 less the rate of errors
    } rates[] = {{RB_FAR, c->fp, c->fp + c->tn, 0, false},
                 {RB_FRR, c->fn, c->fn + c->tp, 1, false},
                 {RB_RECALL, c->fn, c->fn + c->tp, 1, true},
                 {RB_ACCURACY, c->fp + c->fn, s.n, -1, true}};
    const char *method[RB_RESAMPLED];
    for (int f = 0; f < RB_RESAMPLED; f++) method[f] = by_group;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        if (!rb_is_one_sided(rates[r].errors, rates[r].n)) continue;
        at[rates[r].figure] =
            rb_wilson_of_groups((rates[r].errors > 0) != rates[r].hits, s.label, group, s.n, rates[r].label);
        method[rates[r].figure] = over_groups;
    }
    if (is_any_one_sided(c)) {
        at[RB_HTER] = rb_mean_interval((const double[]){values[RB_FAR], values[RB_FRR]},
                                       (const rb_interval[]){at[RB_FAR], at[RB_FRR]}, 2);
        method[RB_HTER] = both_by_group;
    }
    for (int f = 0; f < RB_RESAMPLED; f++) add(i, rb_resampled_names[f], values[f], at[f], method[f]);
}

rb_intervals rb_intervals_of(rb_arena *a, rb_scores s, double threshold, const rb_bootstrap *b)
{
    rb_confusion c = rb_confusion_at(s, threshold);
    rb_intervals i = {.of = RB_NEW(a, rb_bounded, RB_RESAMPLED + 6), .resamples = b->resamples};
    if (!(c.tp + c.fn) || !(c.tn + c.fp) || (b->group && !b->resamples)) return i;

    rb_arena *scratch = rb_arena_open();
    double values[RB_RESAMPLED];
    rb_interval resampled[RB_RESAMPLED];
    values_of(scratch, s, threshold, values);
    if (b->resamples) resample(scratch, s, threshold, b, resampled);
    if (b->group) {
        add_grouped(&i, s, &c, b->group, values, resampled);
    } else {
        add_hter(&i, &c, b->resamples ? &resampled[RB_HTER] : NULL);
        add_formulas(&i, scratch, s, &c);
        if (b->resamples) add_resampled(&i, values, resampled);
    }
    rb_arena_close(scratch);
    return i;
}

const rb_bounded *rb_intervals_find(const rb_intervals *i, const char *figure)
{
    for (const rb_bounded *b = i->of; b < i->of + i->count; b++)
        if (!strcmp(b->figure, figure)) return b;
    return NULL;
}

void rb_intervals_to_json(rb_json *j, const char *key, const rb_intervals *i)
{
    rb_json_open(j, key, '{');
    for (const rb_bounded *b = i->of; b < i->of + i->count; b++) {
        rb_json_open(j, b->figure, '{');
        rb_json_real(j, "value", b->value);
        rb_json_real(j, "low", b->at.low);
        rb_json_real(j, "high", b->at.high);
        rb_json_string(j, "method", b->method);
        rb_json_close(j);
    }
    rb_json_close(j);
}
