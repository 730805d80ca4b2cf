// SPDX-License-Identifier: Apache-2.0
// weigh.c - every figure of a resample in one walk over rows that were sorted once.
#include "metric/resample.h"

#include "metric/bins.h"

#include <math.h>

const char *const rb_resampled_names[RB_RESAMPLED] = {
    "hter", "far",      "frr",   "accuracy", "precision", "recall", "f1", "mcc", "roc_auc", "average_precision",
    "eer",  "log_loss", "brier",
};

static rb_weighable ranks_of(rb_arena *a, const rb_ranked *r, int n, double threshold, const rb_units *u)
{
    rb_weighable w = {
        .n = n, .unit = RB_NEW(a, int, n), .positive = RB_NEW(a, uint32_t, n), .last = RB_NEW(a, bool, n)};
    for (int i = 0; i < n; i++) {
        w.above += r[i].score >= threshold;
        w.unit[i] = u->of_row[r[i].row];
        w.positive[i] = r[i].label ? UINT32_MAX : 0;
        w.last[i] = i + 1 == n || r[i + 1].score != r[i].score;
    }
    return w;
}

rb_weighable rb_ranks_of(rb_arena *a, rb_scores s, double threshold, const rb_units *u)
{
    rb_arena *scratch = rb_arena_open();
    rb_weighable w = ranks_of(a, rb_ranked_of(scratch, s), s.n, threshold, u);
    rb_arena_close(scratch);
    return w;
}

rb_weighable rb_weighable_of(rb_arena *a, rb_scores s, double threshold, const rb_units *u)
{
    rb_arena *scratch = rb_arena_open();
    const rb_ranked *r = rb_ranked_of(scratch, s);
    rb_weighable w = ranks_of(a, r, s.n, threshold, u);
    bool probabilities = !isnan(rb_brier(s));
    w.loss = RB_NEW(a, double, s.n);
    w.square = RB_NEW(a, double, s.n);
    for (int i = 0; i < s.n; i++) {
        double p = r[i].score, miss = r[i].label ? 1 - p : p;
        w.loss[i] = probabilities ? rb_surprise(r[i].label, p) : (double)NAN;
        w.square[i] = probabilities ? miss * miss : (double)NAN;
    }
    rb_arena_close(scratch);
    return w;
}

// What has been seen so far of the walk. The counts of the resample's classes are known before it begins.
typedef struct walk {
    rb_cuts classes; // counts alone
    rb_cut now, run; // here, and where the last run of equal scores ended
    int64_t twice_area;
    double precision, eer, loss, square;
} walk;

static bool found_eer(walk *k, rb_cut before, rb_cut after)
{
    if (rb_cut_balance(&k->classes, &after) > 0) return false;
    k->eer = rb_eer_between(&k->classes, &before, &after);
    return true;
}

// The hottest loop of all: its sums are plain variables, which stay in registers, and no branch depends on what was
// drawn, for none could be foreseen.
static void go(walk *k, const rb_weighable *w, const uint32_t *weight, int from, int to)
{
    int64_t all = k->now.tp + k->now.fp, tp = k->now.tp, twice_area = k->twice_area;
    int64_t run_tp = k->run.tp, run_all = run_tp + k->run.fp;
    double precision = k->precision, loss = k->loss, square = k->square;
    bool seeking = isnan(k->eer);
    for (int i = from; i < to; i++) {
        uint32_t times = weight[w->unit[i]];
        all += times;
        tp += times & w->positive[i];
        loss += times * w->loss[i];
        square += times * w->square[i];
        if (!w->last[i]) continue;

        int64_t hits = tp - run_tp;
        twice_area += (all - run_all - hits) * (tp + run_tp);
        precision += (double)(hits * tp) / (double)(all + !all);
        if (seeking) seeking = !found_eer(k, (rb_cut){0, run_tp, run_all - run_tp}, (rb_cut){0, tp, all - tp});
        run_tp = tp;
        run_all = all;
    }
    k->now = (rb_cut){0, tp, all - tp};
    k->run = (rb_cut){0, run_tp, run_all - run_tp};
    k->twice_area = twice_area;
    k->precision = precision;
    k->loss = loss;
    k->square = square;
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

static rb_confusion decide(const rb_weighable *w, const uint32_t *weight, int64_t positives, int64_t negatives)
{
    rb_confusion c = {0};
    for (int i = 0; i < w->above; i++) {
        c.tp += weight[w->unit[i]] & w->positive[i];
        c.fp += weight[w->unit[i]] & ~w->positive[i];
    }
    c.fn = positives - c.tp;
    c.tn = negatives - c.fp;
    return c;
}

double rb_weigh_auc(const rb_weighable *w, const uint32_t *weight, rb_confusion *at)
{
    int64_t all = 0, tp = 0, run_tp = 0, run_all = 0, twice = 0;
    for (int i = 0; i < w->n; i++) {
        uint32_t times = weight[w->unit[i]];
        all += times;
        tp += times & w->positive[i];
        if (!w->last[i]) continue;
        twice += (all - run_all - (tp - run_tp)) * (tp + run_tp);
        run_tp = tp;
        run_all = all;
    }
    if (at) *at = decide(w, weight, tp, all - tp);
    return (double)twice / 2 / ((double)tp * (double)(all - tp));
}
