// SPDX-License-Identifier: Apache-2.0
// optical_distortion.c - bends a picture as a lens does, into a barrel or a cushion.
//
//     p = (j-mx) / W,  q = (i-my) / H,  r2 = p^2 + q^2,  s = 1 + k r2 + k r2^2
//     x = mx + dx + W p s,  y = my + dy + H q s,  k ~ U(distort_limit)
//
// for out[i j], with (mx, my) = ((W-1)/2, (H-1)/2) and dx, dy ~ U(shift_limit) rounded to whole pixels.
// Albumentations has the lens at (W/2, H/2) but the picture at (mx, my), half a pixel off; here k = 0 is the identity.
//
// Source: Albumentations 1.3, OpticalDistortion; OpenCV, initUndistortRectifyMap with k1 = k2 = k
#include "augment/augment.h"
#include "augment/draw.h"

#include <math.h>

typedef struct optical_distortion {
    rb_range distort_limit, shift_limit;
} optical_distortion;

static const rb_field fields[] = {
    {"distort_limit", RB_RANGE, offsetof(optical_distortion, distort_limit), .preset = -0.05, .preset_high = 0.05,
     .min = -100, .max = 100, .pair = RB_PAIR_SYMMETRIC, .help = "coefficient of the lens"},
    {"shift_limit", RB_RANGE, offsetof(optical_distortion, shift_limit), .preset = -0.05, .preset_high = 0.05,
     .min = -10000, .max = 10000, .pair = RB_PAIR_SYMMETRIC, .unit = "pixels",
     .help = "shift of the picture, before rounding"},
    {0},
};

typedef struct lens {
    double k, dx, dy, w, h;
} lens;

static void row(const void *context, int i, int width, float *x, float *y)
{
    const lens *l = context;
    double mx = (l->w - 1) / 2, my = (l->h - 1) / 2, q = (i - my) / l->h;
    for (int j = 0; j < width; j++) {
        double p = (j - mx) / l->w, r2 = p * p + q * q, s = 1 + l->k * r2 + l->k * (r2 * r2);
        x[j] = (float)(mx + l->dx + (j - mx) * s);
        y[j] = (float)(my + l->dy + (i - my) * s);
    }
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    const optical_distortion *c = cfg;
    lens *l = RB_NEW(scratch, lens, 1);
    *l = (lens){.w = w, .h = h};
    l->k = rb_draw(random, c->distort_limit);
    l->dx = rint(rb_draw(random, c->shift_limit));
    l->dy = rint(rb_draw(random, c->shift_limit));
    return (rb_warp){row, l};
}

const rb_augment rb_augment_optical_distortion = {
    .name = "OpticalDistortion",
    .help = "bend as a lens does",
    .p = 0.5,
    .cfg_bytes = sizeof(optical_distortion),
    .fields = fields,
    .warp = warp,
};
