// SPDX-License-Identifier: Apache-2.0
// motion_blur.c - the mean along a line between two random points of a k x k kernel.
//
// Draws: k, then the points: x of both; y of both, which differ where x does not.
// Source: Albumentations 1.x, MotionBlur; OpenCV, line (8-connected) and filter2D (REFLECT_101)
#include "augment/filter.h"

#include <stdlib.h>
#include <string.h>

typedef struct motion_blur {
    rb_range limit;
} motion_blur;

// Marks a line as OpenCV's LineIterator walks it, from left to right; returns how many taps it has.
static int mark_line(float *kernel, int side, int x0, int y0, int x1, int y1)
{
    if (x1 < x0) {
        int x = x0, y = y0;
        x0 = x1, y0 = y1;
        x1 = x, y1 = y;
    }
    int dx = x1 - x0, dy = abs(y1 - y0), down = y1 < y0 ? -side : side;
    bool steep = dy > dx;
    int length = steep ? dy : dx, rise = steep ? dx : dy, along = steep ? down : 1, across = steep ? 1 : down;
    float *at = kernel + y0 * side + x0;
    *at = 1;
    for (int i = 0, fault = length - 2 * rise; i < length; i++) {
        bool aside = fault < 0;
        fault += (aside ? 2 * length : 0) - 2 * rise;
        at += along + (aside ? across : 0);
        *at = 1;
    }
    return length + 1;
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    int side = rb_draw_side(random, ((const motion_blur *)cfg)->limit);
    float *kernel = RB_NEW(scratch, float, side *side);
    int x0 = rb_rng_below(random, side), x1 = rb_rng_below(random, side), y0 = rb_rng_below(random, side), y1;
    if (x0 == x1) {
        y1 = rb_rng_below(random, side - 1);
        y1 += y1 >= y0; // any but y0
    } else {
        y1 = rb_rng_below(random, side);
    }
    int taps = mark_line(kernel, side, x0, y0, x1, y1);
    for (int i = 0; i < side * side; i++) kernel[i] /= (float)taps;
    rb_correlate(scratch, kernel, side, image);
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    return rb_sides_sound(((const motion_blur *)cfg)->limit, where, err);
}

static const rb_field fields[] = {
    {"blur_limit", RB_RANGE, offsetof(motion_blur, limit), .preset = 3, .preset_high = 7, .min = 3,
     .max = RB_KERNEL_MAX, .pair = RB_PAIR_FROM_MIN, .unit = "pixels",
     .help = "side of the kernel in which the line lies, odd"},
    {0},
};

const rb_augment rb_augment_motion_blur = {
    .name = "MotionBlur",
    .help = "blur along a line",
    .p = 0.5,
    .cfg_bytes = sizeof(motion_blur),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
