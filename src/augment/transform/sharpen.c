// SPDX-License-Identifier: Apache-2.0
// sharpen.c - blends a picture with a sharpened one.
//
// K = (1 - a) I + a [[-1,-1,-1], [-1,8+l,-1], [-1,-1,-1]], whose sum is 1 - a + a l: l < 1 darkens.
//
// Draws: alpha, lightness.
// Source: Albumentations 1.x, Sharpen
#include "augment/filter.h"

typedef struct sharpen {
    rb_range alpha, lightness;
} sharpen;

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    const sharpen *s = cfg;
    double alpha = rb_draw(random, s->alpha), lightness = rb_draw(random, s->lightness);
    float kernel[9];
    for (int i = 0; i < 9; i++) kernel[i] = (float)-alpha;
    kernel[4] = (float)(1 - alpha + alpha * (8 + lightness));
    rb_correlate(scratch, kernel, 3, image);
}

static const rb_field fields[] = {
    {"alpha", RB_RANGE, offsetof(sharpen, alpha), .preset = 0.2, .preset_high = 0.5, .min = 0, .max = 1,
     .help = "share of the sharpened picture"},
    {"lightness", RB_RANGE, offsetof(sharpen, lightness), .preset = 0.5, .preset_high = 1, .min = 0, .max = 10,
     .help = "brightness of the sharpened picture, 1 as before"},
    {0},
};

const rb_augment rb_augment_sharpen = {
    .name = "Sharpen",
    .help = "sharpen edges",
    .p = 0.5,
    .cfg_bytes = sizeof(sharpen),
    .fields = fields,
    .apply = apply,
};
