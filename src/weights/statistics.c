// SPDX-License-Identifier: Apache-2.0
// statistics.c - what the values of a tensor are like, and how far two tensors are apart.
#include "weights/weights.h"

#include <math.h>

static double *wide_of(rb_arena *scratch, const rb_tensor *t)
{
    double *x = RB_NEW(scratch, double, t->count);
    rb_tensor_to_f64(t, x);
    return x;
}

// mean = sum x / n, std = sqrt(sum (x - mean)^2 / n), in two passes
rb_statistics rb_tensor_statistics(rb_arena *scratch, const rb_tensor *t)
{
    const double *x = wide_of(scratch, t);
    rb_statistics s = {.min = NAN, .max = NAN};
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (!isfinite(x[i])) {
            s.not_finite++;
            continue;
        }
        s.min = fmin(s.min, x[i]); // fmin and fmax pass a NaN over
        s.max = fmax(s.max, x[i]);
        sum += x[i];
    }
    double n = (double)(t->count - s.not_finite);
    s.mean = n > 0 ? sum / n : NAN;
    for (int64_t i = 0; i < t->count; i++)
        if (isfinite(x[i])) squares += (x[i] - s.mean) * (x[i] - s.mean);
    s.std = n > 0 ? sqrt(squares / n) : NAN;
    return s;
}

double rb_tensor_difference(rb_arena *scratch, const rb_tensor *x, const rb_tensor *y)
{
    const double *a = wide_of(scratch, x), *b = wide_of(scratch, y);
    double largest = 0;
    for (int64_t i = 0; i < x->count; i++) {
        if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) continue; // also equal infinities
        double apart = fabs(a[i] - b[i]);
        largest = fmax(largest, isnan(apart) ? INFINITY : apart);
    }
    return largest;
}
