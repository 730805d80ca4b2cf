// SPDX-License-Identifier: Apache-2.0
// calibrate.c - a fitted map applied; which file fits it.
#include "calibrate/fit.h"

#include <math.h>
#include <string.h>

const char *const rb_calibration_names[] = {"none", "prior", "temperature", "platt", "isotonic", NULL};

void rb_probabilities(const double *z, int k, double b, double *p)
{
    if (k == 1) {
        *p = 1 / (1 + exp(-b * *z));
        return;
    }
    double most = z[0], sum = 0;
    for (int c = 1; c < k; c++) most = fmax(most, z[c]);
    for (int c = 0; c < k; c++) sum += p[c] = exp(b * (z[c] - most));
    for (int c = 0; c < k; c++) p[c] /= sum;
}

// ---- fitting ------------------------------------------------------------------------------------------------------

rb_calibration rb_calibration_none(rb_arena *a, int k)
{
    return (rb_calibration){.k = k, .shift = RB_NEW(a, double, k), .temperature = 1, .slope = 1};
}

static void fit_nothing(rb_arena *a, rb_logits v, rb_calibration *out)
{
    (void)a, (void)v, (void)out;
}

static const struct {
    void (*fit)(rb_arena *a, rb_logits v, rb_calibration *out);
    bool one_logit; // has no form for more
} methods[RB_CALIBRATIONS] = {
    [RB_CALIBRATE_NONE] = {fit_nothing, false},
    [RB_CALIBRATE_PRIOR] = {fit_nothing, false},
    [RB_CALIBRATE_TEMPERATURE] = {rb_fit_temperature, false},
    [RB_CALIBRATE_PLATT] = {rb_fit_platt, true},
    [RB_CALIBRATE_ISOTONIC] = {rb_fit_isotonic, true},
};

static bool has_every_label(rb_arena *scratch, rb_logits v, rb_error *err)
{
    int classes = v.k == 1 ? 2 : v.k, *count = RB_NEW(scratch, int, classes);
    for (int i = 0; i < v.n; i++) count[v.label[i]]++;
    for (int c = 0; c < classes; c++)
        if (!count[c])
            return rb_fail(err, RB_ERR_DATA, "calibration: none of the %d pictures it is fitted to has label %d", v.n,
                           c);
    return true;
}

static rb_logits shifted(rb_arena *a, rb_logits v, const double *shift)
{
    double *z = RB_NEW(a, double, (ptrdiff_t)v.n *v.k);
    for (int i = 0; i < v.n; i++)
        for (int c = 0; c < v.k; c++) z[(ptrdiff_t)i * v.k + c] = v.z[(ptrdiff_t)i * v.k + c] - shift[c];
    v.z = z;
    return v;
}

bool rb_calibration_fit(rb_arena *a, rb_calibration_method method, rb_logits v, const double *shift,
                        rb_calibration *out, rb_error *err)
{
    double *taken = RB_NEW(a, double, v.k);
    if (shift && method != RB_CALIBRATE_NONE) memcpy(taken, shift, (size_t)v.k * sizeof *taken);
    *out = rb_calibration_none(a, v.k);
    out->method = (int)method;
    out->shift = taken;
    if (methods[method].one_logit && v.k > 1)
        return rb_fail(err, RB_ERR_USAGE, "calibration %s is for two classes; temperature is for more",
                       rb_calibration_names[method]);
    if (method > RB_CALIBRATE_PRIOR && !has_every_label(a, v, err)) return false;
    methods[method].fit(a, shifted(a, v, taken), out);
    return true;
}

// Of the surest row, how far its logit, or the greatest of its logits, lies from what it is weighed against.
static double surest(rb_logits v, const double *shift)
{
    double most = 0;
    for (int i = 0; i < v.n; i++) {
        double low = INFINITY, high = -INFINITY;
        for (int c = 0; c < v.k; c++) {
            double z = v.z[(ptrdiff_t)i * v.k + c] - shift[c];
            low = fmin(low, v.k == 1 ? -fabs(z) : z);
            high = fmax(high, v.k == 1 ? 0 : z);
        }
        most = fmax(most, high - low);
    }
    return most;
}

void rb_calibration_restrain(rb_calibration *c, rb_logits v)
{
    if (c->method == RB_CALIBRATE_TEMPERATURE)
        c->temperature = fmax(c->temperature, fmin(1, surest(v, c->shift) / log(v.n + 1.0)));
    if (c->method == RB_CALIBRATE_PLATT && !(c->slope > 0)) c->method = RB_CALIBRATE_PRIOR;
}

// ---- applying -----------------------------------------------------------------------------------------------------

void rb_calibrate(const rb_calibration *c, const double *z, double *p)
{
    for (int i = 0; i < c->k; i++) p[i] = z[i] - c->shift[i];
    if (c->method == RB_CALIBRATE_ISOTONIC)
        *p = rb_isotonic_at(c, *p);
    else if (c->method == RB_CALIBRATE_PLATT)
        *p = 1 / (1 + exp(-(c->slope * *p + c->offset)));
    else
        rb_probabilities(p, c->k, 1 / c->temperature, p);
}
