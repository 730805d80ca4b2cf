// SPDX-License-Identifier: Apache-2.0
// probability.c - how good scores are as probabilities of label 1.
//
// Source: Brier, "Verification of forecasts expressed in terms of probability", 1950; clipping as scikit-learn 1.2
#include "metric/bins.h"

#include <float.h>
#include <math.h>

static bool are_probabilities(rb_scores s)
{
    for (int i = 0; i < s.n; i++)
        if (!(s.score[i] >= 0 && s.score[i] <= 1)) return false;
    return s.n > 0;
}

double rb_surprise(int label, double p)
{
    p = fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON);
    return -(label ? log(p) : log1p(-p));
}

double rb_log_loss(rb_scores s)
{
    double sum = 0;
    if (!are_probabilities(s)) return NAN;
    for (int i = 0; i < s.n; i++) sum += rb_surprise(s.label[i], s.score[i]);
    return sum / s.n;
}

double rb_brier(rb_scores s)
{
    double sum = 0;
    if (!are_probabilities(s)) return NAN;
    for (int i = 0; i < s.n; i++) sum += (s.score[i] - s.label[i]) * (s.score[i] - s.label[i]);
    return sum / s.n;
}

// The bin b with b/B < said <= (b+1)/B; 0 is in the first. The product may be off by a rounding at an edge.
static int bin_of(double said)
{
    int b = (int)(said * RB_ECE_BINS);
    if (b >= RB_ECE_BINS) b = RB_ECE_BINS - 1;
    while (b > 0 && said <= (double)b / RB_ECE_BINS) b--;
    while (b < RB_ECE_BINS - 1 && said > (double)(b + 1) / RB_ECE_BINS) b++;
    return b;
}

void rb_bins_add(rb_bins *b, double said, bool right)
{
    int at = bin_of(said);
    b->said[at] += said;
    b->right[at] += right;
    b->n++;
}

// share of a bin * |mean said - mean right| = |sum said - sum right| / n
double rb_bins_error(const rb_bins *b)
{
    double sum = 0;
    for (int i = 0; i < RB_ECE_BINS; i++) sum += fabs(b->said[i] - b->right[i]);
    return b->n ? sum / b->n : NAN;
}

double rb_ece(rb_scores s)
{
    rb_bins bins = {0};
    if (!are_probabilities(s)) return NAN;
    for (int i = 0; i < s.n; i++) rb_bins_add(&bins, s.score[i], s.label[i]);
    return rb_bins_error(&bins);
}
