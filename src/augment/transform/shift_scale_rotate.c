// SPDX-License-Identifier: Apache-2.0
// shift_scale_rotate.c - shifts, scales and turns a picture about its centre, in one affine map.
//
// The picture is scaled by 1 + s and turned counter-clockwise by a; then its centre is moved by (dx W, dy H).
//
// Draws: a, s, dx, dy.
// Source: Albumentations 1.3, ShiftScaleRotate; OpenCV, getRotationMatrix2D and warpAffine
#include "augment/affine_map.h"
#include "augment/augment.h"
#include "augment/draw.h"

typedef struct shift_scale_rotate {
    rb_range shift, scale, angle;
} shift_scale_rotate;

static const rb_field fields[] = {
    {"shift_limit", RB_RANGE, offsetof(shift_scale_rotate, shift), .preset = -0.0625, .preset_high = 0.0625, .min = -10,
     .max = 10, .pair = RB_PAIR_SYMMETRIC, .unit = "of the side", .help = "shift to the right, and down"},
    {"scale_limit", RB_RANGE, offsetof(shift_scale_rotate, scale), .preset = -0.1, .preset_high = 0.1, .min = -0.99,
     .max = 10, .pair = RB_PAIR_SYMMETRIC, .help = "sides are multiplied by 1 plus this"},
    {"rotate_limit", RB_RANGE, offsetof(shift_scale_rotate, angle), .preset = -45, .preset_high = 45, .min = -360,
     .max = 360, .pair = RB_PAIR_SYMMETRIC, .unit = "degrees", .help = "the angle, over 0 counter-clockwise"},
    {0},
};

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    const shift_scale_rotate *c = cfg;
    double angle = rb_draw(random, c->angle) * (3.14159265358979323846 / 180), scale = 1 + rb_draw(random, c->scale);
    double right = rb_draw(random, c->shift) * w, down = rb_draw(random, c->shift) * h;
    double cosine = cos(angle) / scale, sine = sin(angle) / scale;
    return rb_affine_warp(scratch, rb_affine_about_centre(cosine, -sine, sine, cosine, h, w, right, down));
}

const rb_augment rb_augment_shift_scale_rotate = {
    .name = "ShiftScaleRotate",
    .help = "shift, scale and turn",
    .p = 0.5,
    .cfg_bytes = sizeof(shift_scale_rotate),
    .fields = fields,
    .warp = warp,
};
