// SPDX-License-Identifier: Apache-2.0
// adam_rule.h - what adam and adamw share: all but where the decay goes. Private to the folder.
//
//     g = scale g, and with L2 decay in it: g + decay w
//     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g²
//     w = keep w - lr/(1 - b1^t) m / (sqrt(v)/r + eps)  where r = sqrt(1 - b2^t)
//       = keep w - lr r/(1 - b1^t) m / (sqrt(v) + eps r)
//
// The second form has one division for each element. A schedule's momentum takes the place of b1, in b1^t too.
//
// Source: Kingma & Ba, "Adam", arXiv:1412.6980; eps as torch.optim.Adam
#ifndef RB_OPTIM_ADAM_RULE_H
#define RB_OPTIM_ADAM_RULE_H

#include "optim/optim.h"

#include <math.h>

typedef struct rb_adam {
    double beta1, beta2, eps;
} rb_adam;
extern const rb_field rb_adam_fields[];

enum { KEEP = RB_COEF_OWN, DECAY, BETA1, REST1, BETA2, REST2, RATE, EPS, USED };
_Static_assert(USED <= RB_OPTIM_COEFS, "more coefficients than an update carries");

// All coefficients but KEEP and DECAY.
void rb_adam_prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS]);

// `l2` is a constant where these are called, so that each caller gets a loop of its own without the test.
static inline void rb_adam_apply(const double *coef, ptrdiff_t n, double *w, const double *g, double *const *state,
                                 bool l2)
{
    double *m = state[0], *v = state[1];
    for (ptrdiff_t i = 0; i < n; i++) {
        double slope = coef[RB_COEF_SCALE] * g[i];
        if (l2) slope += coef[DECAY] * w[i];
        m[i] = coef[BETA1] * m[i] + coef[REST1] * slope;
        v[i] = coef[BETA2] * v[i] + coef[REST2] * slope * slope;
        w[i] = (l2 ? w[i] : coef[KEEP] * w[i]) - coef[RATE] * m[i] / (sqrt(v[i]) + coef[EPS]);
    }
}

// Coefficients are rounded before the loop: what is left in it is one vector instruction for each operation.
static inline void rb_adam_apply_f32(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g,
                                     float *const *state, bool l2)
{
    const float keep = (float)coef[KEEP], decay = (float)coef[DECAY], rate = (float)coef[RATE], eps = (float)coef[EPS];
    const float beta1 = (float)coef[BETA1], rest1 = (float)coef[REST1], scale = (float)coef[RB_COEF_SCALE];
    const float beta2 = (float)coef[BETA2], rest2 = (float)coef[REST2];
    float *restrict m = state[0], *restrict v = state[1];
    for (ptrdiff_t i = 0; i < n; i++) {
        float slope = scale * g[i];
        if (l2) slope += decay * w[i];
        m[i] = beta1 * m[i] + rest1 * slope;
        v[i] = beta2 * v[i] + rest2 * slope * slope;
        w[i] = (l2 ? w[i] : keep * w[i]) - rate * m[i] / (sqrtf(v[i]) + eps);
    }
}

#endif
