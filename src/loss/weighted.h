// SPDX-License-Identifier: Apache-2.0
// weighted.h - the sum over classes that most losses are, of one logit or of K. Private to the folder.
//
//     l = - sum over c of w_c t_c (1 - p_c)^gamma log p_c,   p = softmax(z + shift)
//
// One logit is the second of two, the first being 0: p_1 = sigmoid(z).
#ifndef RB_LOSS_WEIGHTED_H
#define RB_LOSS_WEIGHTED_H

#include "loss/loss.h"

typedef struct rb_weighted {
    double *weight; // [classes]
    double *shift;  // [classes] added to the logits
    double gamma;   // 0: cross-entropy
} rb_weighted;

rb_weighted *rb_weighted_new(rb_arena *a, int classes); // weights 1, shifts 0, gamma 0

// For rb_loss; cfg is an rb_weighted.
double rb_weighted_row(const void *cfg, const double *logit, const double *target, int k, double *grad);
double rb_weighted_mass(const void *cfg, const double *target, int k); // sum of w_c t_c
double rb_weighted_shift(const void *cfg, int class);                  // log w_c - shift_c

// A factor as somebody wrote it, 1e-6 to 1e6, up to `end` of the text. False: it is none.
bool rb_factor_read(const char *text, const char *end, double *out);

#endif
