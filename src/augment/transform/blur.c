// SPDX-License-Identifier: Apache-2.0
// blur.c - the mean over a k x k box, by running sums: the cost does not depend on k.
//
// Draws: k.
// Source: Albumentations 1.x, Blur; OpenCV, blur (REFLECT_101)
#include "augment/filter.h"

#include <string.h>

typedef struct blur {
    rb_range limit;
} blur;

static void add_row(const uint8_t *restrict row, ptrdiff_t count, int *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += row[i];
}

static void move_row(const uint8_t *restrict gone, const uint8_t *restrict come, ptrdiff_t count, int *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += come[i] - gone[i];
}

// Means along one row from the sums of its columns. side * side is odd, so that no mean ends in exactly 1/2.
static void slide(const int *sums, int side, int c, ptrdiff_t row, uint8_t *out)
{
    double share = 1.0 / (side * side);
    for (int k = 0; k < c; k++) {
        int sum = 0;
        for (int x = 0; x < side; x++) sum += sums[x * c + k];
        for (ptrdiff_t i = k; i < row; i += c) {
            out[i] = (uint8_t)(int)(sum * share + 0.5);
            sum += sums[i + (ptrdiff_t)side * c] - sums[i]; // one pixel past the last is read, and not used
        }
    }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    int side = rb_draw_side(random, ((const blur *)cfg)->limit), c = image->c;
    rb_padded in = rb_pad(scratch, image, side / 2, RB_BORDER_MIRROR);
    ptrdiff_t row = (ptrdiff_t)image->w * c;
    int *sums = RB_NEW(scratch, int, in.stride + c);
    for (int y = 0; y < side; y++) add_row(in.at + y * in.stride, in.stride, sums);
    for (int y = 0; y < image->h; y++) {
        slide(sums, side, c, row, image->pixels + y * row);
        const uint8_t *gone = in.at + y * in.stride;
        if (y + 1 < image->h) move_row(gone, gone + side * in.stride, in.stride, sums);
    }
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    return rb_sides_sound(((const blur *)cfg)->limit, where, err);
}

static const rb_field fields[] = {
    {"blur_limit", RB_RANGE, offsetof(blur, limit), .preset = 3, .preset_high = 7, .min = 3, .max = RB_KERNEL_MAX,
     .pair = RB_PAIR_FROM_MIN, .unit = "pixels", .help = "side of the box, odd"},
    {0},
};

const rb_augment rb_augment_blur = {
    .name = "Blur",
    .help = "average over a box",
    .p = 0.5,
    .cfg_bytes = sizeof(blur),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
