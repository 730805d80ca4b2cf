// SPDX-License-Identifier: Apache-2.0
// ranking.c - numbers that depend on the order of the scores alone.
//
// Source: Fawcett, "An introduction to ROC analysis", 2006; average precision as scikit-learn defines it; Davis and
//         Goadrich, "The relationship between precision-recall and ROC curves", 2006, on the trapezoids
#include "metric/cuts.h"

#include <math.h>

// The trapezoids under (fp, tp) sum to twice the area in units of P*N; ties make a slope, which counts half.
double rb_cuts_roc_auc(const rb_cuts *cuts)
{
    if (rb_cuts_lack_class(cuts)) return NAN;

    int64_t twice = 0;
    for (const rb_cut *c = cuts->at + 1; c < cuts->at + cuts->count; c++)
        twice += (c->fp - c[-1].fp) * (c->tp + c[-1].tp);
    return (double)twice / 2 / ((double)cuts->positives * (double)cuts->negatives);
}

static double precision_of(const rb_cut *c)
{
    return c->tp + c->fp ? (double)c->tp / (double)(c->tp + c->fp) : 1;
}

// sum (R_n - R_{n-1}) P_n with R = tp/P and P_n = tp/(tp + fp)
double rb_cuts_average_precision(const rb_cuts *cuts)
{
    if (!cuts->positives) return NAN;

    double sum = 0;
    for (const rb_cut *c = cuts->at + 1; c < cuts->at + cuts->count; c++)
        sum += (double)(c->tp - c[-1].tp) * (double)c->tp / (double)(c->tp + c->fp);
    return sum / (double)cuts->positives;
}

// sum (R_n - R_{n-1}) (P_n + P_{n-1}) / 2
double rb_cuts_pr_auc(const rb_cuts *cuts)
{
    if (!cuts->positives) return NAN;

    double sum = 0;
    for (const rb_cut *c = cuts->at + 1; c < cuts->at + cuts->count; c++)
        sum += (double)(c->tp - c[-1].tp) * (precision_of(c) + precision_of(c - 1)) / 2;
    return sum / (double)cuts->positives;
}

double rb_eer_between(const rb_cuts *cuts, const rb_cut *before, const rb_cut *after)
{
    double from = (double)rb_cut_balance(cuts, before), to = (double)rb_cut_balance(cuts, after);
    return ((double)before->fp + from / (from - to) * (double)(after->fp - before->fp)) / (double)cuts->negatives;
}

double rb_cuts_eer(const rb_cuts *cuts)
{
    if (rb_cuts_lack_class(cuts)) return NAN;

    const rb_cut *c = cuts->at + 1;
    while (rb_cut_balance(cuts, c) > 0) c++;
    return rb_eer_between(cuts, c - 1, c);
}

// Quotients and not products are compared: 3 of 300 are at most .01.
const rb_cut *rb_cuts_at_far(const rb_cuts *cuts, double far)
{
    const rb_cut *c = cuts->at + cuts->count - 1;
    while (c > cuts->at && (double)c->fp / (double)cuts->negatives > far) c--;
    return c;
}

double rb_cuts_frr_at_far(const rb_cuts *cuts, double far)
{
    if (rb_cuts_lack_class(cuts)) return NAN;
    return (double)(cuts->positives - rb_cuts_at_far(cuts, far)->tp) / (double)cuts->positives;
}

double rb_roc_auc(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    return rb_cuts_roc_auc(&cuts);
}

double rb_average_precision(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    return rb_cuts_average_precision(&cuts);
}

double rb_pr_auc(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    return rb_cuts_pr_auc(&cuts);
}

double rb_eer(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    return rb_cuts_eer(&cuts);
}

double rb_frr_at_far(rb_arena *scratch, rb_scores s, double far)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    return rb_cuts_frr_at_far(&cuts, far);
}
