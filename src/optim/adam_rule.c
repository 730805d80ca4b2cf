// SPDX-License-Identifier: Apache-2.0
#include "optim/adam_rule.h"

const rb_field rb_adam_fields[] = {
    {"beta1", RB_REAL, offsetof(rb_adam, beta1), .preset = 0.9, .min = 0, .max = 0.999999,
     .help = "share that the mean gradient keeps; a schedule that cycles momentum overrides it"},
    {"beta2", RB_REAL, offsetof(rb_adam, beta2), .preset = 0.999, .min = 0, .max = 0.999999,
     .help = "share that the mean squared gradient keeps"},
    {"eps", RB_REAL, offsetof(rb_adam, eps), .preset = 1e-8, .min = 1e-15, .max = 1,
     .help = "added to the root of the mean squared gradient"},
    {0},
};

void rb_adam_prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS])
{
    const rb_adam *c = cfg;
    double beta1 = isnan(u->momentum) ? c->beta1 : u->momentum, t = (double)u->step;
    double r = sqrt(1 - pow(c->beta2, t));
    coef[BETA1] = beta1;
    coef[REST1] = 1 - beta1;
    coef[BETA2] = c->beta2;
    coef[REST2] = 1 - c->beta2;
    coef[RATE] = u->lr * r / (1 - pow(beta1, t));
    coef[EPS] = c->eps * r;
}
