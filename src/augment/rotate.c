// SPDX-License-Identifier: Apache-2.0
// rotate.c - turns a picture by a random angle about its centre.
//
//     x = cx + (j-cx) cos a - (i-cy) sin a,  y = cy + (j-cx) sin a + (i-cy) cos a,  a ~ U(limit)
//
// for out[i j], counter-clockwise for a > 0. The centre is that of the pixels, ((w-1)/2, (h-1)/2), so that a right
// angle moves the pixels of a square exactly; Albumentations took (w/2, h/2) before 1.3.
//
// Source: Albumentations 1.3, Rotate; OpenCV, getRotationMatrix2D and warpAffine
#include "augment/remap.h"

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

typedef struct turn {
    double cos, sin, cx, cy;
} turn;

static void row(const void *context, int i, int width, float *x, float *y)
{
    const turn *t = context;
    double down = i - t->cy;
    for (int j = 0; j < width; j++) {
        double right = j - t->cx;
        x[j] = (float)(t->cx + right * t->cos - down * t->sin);
        y[j] = (float)(t->cy + right * t->sin + down * t->cos);
    }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    const rotate *c = cfg;
    double angle = rb_draw(random, c->limit) * (3.14159265358979323846 / 180);
    turn t = {cos(angle), sin(angle), (image->w - 1) / 2.0, (image->h - 1) / 2.0};
    rb_remap(scratch, image, row, &t);
}

const rb_augment rb_augment_rotate = {
    .name = "Rotate",
    .help = "turn by a random angle",
    .p = 0.5,
    .cfg_bytes = sizeof(rotate),
    .fields = fields,
    .apply = apply,
};
