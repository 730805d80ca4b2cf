// SPDX-License-Identifier: Apache-2.0
// loss.h - losses: one pure function from a row of logits and its target to loss and gradient.
#ifndef RB_LOSS_LOSS_H
#define RB_LOSS_LOSS_H

#include "config/config.h"

typedef struct rb_loss {
    const char *name;
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields;
    // Shapes: logit, target and grad [k]. Returns the loss of the row; grad is d loss / d logit.
    double (*row)(const void *cfg, const double *logit, const double *target, int k, double *grad);
} rb_loss;
extern const rb_loss *const rb_losses[]; // NULL-ended

// bce's own settings, for callers that set them from flat keys of the original (pos_weight).
typedef struct rb_bce {
    double pos_weight; // weight of class 1
} rb_bce;
extern const rb_loss rb_loss_bce;

double rb_sigmoid(double z); // stable for any z

#endif
