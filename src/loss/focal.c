// SPDX-License-Identifier: Apache-2.0
// focal.c - cross-entropy that counts less where the network is right already.
//
// One logit: with q = 1 - p_t, where p_t = p y + (1 - p) (1 - y), and c the binary cross-entropy,
//
//     l = a_t q^gamma c,  dl/dz = a_t q^gamma (gamma r (1 - 2y) c + p - y),  r = p (1 - p) / q
//
// K logits: the sum of weighted.h.
//
// Source: Lin et al., "Focal loss for dense object detection", arXiv:1708.02002; torchvision.ops.sigmoid_focal_loss,
// soft targets too
#include "loss/weighted.h"

#include <math.h>

typedef struct settings {
    double alpha, gamma;
} settings;

static const rb_field fields[] = {
    {"alpha", RB_REAL, offsetof(settings, alpha), .preset = -1, .min = -1, .max = 1,
     .help = "weight of class 1, that of class 0 being 1 - alpha; below 0: none. Two classes only"},
    {"gamma", RB_REAL, offsetof(settings, gamma), .preset = 2, .min = 0, .max = 100,
     .help = "how much less what is right already counts; 0: cross-entropy"},
    {0},
};

static bool prepare(rb_arena *a, const void *cfg, rb_class_counts of, const void **out, rb_error *err)
{
    (void)err;
    const settings *s = cfg;
    rb_weighted *w = rb_weighted_new(a, of.classes);
    w->gamma = s->gamma;
    if (of.classes == 2 && s->alpha >= 0) {
        w->weight[0] = 1 - s->alpha;
        w->weight[1] = s->alpha;
    }
    *out = w;
    return true;
}

static double share(double part, double of)
{
    return part == 0 ? 0 : part / of;
}

// r = 1 / (y / p + (1 - y) / (1 - p)): between 0 and 1 wherever p has gone.
static double row(const void *cfg, const double *logit, const double *target, int k, double *grad)
{
    const rb_weighted *w = cfg;
    if (k > 1) return rb_weighted_row(cfg, logit, target, k, grad);
    double z = *logit, y = *target, p = rb_sigmoid(z), not_p = rb_sigmoid(-z);
    double entropy = y * rb_softplus(-z) + (1 - y) * rb_softplus(z), q = y * not_p + (1 - y) * p;
    double r = 1 / (share(y, p) + share(1 - y, not_p));
    double factor = (w->weight[1] * y + w->weight[0] * (1 - y)) * pow(q, w->gamma);
    *grad = factor * (w->gamma * r * (1 - 2 * y) * entropy + (1 - y) * p - y * not_p);
    return factor * entropy;
}

const rb_loss rb_loss_focal = {
    .name = "focal",
    .help = "cross-entropy that counts less where the network is right already",
    .cfg_bytes = sizeof(settings),
    .fields = fields,
    .prepare = prepare,
    .row = row,
    .shift = rb_weighted_shift,
};
