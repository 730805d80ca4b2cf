// SPDX-License-Identifier: Apache-2.0
// fit.h - the methods, one file each; private to the module. Logits are shifted already, every label has a row.
#ifndef RB_CALIBRATE_FIT_H
#define RB_CALIBRATE_FIT_H

#include "calibrate/calibrate.h"

void rb_fit_temperature(rb_arena *a, rb_logits v, rb_calibration *out);
void rb_fit_platt(rb_arena *a, rb_logits v, rb_calibration *out);
void rb_fit_isotonic(rb_arena *a, rb_logits v, rb_calibration *out);

// Probabilities of k logits times b: softmax, and for one logit its sigmoid.
void rb_probabilities(const double *z, int k, double b, double *p);

// The isotonic map at z.
double rb_isotonic_at(const rb_calibration *c, double z);

#endif
