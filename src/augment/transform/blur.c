// SPDX-License-Identifier: Apache-2.0
// blur.c - the mean over a k x k box, by running sums of columns, and along the rows where the box is large.
//
// Draws: k.
// Source: Albumentations 1.x, Blur; OpenCV, blur (REFLECT_101)
#include "augment/filter.h"

typedef struct blur {
    rb_range limit;
} blur;

static void move_row(const uint8_t *restrict gone, const uint8_t *restrict come, ptrdiff_t count,
                     uint16_t *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + come[i] - gone[i]);
}

static void add_row(const uint8_t *restrict row, ptrdiff_t count, uint16_t *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + row[i]);
}

// Means along one row from the sums of its columns. side * side is odd, so that no mean ends in exactly 1/2, and none
// is nearer to it than floats can tell. Inlined with a constant side.
static inline void average(const uint16_t *restrict sums, int side, int c, ptrdiff_t row, uint8_t *restrict out)
{
    float share = 1.0f / (float)(side * side);
    for (ptrdiff_t i = 0; i < row; i++) {
        uint16_t sum = 0;
        for (int x = 0; x < side; x++) sum = (uint16_t)(sum + sums[i + x * c]);
        out[i] = (uint8_t)(int)((float)sum * share + 0.5f);
    }
}

static void slide(const uint16_t *sums, int side, int c, ptrdiff_t row, uint8_t *out)
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

static void means(const uint16_t *sums, int side, int c, ptrdiff_t row, uint8_t *out)
{
    if (side == 3)
        average(sums, 3, c, row, out);
    else if (side == 5)
        average(sums, 5, c, row, out);
    else if (side == 7)
        average(sums, 7, c, row, out);
    else
        slide(sums, side, c, row, out);
}

// Sums of columns beyond the edges are those of mirrored ones.
static void extend(uint16_t *sums, int reach, int w, int c)
{
    uint16_t *middle = sums + reach * c;
    for (int x = 1; x <= reach; x++)
        for (int k = 0; k < c; k++) {
            middle[-x * c + k] = middle[rb_reflect_101(-x, w) * c + k];
            middle[(w + x - 1) * c + k] = middle[rb_reflect_101(w + x - 1, w) * c + k];
        }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    int side = rb_draw_side(random, ((const blur *)cfg)->limit), reach = side / 2, c = image->c, h = image->h;
    ptrdiff_t row = (ptrdiff_t)image->w * c;
    const uint8_t *in = image->pixels;
    uint8_t *out = RB_NEW(scratch, uint8_t, row * h);
    uint16_t *sums = RB_NEW(scratch, uint16_t, row + (ptrdiff_t)side * c), *middle = sums + reach * c;
    for (int y = -reach; y <= reach; y++) add_row(in + rb_reflect_101(y, h) * row, row, middle);
    for (int y = 0; y < h; y++) {
        extend(sums, reach, image->w, c);
        means(sums, side, c, row, out + y * row);
        move_row(in + rb_reflect_101(y - reach, h) * row, in + rb_reflect_101(y + reach + 1, h) * row, row, middle);
    }
    image->pixels = out;
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
