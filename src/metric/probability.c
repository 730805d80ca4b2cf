// SPDX-License-Identifier: Apache-2.0
// probability.c - how good scores are as probabilities of label 1.
//
// Source: Brier, "Verification of forecasts expressed in terms of probability", 1950; clipping as scikit-learn 1.2
#include "metric/metric.h"

#include <float.h>
#include <math.h>

double rb_log_loss(rb_scores s)
{
    double sum = 0;
    for (int i = 0; i < s.n; i++) {
        double p = fmin(fmax(s.score[i], DBL_EPSILON), 1 - DBL_EPSILON);
        sum -= s.label[i] ? log(p) : log1p(-p);
    }
    return s.n ? sum / s.n : NAN;
}

double rb_brier(rb_scores s)
{
    double sum = 0;
    for (int i = 0; i < s.n; i++) sum += (s.score[i] - s.label[i]) * (s.score[i] - s.label[i]);
    return s.n ? sum / s.n : NAN;
}
