// SPDX-License-Identifier: Apache-2.0
// optim.h - optimiser rules: pure element-wise functions, one file each.
#ifndef RB_OPTIM_OPTIM_H
#define RB_OPTIM_OPTIM_H

#include "config/config.h"

// What one update needs; the schedule and the loop fill it.
typedef struct rb_update {
    double lr;
    double momentum;     // beta1 of Adam; NAN: the rule's own setting
    double weight_decay; // on every parameter
    int64_t step;        // 1 for the first update
} rb_update;

#define RB_OPTIM_COEFS 8

typedef struct rb_optim {
    const char *name;
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields;
    int moments; // state tensors beside the weights, 0..2
    // Everything of the step that does not depend on the element.
    void (*prepare)(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS]);
    // Updates n elements in place; m and v are NULL beyond `moments`. The two differ in type alone.
    void (*apply)(const double *coef, ptrdiff_t n, double *w, const double *g, double *m, double *v);
    void (*apply_f32)(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *restrict m,
                      float *restrict v);
} rb_optim;
extern const rb_optim *const rb_optims[]; // NULL-ended
extern const rb_optim rb_optim_adamw;

#endif
