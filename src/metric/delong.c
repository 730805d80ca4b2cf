// SPDX-License-Identifier: Apache-2.0
// delong.c - the variance of an area under the ROC curve, without resampling.
#include "metric/delong.h"

#include "metric/cuts.h"

#include <math.h>

// Runs of equal scores, from the highest: above one lie tp positives and fp negatives, in it are p and n.
rb_placements rb_placements_of(rb_arena *a, rb_scores s)
{
    const rb_ranked *r = rb_ranked_of(a, s);
    const rb_cuts cuts = rb_cuts_of(a, s);
    rb_placements out = {.at = RB_NEW(a, double, s.n), .positives = cuts.positives, .negatives = cuts.negatives};
    const rb_cut *c = cuts.at + 1;
    for (int i = 0; i < s.n; i++) {
        if (r[i].score != c->threshold) c++;
        double p = (double)(c->tp - c[-1].tp), n = (double)(c->fp - c[-1].fp);
        double below = (double)(cuts.negatives - c->fp), above = (double)c[-1].tp;
        out.at[r[i].row] =
            r[i].label ? (below + n / 2) / (double)cuts.negatives : (above + p / 2) / (double)cuts.positives;
    }
    out.auc = rb_cuts_roc_auc(&cuts);
    return out;
}

double rb_placements_covariance(const rb_placements *x, const rb_placements *y, const int *label, int n)
{
    double of[2] = {0, 0};
    if (x->positives < 2 || x->negatives < 2) return NAN;
    for (int i = 0; i < n; i++) of[label[i]] += (x->at[i] - x->auc) * (y->at[i] - y->auc);
    double positives = (double)x->positives, negatives = (double)x->negatives;
    return of[1] / (positives - 1) / positives + of[0] / (negatives - 1) / negatives;
}

rb_auc rb_delong(rb_arena *scratch, rb_scores s)
{
    rb_placements p = rb_placements_of(scratch, s);
    double variance = rb_placements_covariance(&p, &p, s.label, s.n);
    rb_interval at = rb_normal_interval(p.auc, variance);
    if (!isnan(variance)) at = (rb_interval){fmax(at.low, 0), fmin(at.high, 1)};
    return (rb_auc){p.auc, variance, at};
}
