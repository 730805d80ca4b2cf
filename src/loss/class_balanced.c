// SPDX-License-Identifier: Apache-2.0
// class_balanced.c - cross-entropy with weights by the effective number of pictures of each class.
//
//     E_c = (1 - beta^n_c) / (1 - beta),  w_c = 1/E_c, scaled so that all K sum to K
//
// beta 0 weighs all classes alike; towards 1 the weights become those of the inverse frequency.
//
// Source: Cui et al., "Class-balanced loss based on effective number of samples", arXiv:1901.05555, its focal form too
#include "loss/weighted.h"

#include <math.h>

typedef struct settings {
    double beta, gamma;
} settings;

static const rb_field fields[] = {
    {"beta", RB_REAL, offsetof(settings, beta), .preset = 0.999, .min = 0, .max = 0.9999999,
     .help = "how far weights go from equal (0) to the inverse frequency (near 1)"},
    {"gamma", RB_REAL, offsetof(settings, gamma), .preset = 0, .min = 0, .max = 100,
     .help = "focal: how much less what is right already counts; 0: cross-entropy"},
    {0},
};

// 1 - beta^n without the digits that 1 would take away.
static double missing(double beta, int n)
{
    return -expm1(n * log(beta));
}

static bool prepare(rb_arena *a, const void *cfg, rb_class_counts of, const void **out, rb_error *err)
{
    (void)err;
    const settings *s = cfg;
    rb_weighted *w = rb_weighted_new(a, of.classes);
    double sum = 0;
    for (int c = 0; c < of.classes; c++) sum += w->weight[c] = (1 - s->beta) / missing(s->beta, of.n[c]);
    for (int c = 0; c < of.classes; c++) w->weight[c] *= of.classes / sum;
    w->gamma = s->gamma;
    *out = w;
    return true;
}

const rb_loss rb_loss_class_balanced = {
    .name = "class_balanced",
    .help = "cross-entropy weighted by the effective number of pictures of a class",
    .cfg_bytes = sizeof(settings),
    .fields = fields,
    .prepare = prepare,
    .row = rb_weighted_row,
    .shift = rb_weighted_shift,
};
