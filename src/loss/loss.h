// SPDX-License-Identifier: Apache-2.0
// loss.h - losses: one pure function from a row of logits and its target to loss and gradient, one file each.
//
// Shapes: K classes have k = K logits; two classes may have k = 1, the logit of class 1. Targets [k] are shares of the
//         classes: a label's is 1 at its class (k = 1: the label itself), mixed or smoothed ones lie between.
// Threads: any number; nothing here is written after `prepare`
#ifndef RB_LOSS_LOSS_H
#define RB_LOSS_LOSS_H

#include "config/config.h"

// What a loss may want to know of the part it is to be trained on.
typedef struct rb_class_counts {
    const int *n; // [classes] pictures of each, 1 or more
    int classes;  // 2 or more
} rb_class_counts;

typedef struct rb_loss {
    const char *name;
    const char *prefix; // of its keys, <prefix>_<field>; NULL: the name; "": none
    const char *help;
    size_t cfg_bytes; // of the settings
    const rb_field *fields;
    // From settings to what the functions below read, which lives in `a`. Errors: USAGE (a text that says no weights)
    bool (*prepare)(rb_arena *a, const void *settings, rb_class_counts of, const void **cfg, rb_error *err);
    // Shapes: logit, target and grad [k]. Returns the loss of the row; grad is d loss / d logit.
    double (*row)(const void *cfg, const double *logit, const double *target, int k, double *grad);
    // What the row counts for in a mean over rows; NULL: 1.
    double (*weight)(const void *cfg, const double *target, int k);
    // By how much training under this loss moves the logit of a class; NULL: by nothing. What it means is the
    // difference between two classes.
    double (*shift)(const void *cfg, int class);
} rb_loss;
extern const rb_loss *const rb_losses[]; // NULL-ended

const rb_loss *rb_loss_find(const char *name, rb_error *err); // NULL: USAGE, naming the nearest

// What bce's row reads.
typedef struct rb_bce {
    double pos_weight; // of class 1
} rb_bce;
extern const rb_loss rb_loss_bce;

// ---- batches -------------------------------------------------------------------------------------------------------

// Rows of logits and what they should have been: labels or targets, the other one is NULL.
typedef struct rb_judged_batch {
    int n, k;
    const double *logits; // [n k]
    const int *labels;    // [n]
    const float *targets; // [n k]
    const float *weights; // [n] a factor for each row, NULL: 1
    double scale;         // and one for all
} rb_judged_batch;

// scale * sum of weight * row, and its gradient [n k] by the logits; target [k] is room for one row.
double rb_loss_batch(const rb_loss *l, const void *cfg, const rb_judged_batch *b, double *target, double *gradient);

// The sum of weight * what the row counts for: a mean over the batch has 1 over it for scale.
double rb_loss_mass(const rb_loss *l, const void *cfg, const rb_judged_batch *b, double *target);

void rb_label_target(int label, int k, double *target); // 1 at the label, 0 elsewhere

// Label smoothing: (1 - share) target + share / classes.
//
// Source: Szegedy et al., "Rethinking the Inception architecture", arXiv:1512.00567, section 7
void rb_target_smooth(double share, int k, double *target);

double rb_sigmoid(double z);  // stable for any z
double rb_softplus(double z); // log(1 + e^z)

#endif
