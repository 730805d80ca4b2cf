// SPDX-License-Identifier: Apache-2.0
// adam.c - Adam with the weight decay in the gradient, as an L2 penalty has it.
//
// Source: definition of torch.optim.Adam with weight_decay
#include "optim/adam_rule.h"

static void prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS])
{
    rb_adam_prepare(cfg, u, coef);
    coef[DECAY] = u->weight_decay;
}

static void apply(const double *coef, ptrdiff_t n, double *w, const double *g, double *const *state)
{
    rb_adam_apply(coef, n, w, g, state, true);
}

static void apply_f32(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *const *state)
{
    rb_adam_apply_f32(coef, n, w, g, state, true);
}

const rb_optim rb_optim_adam = {
    .name = "adam",
    .help = "Adam with the decay in the gradient (L2)",
    .cfg_bytes = sizeof(rb_adam),
    .fields = rb_adam_fields,
    .states = 2,
    .state = {"exp_avg", "exp_avg_sq"},
    .prepare = prepare,
    .apply = apply,
    .apply_f32 = apply_f32,
};
