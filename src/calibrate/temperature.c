// SPDX-License-Identifier: Apache-2.0
// temperature.c - one number that all logits are divided by; it changes no order and no decision between classes.
//
// Source: Guo et al., 2017. The loss is convex in b = 1/T: its slope, sum over rows of E_p[z] - z_label, rises with b
//         by the sum of Var_p[z]. Newton steps, halved where they would leave the bracket.
#include "calibrate/fit.h"

#include <math.h>

#define LIMIT 100.0 // of T and of 1/T
#define STEPS 100

typedef struct slope {
    double first, second; // derivatives of the loss
} slope;

static slope slope_at(rb_logits v, double b, double *p)
{
    slope s = {0, 0};
    for (int i = 0; i < v.n; i++) {
        const double *z = v.z + (ptrdiff_t)i * v.k;
        double mean = 0, square = 0, own = v.k == 1 ? v.label[i] * *z : z[v.label[i]];
        rb_probabilities(z, v.k, b, p);
        for (int c = 0; c < v.k; c++) {
            mean += p[c] * z[c];
            square += p[c] * z[c] * z[c];
        }
        s.first += mean - own;
        s.second += square - mean * mean;
    }
    return s;
}

static double root(rb_logits v, double low, double high, double *p)
{
    if (slope_at(v, high, p).first <= 0) return high; // it falls all the way: what parts perfectly
    if (slope_at(v, low, p).first >= 0) return low;
    double b = 1;
    for (int i = 0; i < STEPS; i++) {
        slope s = slope_at(v, b, p);
        if (s.first < 0)
            low = b;
        else
            high = b;
        double next = b - s.first / s.second;
        if (!(next > low && next < high)) next = (low + high) / 2; // also where the slope has no slope
        if (fabs(next - b) <= 1e-15 * b) break;
        b = next;
    }
    return b;
}

void rb_fit_temperature(rb_arena *a, rb_logits v, rb_calibration *out)
{
    out->temperature = 1 / root(v, 1 / LIMIT, LIMIT, RB_NEW(a, double, v.k));
}
