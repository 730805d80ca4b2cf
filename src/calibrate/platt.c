// SPDX-License-Identifier: Apache-2.0
// platt.c - a line through the logits.
//
// Source: Platt, "Probabilistic outputs for support vector machines", 1999, for the targets, which keep the line
// finite:
//         (N1 + 1)/(N1 + 2) for label 1, 1/(N0 + 2) for label 0; Lin, Lin and Weng, "A note on Platt's probabilistic
//         outputs", 2007, for Newton's method with a search along the step
#include "calibrate/fit.h"

#include <math.h>

#define STEPS    100
#define HALVINGS 30
#define RIDGE    1e-12 // keeps the Hessian positive where all logits are the same
#define NEAR     1e-6  // a gain so small cannot be seen in the loss; from there Newton's steps need no search
#define THERE    1e-24

typedef struct line {
    double slope, offset;
} line;

typedef struct targets {
    double of[2];
} targets;

// log(1 + exp(-u)) for label 1 and u more for label 0, without overflow.
static double loss_at(rb_logits v, targets t, line at)
{
    double sum = 0;
    for (int i = 0; i < v.n; i++) {
        double u = at.slope * v.z[i] + at.offset;
        sum += (1 - t.of[v.label[i]]) * u + fmax(-u, 0) + log1p(exp(-fabs(u)));
    }
    return sum;
}

// The Newton step: minus the inverse of the Hessian times the gradient. `gain` is the slope of the loss along it.
static line step_at(rb_logits v, targets t, line at, double *gain)
{
    double gs = 0, go = 0, ss = RIDGE, so = 0, oo = RIDGE;
    for (int i = 0; i < v.n; i++) {
        double z = v.z[i], p = 1 / (1 + exp(-(at.slope * z + at.offset))), miss = p - t.of[v.label[i]], w = p * (1 - p);
        gs += miss * z;
        go += miss;
        ss += w * z * z;
        so += w * z;
        oo += w;
    }
    double determinant = ss * oo - so * so;
    line step = {-(oo * gs - so * go) / determinant, -(ss * go - so * gs) / determinant};
    *gain = gs * step.slope + go * step.offset;
    return step;
}

// Halves the step until it gains what a line of its slope would, in part; false: no length does.
static bool walk(rb_logits v, targets t, line *at, double *loss, line step, double gain)
{
    for (int halved = 0; halved < HALVINGS; halved++) {
        double length = ldexp(1, -halved);
        line next = {at->slope + length * step.slope, at->offset + length * step.offset};
        double there = loss_at(v, t, next);
        if (!(there < *loss + 1e-4 * length * gain)) continue;
        *at = next;
        *loss = there;
        return true;
    }
    return false;
}

void rb_fit_platt(rb_arena *a, rb_logits v, rb_calibration *out)
{
    (void)a;
    double count[2] = {0, 0}, gain;
    for (int i = 0; i < v.n; i++) count[v.label[i]]++;
    targets t = {{1 / (count[0] + 2), (count[1] + 1) / (count[1] + 2)}};
    line at = {0, log((count[1] + 1) / (count[0] + 1))};
    double loss = loss_at(v, t, at);
    for (int i = 0; i < STEPS; i++) {
        line step = step_at(v, t, at, &gain);
        if (-gain < THERE) break;
        if (-gain < NEAR)
            at = (line){at.slope + step.slope, at.offset + step.offset};
        else if (!walk(v, t, &at, &loss, step, gain))
            break;
    }
    out->slope = at.slope;
    out->offset = at.offset;
}
