// SPDX-License-Identifier: Apache-2.0
// curves.c - ROC and precision-recall curves, as arrays to draw.
//
// Source: golden/metrics: roc_curve and precision_recall_curve of scikit-learn 1.2.1
#include "metric/cuts.h"

#include <math.h>

static double or_nan(int64_t count)
{
    return count ? (double)count : (double)NAN;
}

static rb_roc roc_new(rb_arena *a, int room)
{
    return (rb_roc){RB_NEW(a, double, room), RB_NEW(a, double, room), RB_NEW(a, double, room), 0};
}

static void roc_add(rb_roc *roc, const rb_cuts *cuts, const rb_cut *c)
{
    roc->threshold[roc->count] = c->threshold;
    roc->fpr[roc->count] = (double)c->fp / or_nan(cuts->negatives);
    roc->tpr[roc->count++] = (double)c->tp / or_nan(cuts->positives);
}

rb_roc rb_roc_curve(rb_arena *a, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(a, s);
    rb_roc roc = roc_new(a, cuts.count);
    for (int i = 0; i < cuts.count; i++) roc_add(&roc, &cuts, &cuts.at[i]);
    return roc;
}

// The same step again goes straight on.
static bool turns(const rb_cut *c)
{
    return c[1].tp - c->tp != c->tp - c[-1].tp || c[1].fp - c->fp != c->fp - c[-1].fp;
}

rb_roc rb_roc_corners(rb_arena *a, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(a, s);
    rb_roc roc = roc_new(a, cuts.count);
    for (int i = 0; i < cuts.count; i++)
        if (i < 2 || i == cuts.count - 1 || turns(&cuts.at[i])) roc_add(&roc, &cuts, &cuts.at[i]);
    return roc;
}

rb_roc rb_roc_thinned(rb_arena *a, rb_roc all, int most)
{
    if (all.count <= most) return all;
    rb_roc out = {RB_NEW(a, double, most), RB_NEW(a, double, most), RB_NEW(a, double, most), most};
    for (int i = 0; i < most; i++) {
        int at = most < 2 ? 0 : (int)((int64_t)i * (all.count - 1) / (most - 1));
        out.threshold[i] = all.threshold[at];
        out.fpr[i] = all.fpr[at];
        out.tpr[i] = all.tpr[at];
    }
    return out;
}

rb_pr rb_pr_curve(rb_arena *a, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(a, s);
    rb_pr pr = {RB_NEW(a, double, cuts.count), RB_NEW(a, double, cuts.count), RB_NEW(a, double, cuts.count), 0};
    for (const rb_cut *c = cuts.at + cuts.count - 1; c > cuts.at; c--) {
        pr.threshold[pr.count] = c->threshold;
        pr.precision[pr.count] = (double)c->tp / (double)(c->tp + c->fp);
        pr.recall[pr.count++] = (double)c->tp / or_nan(cuts.positives);
    }
    pr.threshold[pr.count] = INFINITY;
    pr.precision[pr.count] = 1;
    pr.recall[pr.count++] = 0;
    return pr;
}
