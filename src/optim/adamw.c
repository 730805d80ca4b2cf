// SPDX-License-Identifier: Apache-2.0
// adamw.c - Adam with weight decay apart from the gradient.
//
//     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g²
//     w = (1 - lr decay) w - lr/(1 - b1^t) m / (sqrt(v)/r + eps)  where r = sqrt(1 - b2^t)
//       = (1 - lr decay) w - lr r/(1 - b1^t) m / (sqrt(v) + eps r)
//
// The second form has one division for each element. A schedule's momentum takes the place of b1, in b1^t too.
//
// Source: Loshchilov & Hutter, "Decoupled weight decay regularization", arXiv:1711.05101; eps as torch.optim.AdamW
#include "optim/optim.h"

#include <math.h>

typedef struct adamw {
    double beta1, beta2, eps;
} adamw;

static const rb_field fields[] = {
    {"beta1", RB_REAL, offsetof(adamw, beta1), .preset = 0.9, .min = 0, .max = 0.999999,
     .help = "share that the mean gradient keeps; a schedule that cycles momentum overrides it"},
    {"beta2", RB_REAL, offsetof(adamw, beta2), .preset = 0.999, .min = 0, .max = 0.999999,
     .help = "share that the mean squared gradient keeps"},
    {"eps", RB_REAL, offsetof(adamw, eps), .preset = 1e-8, .min = 1e-15, .max = 1,
     .help = "added to the root of the mean squared gradient"},
    {0},
};

enum { KEEP, BETA1, REST1, BETA2, REST2, RATE, EPS, USED };
_Static_assert(USED <= RB_OPTIM_COEFS, "more coefficients than an update carries");

static void prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS])
{
    const adamw *c = cfg;
    double beta1 = isnan(u->momentum) ? c->beta1 : u->momentum, t = (double)u->step;
    double r = sqrt(1 - pow(c->beta2, t));
    coef[KEEP] = 1 - u->lr * u->weight_decay;
    coef[BETA1] = beta1;
    coef[REST1] = 1 - beta1;
    coef[BETA2] = c->beta2;
    coef[REST2] = 1 - c->beta2;
    coef[RATE] = u->lr * r / (1 - pow(beta1, t));
    coef[EPS] = c->eps * r;
}

static void apply(const double *coef, ptrdiff_t n, double *w, const double *g, double *m, double *v)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] = coef[BETA1] * m[i] + coef[REST1] * g[i];
        v[i] = coef[BETA2] * v[i] + coef[REST2] * g[i] * g[i];
        w[i] = coef[KEEP] * w[i] - coef[RATE] * m[i] / (sqrt(v[i]) + coef[EPS]);
    }
}

// Coefficients are rounded before the loop: what is left in it is one vector instruction for each operation.
static void apply_f32(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *restrict m,
                      float *restrict v)
{
    const float keep = (float)coef[KEEP], rate = (float)coef[RATE], eps = (float)coef[EPS];
    const float beta1 = (float)coef[BETA1], rest1 = (float)coef[REST1];
    const float beta2 = (float)coef[BETA2], rest2 = (float)coef[REST2];
    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) + eps);
    }
}

const rb_optim rb_optim_adamw = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay",
    .cfg_bytes = sizeof(adamw),
    .fields = fields,
    .moments = 2,
    .prepare = prepare,
    .apply = apply,
    .apply_f32 = apply_f32,
};
