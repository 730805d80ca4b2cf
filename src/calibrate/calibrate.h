// SPDX-License-Identifier: Apache-2.0
// calibrate.h - from a network's logits to probabilities that mean what they say; fitted on validation.
//
// First comes the correction of the prior: what balanced draws and weights moved the logits by (`shift`) is taken back.
// Then a map is fitted to what is left, then a threshold is chosen on its result.
//
// With one logit z, sigmoid(z) is the probability of label 1; with K logits their softmax is that of the classes.
//
// Source: Guo et al., "On calibration of modern neural networks", 2017; Niculescu-Mizil and Caruana, "Predicting good
//         probabilities with supervised learning", 2005; Elkan, 2001, for the prior
#ifndef RB_CALIBRATE_CALIBRATE_H
#define RB_CALIBRATE_CALIBRATE_H

#include "base/arena.h"
#include "base/json.h"

// Logits [n k] with labels: 0 or 1 where k is 1, else 0..k-1.
typedef struct rb_logits {
    const double *z;
    const int *label;
    int n, k;
} rb_logits;

typedef enum rb_calibration_method {
    RB_CALIBRATE_NONE,        // logits are taken as they are
    RB_CALIBRATE_PRIOR,       // the shift is taken off, and no more
    RB_CALIBRATE_TEMPERATURE, // z / T
    RB_CALIBRATE_PLATT,       // slope z + offset
    RB_CALIBRATE_ISOTONIC,    // any rising map
    RB_CALIBRATIONS
} rb_calibration_method;
extern const char *const rb_calibration_names[]; // "none" ..., NULL-ended: for a field of RB_CHOICE

typedef struct rb_calibration {
    int method; // rb_calibration_method
    int k;
    const double *shift; // [k], taken from the logits first
    double temperature;
    double slope, offset;
    const double *x,
        *y; // [knots] of the isotonic map: logits, rising, and probabilities; flat outside, straight between
    int knots;
} rb_calibration;

// One that takes k logits as they are. Owner: lives in `a`
rb_calibration rb_calibration_none(rb_arena *a, int k);

// Fits a method to logits. `shift` is [k], NULL: nothing is taken off; training on other shares of the classes than
// those that are `meant`, and with class weights, adds log(seen / meant) + log(weight) to the logits, to one logit that
// of label 1 less that of label 0. Temperatures lie in 1/100 .. 100, where what separates perfectly ends.
//
// Owner:  arrays live in `a`
// Errors: DATA (a label without a row: nothing can be fitted); USAGE (platt, isotonic with more than one logit)
bool rb_calibration_fit(rb_arena *a, rb_calibration_method method, rb_logits v, const double *shift,
                        rb_calibration *out, rb_error *err) RB_CHECKED;

// Takes back what the rows that it was fitted to cannot bear out. A temperature below 1, which makes surer, makes none
// of them surer than 1 - 1/(n + 2), as Laplace has it of n hits in n; of a line that falls, as of a network that is
// wrong more often than right, the prior is left.
void rb_calibration_restrain(rb_calibration *c, rb_logits v);

// Probabilities p[k] for logits z[k].
void rb_calibrate(const rb_calibration *c, const double *z, double *p);

// The field `calibration` of a checkpoint: null where nothing would be done.
void rb_calibration_to_json(rb_json *j, const char *key, const rb_calibration *c);

// Reads what rb_calibration_to_json wrote; "null" is a calibration that does nothing to k logits.
//
// Owner:  arrays live in `a`
// Errors: WEIGHTS ("calibration: ...": no JSON, a member that is missing or makes no sense, another k)
bool rb_calibration_read(rb_arena *a, const char *text, int k, rb_calibration *out, rb_error *err) RB_CHECKED;

#endif
