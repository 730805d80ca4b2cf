// SPDX-License-Identifier: Apache-2.0
// ranking.c - numbers and curves that depend on the order of the scores alone.
//
// Source: Fawcett, "An introduction to ROC analysis", 2006; average precision as scikit-learn defines it
#include "metric/cuts.h"

#include <math.h>

// The trapezoids under (fp, tp) sum to twice the area in units of P*N; ties make a slope, which counts half.
double rb_roc_auc(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    if (rb_cuts_lack_class(&cuts)) return NAN;

    int64_t twice = 0;
    for (const rb_cut *c = cuts.at + 1; c < cuts.at + cuts.count; c++) twice += (c->fp - c[-1].fp) * (c->tp + c[-1].tp);
    return (double)twice / 2 / ((double)cuts.positives * (double)cuts.negatives);
}

// sum (R_n - R_{n-1}) P_n with R = tp/P and P_n = tp/(tp + fp)
double rb_average_precision(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    if (!cuts.positives) return NAN;

    double sum = 0;
    for (const rb_cut *c = cuts.at + 1; c < cuts.at + cuts.count; c++)
        sum += (double)(c->tp - c[-1].tp) * (double)c->tp / (double)(c->tp + c->fp);
    return sum / (double)cuts.positives;
}

// FNR - FPR in units of 1/(P*N): falls from P*N at the first cut to -P*N at the last.
static int64_t imbalance(const rb_cuts *cuts, const rb_cut *c)
{
    return (cuts->positives - c->tp) * cuts->negatives - c->fp * cuts->positives;
}

double rb_eer(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    if (rb_cuts_lack_class(&cuts)) return NAN;

    const rb_cut *c = cuts.at + 1;
    while (imbalance(&cuts, c) > 0) c++;
    double before = (double)imbalance(&cuts, c - 1), after = (double)imbalance(&cuts, c);
    double along = before / (before - after);
    return ((double)c[-1].fp + along * (double)(c->fp - c[-1].fp)) / (double)cuts.negatives;
}

rb_roc rb_roc_curve(rb_arena *a, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(a, s);
    double positives = cuts.positives ? (double)cuts.positives : NAN;
    double negatives = cuts.negatives ? (double)cuts.negatives : NAN;
    rb_roc roc = {.threshold = RB_NEW(a, double, cuts.count),
                  .fpr = RB_NEW(a, double, cuts.count),
                  .tpr = RB_NEW(a, double, cuts.count),
                  .count = cuts.count};
    for (int i = 0; i < cuts.count; i++) {
        roc.threshold[i] = cuts.at[i].threshold;
        roc.fpr[i] = (double)cuts.at[i].fp / negatives;
        roc.tpr[i] = (double)cuts.at[i].tp / positives;
    }
    return roc;
}
