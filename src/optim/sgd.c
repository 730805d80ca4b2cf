// SPDX-License-Identifier: Apache-2.0
// sgd.c - plain steps against the gradient, with momentum; weight decay as an L2 penalty has it.
//
//     g = scale g + decay w,  b = momentum b + g
//     w = w - lr b,  with Nesterov's momentum: w - lr (g + momentum b)
//
// Source: definition of torch.optim.SGD without dampening; Sutskever et al., "On the importance of initialization and
// momentum in deep learning", 2013
#include "optim/optim.h"

#include <math.h>

typedef struct sgd {
    double momentum;
    bool nesterov;
} sgd;

static const rb_field fields[] = {
    {"momentum", RB_REAL, offsetof(sgd, momentum), .preset = 0.9, .min = 0, .max = 0.999999,
     .help = "share of the last step that is taken again; a schedule that cycles momentum overrides it"},
    {"nesterov", RB_BOOL, offsetof(sgd, nesterov), .preset = false, .help = "look ahead: Nesterov's momentum"},
    {0},
};

// With Nesterov w moves by lr g + (lr momentum) b, else by 0 g + lr b.
enum { DECAY = RB_COEF_OWN, MOMENTUM, OF_SLOPE, OF_BUFFER, USED };
_Static_assert(USED <= RB_OPTIM_COEFS, "more coefficients than an update carries");

static void prepare(const void *cfg, const rb_update *u, double coef[RB_OPTIM_COEFS])
{
    const sgd *c = cfg;
    coef[DECAY] = u->weight_decay;
    coef[MOMENTUM] = isnan(u->momentum) ? c->momentum : u->momentum;
    coef[OF_SLOPE] = c->nesterov ? u->lr : 0;
    coef[OF_BUFFER] = c->nesterov ? u->lr * coef[MOMENTUM] : u->lr;
}

static void apply(const double *coef, ptrdiff_t n, double *w, const double *g, double *const *state)
{
    double *b = state[0];
    for (ptrdiff_t i = 0; i < n; i++) {
        double slope = coef[RB_COEF_SCALE] * g[i] + coef[DECAY] * w[i];
        b[i] = coef[MOMENTUM] * b[i] + slope;
        w[i] -= coef[OF_SLOPE] * slope + coef[OF_BUFFER] * b[i];
    }
}

static void apply_f32(const double *coef, ptrdiff_t n, float *restrict w, const float *restrict g, float *const *state)
{
    const float scale = (float)coef[RB_COEF_SCALE], decay = (float)coef[DECAY], momentum = (float)coef[MOMENTUM];
    const float of_slope = (float)coef[OF_SLOPE], of_buffer = (float)coef[OF_BUFFER];
    float *restrict b = state[0];
    for (ptrdiff_t i = 0; i < n; i++) {
        float slope = scale * g[i] + decay * w[i];
        b[i] = momentum * b[i] + slope;
        w[i] -= of_slope * slope + of_buffer * b[i];
    }
}

const rb_optim rb_optim_sgd = {
    .name = "sgd",
    .help = "gradient descent with momentum, decay in the gradient (L2)",
    .cfg_bytes = sizeof(sgd),
    .fields = fields,
    .states = 1,
    .state = {"momentum_buffer"},
    .prepare = prepare,
    .apply = apply,
    .apply_f32 = apply_f32,
};
