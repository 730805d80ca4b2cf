// SPDX-License-Identifier: Apache-2.0
// adamw.c - Adam with weight decay apart from the gradient: w shrinks by lr decay before each step.
//
// Source: Loshchilov & Hutter, "Decoupled weight decay regularization", arXiv:1711.05101
#include "optim/adam_rule.h"

static void prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS])
{
    rb_adam_prepare(cfg, u, coef);
    coef[KEEP] = 1 - u->lr * u->weight_decay;
}

static void apply(const double *coef, ptrdiff_t n, double *w, const double *g, double *const *state)
{
    rb_adam_apply(coef, n, w, g, state, false);
}

static void apply_f32(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *const *state)
{
    rb_adam_apply_f32(coef, n, w, g, state, false);
}

const rb_optim rb_optim_adamw = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay",
    .cfg_bytes = sizeof(rb_adam),
    .fields = rb_adam_fields,
    .states = 2,
    .state = {"exp_avg", "exp_avg_sq"},
    .prepare = prepare,
    .apply = apply,
    .apply_f32 = apply_f32,
};
