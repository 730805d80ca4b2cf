// SPDX-License-Identifier: Apache-2.0
// rotate.c - turns a picture by a random angle about its centre.
//
//     x = cx + (j-cx) cos a - (i-cy) sin a,  y = cy + (j-cx) sin a + (i-cy) cos a,  a ~ U(limit)
//
// for out[i j], counter-clockwise for a > 0. The centre is that of the pixels, ((w-1)/2, (h-1)/2), so that a right
// angle moves the pixels of a square exactly; Albumentations took (w/2, h/2) before 1.3.
//
// Source: Albumentations 1.3, Rotate; OpenCV, getRotationMatrix2D and warpAffine
#include "augment/affine_map.h"
#include "augment/augment.h"
#include "augment/draw.h"

#include <math.h>

typedef struct rotate {
    rb_range limit;
} rotate;

static const rb_field fields[] = {
    {"limit", RB_RANGE, offsetof(rotate, limit), .preset = -90, .preset_high = 90, .min = -360, .max = 360,
     .pair = RB_PAIR_SYMMETRIC, .unit = "degrees", .help = "the angle, over 0 counter-clockwise"},
    {0},
};

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    double a = rb_draw(random, ((const rotate *)cfg)->limit) * (3.14159265358979323846 / 180);
    return rb_affine_warp(scratch, rb_affine_about_centre(cos(a), -sin(a), sin(a), cos(a), h, w, 0, 0));
}

const rb_augment rb_augment_rotate = {
    .name = "Rotate",
    .help = "turn by a random angle",
    .p = 0.5,
    .cfg_bytes = sizeof(rotate),
    .fields = fields,
    .warp = warp,
};
