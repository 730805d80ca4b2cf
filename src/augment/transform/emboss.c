// SPDX-License-Identifier: Apache-2.0
// emboss.c - blends a picture with its relief, lit from the upper left.
//
// K = (1 - a) I + a [[-1-s,-s,0], [-s,1,s], [0,s,1+s]], whose sum is 1: what is flat stays as it is.
//
// Draws: alpha, strength.
// Source: Albumentations 1.x, Emboss
#include "augment/filter.h"

typedef struct emboss {
    rb_range alpha, strength;
} emboss;

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    const emboss *e = cfg;
    double a = rb_draw(random, e->alpha), s = rb_draw(random, e->strength);
    float edge = (float)(a * s), corner = (float)(a * (1 + s));
    const float kernel[9] = {-corner, -edge, 0, -edge, 1, edge, 0, edge, corner};
    rb_correlate(scratch, kernel, 3, image);
}

static const rb_field fields[] = {
    {"alpha", RB_RANGE, offsetof(emboss, alpha), .preset = 0.2, .preset_high = 0.5, .min = 0, .max = 1,
     .help = "share of the relief"},
    {"strength", RB_RANGE, offsetof(emboss, strength), .preset = 0.2, .preset_high = 0.7, .min = 0, .max = 10,
     .help = "height of the relief"},
    {0},
};

const rb_augment rb_augment_emboss = {
    .name = "Emboss",
    .help = "show edges as a relief",
    .p = 0.5,
    .cfg_bytes = sizeof(emboss),
    .fields = fields,
    .apply = apply,
};
