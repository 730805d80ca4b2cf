// SPDX-License-Identifier: Apache-2.0
// bins.h - how sure and how right, by how sure; private to the metric module.
//
// Source: Guo et al., "On calibration of modern neural networks", 2017, eq. 3
#ifndef RB_METRIC_BINS_H
#define RB_METRIC_BINS_H

#include "metric/metric.h"

typedef struct rb_bins {
    double said[RB_ECE_BINS], right[RB_ECE_BINS]; // sums over the pictures of a bin
    int n;
} rb_bins;

void rb_bins_add(rb_bins *b, double said, bool right); // said lies in 0..1
double rb_bins_error(const rb_bins *b);                // NAN: no pictures

// -log of the probability that the label had, p being that of label 1; clipped as scikit-learn 1.2 does.
double rb_surprise(int label, double p);

#endif
