// SPDX-License-Identifier: Apache-2.0
// weigh.c - every figure of a resample in one walk over rows that were sorted once.
#include "metric/resample.h"

#include "metric/bins.h"

#include <math.h>

const char *const rb_resampled_names[RB_RESAMPLED] = {
    "hter", "far",      "frr",   "accuracy", "precision", "recall", "f1", "mcc", "roc_auc", "average_precision",
    "eer",  "log_loss", "brier",
};

rb_weighable rb_weighable_of(rb_arena *a, rb_scores s, double threshold, const rb_units *u)
{
    const rb_ranked *r = rb_ranked_of(a, s);
    bool probabilities = !isnan(rb_brier(s));
    rb_weighable w = {.n = s.n,
                      .unit = RB_NEW(a, int, s.n),
                      .positive = RB_NEW(a, uint32_t, s.n),
                      .last = RB_NEW(a, bool, s.n),
                      .loss = RB_NEW(a, double, s.n),
                      .square = RB_NEW(a, double, s.n)};
    for (int i = 0; i < s.n; i++) {
        double p = r[i].score, miss = r[i].label ? 1 - p : p;
        w.above += p >= threshold;
        w.unit[i] = u->of_row[r[i].row];
        w.positive[i] = r[i].label ? UINT32_MAX : 0;
        w.last[i] = i + 1 == s.n || r[i + 1].score != p;
        w.loss[i] = probabilities ? rb_surprise(r[i].label, p) : (double)NAN;
        w.square[i] = probabilities ? miss * miss : (double)NAN;
    }
    return w;
}

// What has been seen so far of the walk. The counts of the resample's classes are known before it begins.
typedef struct walk {
    rb_cuts classes; // counts alone
    rb_cut now, tie; // here, and where the last run of equal scores ended
    int64_t twice_area;
    double precision, eer, loss, square;
} walk;

static void end_run(walk *k)
{
    const rb_cut *now = &k->now, *tie = &k->tie;
    k->twice_area += (now->fp - tie->fp) * (now->tp + tie->tp);
    if (now->tp > tie->tp) k->precision += (double)(now->tp - tie->tp) * (double)now->tp / (double)(now->tp + now->fp);
    if (isnan(k->eer) && rb_cut_balance(&k->classes, now) <= 0) k->eer = rb_eer_between(&k->classes, tie, now);
    k->tie = *now;
}

static void go(walk *k, const rb_weighable *w, const uint32_t *weight, int from, int to)
{
    for (int i = from; i < to; i++) {
        uint32_t times = weight[w->unit[i]];
        k->now.tp += times & w->positive[i];
        k->now.fp += times & ~w->positive[i];
        k->loss += times * w->loss[i];
        k->square += times * w->square[i];
        if (w->last[i]) end_run(k);
    }
}

static void count_classes(walk *k, const rb_weighable *w, const uint32_t *weight)
{
    for (int i = 0; i < w->n; i++) {
        k->classes.positives += weight[w->unit[i]] & w->positive[i];
        k->classes.negatives += weight[w->unit[i]] & ~w->positive[i];
    }
}

void rb_weigh(const void *judged, const uint32_t *weight, double *out)
{
    const rb_weighable *w = judged;
    walk k = {.eer = NAN};
    count_classes(&k, w, weight);
    double positives = (double)k.classes.positives, negatives = (double)k.classes.negatives, n = positives + negatives;
    go(&k, w, weight, 0, w->above);
    rb_cut at = k.now;
    go(&k, w, weight, w->above, w->n);

    rb_rates r = rb_rates_of(
        (rb_confusion){.tp = at.tp, .fp = at.fp, .tn = k.classes.negatives - at.fp, .fn = k.classes.positives - at.tp});
    const double figures[RB_RESAMPLED] = {[RB_HTER] = r.hter,
                                          [RB_FAR] = r.far,
                                          [RB_FRR] = r.frr,
                                          [RB_ACCURACY] = r.accuracy,
                                          [RB_PRECISION] = r.precision,
                                          [RB_RECALL] = r.recall,
                                          [RB_F1] = r.f1,
                                          [RB_MCC] = r.mcc,
                                          [RB_ROC_AUC] = (double)k.twice_area / 2 / (positives * negatives),
                                          [RB_AVERAGE_PRECISION] = k.precision / positives,
                                          [RB_EER] = k.eer,
                                          [RB_LOG_LOSS] = k.loss / n,
                                          [RB_BRIER] = k.square / n};
    for (int f = 0; f < RB_RESAMPLED; f++) out[f] = figures[f];
}

double rb_weigh_auc(const rb_weighable *w, const uint32_t *weight)
{
    rb_cut now = {0}, tie = {0};
    int64_t twice = 0;
    for (int i = 0; i < w->n; i++) {
        now.tp += weight[w->unit[i]] & w->positive[i];
        now.fp += weight[w->unit[i]] & ~w->positive[i];
        if (!w->last[i]) continue;
        twice += (now.fp - tie.fp) * (now.tp + tie.tp);
        tie = now;
    }
    return (double)twice / 2 / ((double)now.tp * (double)now.fp);
}
