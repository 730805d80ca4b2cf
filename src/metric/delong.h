// SPDX-License-Identifier: Apache-2.0
// delong.h - where each picture stands among those of the other class; private to the metric module.
#ifndef RB_METRIC_DELONG_H
#define RB_METRIC_DELONG_H

#include "metric/interval.h"

// By row, the share of the other class that it is on the right side of, ties counting half: for a positive those
// negatives below it, for a negative those positives above it. Their mean over either class is the area.
typedef struct rb_placements {
    double *at; // [n]
    double auc;
    int64_t positives, negatives;
} rb_placements;
rb_placements rb_placements_of(rb_arena *a, rb_scores s);

// Covariance of two areas over the same rows: S10/P + S01/N. NAN with fewer than two of a class.
double rb_placements_covariance(const rb_placements *x, const rb_placements *y, const int *label, int n);

#endif
