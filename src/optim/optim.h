// SPDX-License-Identifier: Apache-2.0
// optim.h - optimiser rules: pure element-wise functions, one file each.
#ifndef RB_OPTIM_OPTIM_H
#define RB_OPTIM_OPTIM_H

#include "config/config.h"

// What one update needs; the schedule and the loop fill it.
typedef struct rb_update {
    double lr;
    double momentum;     // of SGD, beta1 of Adam; NAN: the rule's own setting
    double weight_decay; // on every parameter, unless
    bool spare;          // parameters of one axis (biases, norms) are left out
    int64_t step;        // 1 for the first update
    double clip;         // gradients are scaled down to this norm, that of all of them together; 0: as they are
    double kept;         // of moving averages, where the store has them: the share that stays (average.h)
} rb_update;

#define RB_OPTIM_STATES 2 // state tensors at most
#define RB_OPTIM_COEFS  10

// What every rule's coefficients begin with; the rest is the rule's own.
enum { RB_COEF_SCALE, RB_COEF_OWN }; // factor of the gradients, by clipping

typedef struct rb_optim {
    const char *name;
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields;
    int states;                         // tensors beside each weight, zeros before the first update
    const char *state[RB_OPTIM_STATES]; // their names in PyTorch
    // Everything of the step that does not depend on the element, from RB_COEF_OWN on.
    void (*prepare)(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS]);
    // Updates n elements in place; state[0..states). The two differ in type alone.
    void (*apply)(const double *coef, ptrdiff_t n, double *w, const double *g, double *const *state);
    void (*apply_f32)(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *const *state);
} rb_optim;
extern const rb_optim *const rb_optims[]; // NULL-ended
extern const rb_optim rb_optim_adamw;

const rb_optim *rb_optim_find(const char *name, rb_error *err); // NULL: USAGE, naming the nearest

// The coefficients of an update for parameters with `axes` axes; `norm` is that of all gradients, if u->clip wants it.
void rb_optim_prepare(const rb_optim *o, const void *cfg, const rb_update *u, double norm, int axes,
                      double coef[RB_OPTIM_COEFS]);

#endif
