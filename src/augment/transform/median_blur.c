// SPDX-License-Identifier: Apache-2.0
// median_blur.c - the median over a k x k box, channel by channel.
//
// Small boxes are sorted for 64 values at once, each exchange being a minimum and a maximum of bytes. Large ones use
// a histogram that moves along the row (Huang, Yang & Tang, "A fast two-dimensional median filtering algorithm", 1979).
//
// Draws: k.
// Source: Albumentations 1.x, MedianBlur; OpenCV, medianBlur (REPLICATE)
#include "augment/filter.h"

#include <string.h>

#define LANES       64
#define SORTED_SIDE 7                                   // up to this side boxes are sorted
#define KEPT        (SORTED_SIDE * SORTED_SIDE / 2 + 2) // values under consideration at once

typedef struct median_blur {
    rb_range limit;
} median_blur;

typedef struct lanes {
    uint8_t at[LANES];
} lanes;

static inline void order(lanes *restrict a, lanes *restrict b)
{
    for (int i = 0; i < LANES; i++) {
        uint8_t low = a->at[i] < b->at[i] ? a->at[i] : b->at[i], high = a->at[i] < b->at[i] ? b->at[i] : a->at[i];
        a->at[i] = low;
        b->at[i] = high;
    }
}

// Brings the smallest to v[0] and the largest to v[n - 1].
static void settle(lanes *v, int n)
{
    for (int i = 0; i < n / 2; i++) order(&v[i], &v[n - 1 - i]);
    for (int i = 1; i < (n + 1) / 2; i++) order(&v[0], &v[i]);
    for (int i = n / 2; i < n - 1; i++) order(&v[i], &v[n - 1]);
}

// Of n values, the smallest and the largest of any n/2 + 2 are not the median: both are forgotten and the next value
// comes in, until three are left.
static void sorted_block(const rb_padded *in, const uint8_t *from, int side, int c, lanes *median)
{
    lanes v[KEPT];
    int total = side * side, n = total / 2 + 2, next = 0;
    for (; next < n; next++) memcpy(&v[next], from + next / side * in->stride + next % side * c, LANES);
    for (; next < total; next++) {
        settle(v, n--);
        memcpy(&v[0], from + next / side * in->stride + next % side * c, LANES);
    }
    settle(v, n);
    *median = v[1];
}

static void sort_row(const rb_padded *in, int y, int side, int c, ptrdiff_t row, uint8_t *out)
{
    for (ptrdiff_t i = 0; i < row; i += LANES) {
        lanes median;
        sorted_block(in, in->at + y * in->stride + i, side, c, &median);
        memcpy(out + i, &median, (size_t)(row - i < LANES ? row - i : LANES));
    }
}

typedef struct histogram {
    int count[256];
    int median, below; // how many are less than `median`
} histogram;

static void add_column(histogram *h, const uint8_t *at, ptrdiff_t stride, int side, int sign)
{
    for (int y = 0; y < side; y++, at += stride) {
        h->count[*at] += sign;
        if (*at < h->median) h->below += sign;
    }
}

static uint8_t middle(histogram *h, int half)
{
    while (h->below > half) h->below -= h->count[--h->median];
    while (h->below + h->count[h->median] <= half) h->below += h->count[h->median++];
    return (uint8_t)h->median;
}

static void slide_row(const rb_padded *in, int y, int side, int c, ptrdiff_t row, uint8_t *out)
{
    const uint8_t *top = in->at + y * in->stride;
    for (int k = 0; k < c; k++) {
        histogram h = {.median = 128};
        for (int x = 0; x < side - 1; x++) add_column(&h, top + x * c + k, in->stride, side, 1);
        for (ptrdiff_t i = k; i < row; i += c) {
            add_column(&h, top + i + (side - 1) * c, in->stride, side, 1);
            out[i] = middle(&h, side * side / 2);
            add_column(&h, top + i, in->stride, side, -1);
        }
    }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    int side = rb_draw_side(random, ((const median_blur *)cfg)->limit);
    rb_padded in = rb_pad(scratch, image, side / 2, RB_BORDER_REPEAT);
    ptrdiff_t row = (ptrdiff_t)image->w * image->c;
    for (int y = 0; y < image->h; y++)
        (side <= SORTED_SIDE ? sort_row : slide_row)(&in, y, side, image->c, row, image->pixels + y * row);
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    return rb_sides_sound(((const median_blur *)cfg)->limit, where, err);
}

static const rb_field fields[] = {
    {"blur_limit", RB_RANGE, offsetof(median_blur, limit), .preset = 3, .preset_high = 7, .min = 3,
     .max = RB_KERNEL_MAX, .pair = RB_PAIR_FROM_MIN, .unit = "pixels", .help = "side of the box, odd"},
    {0},
};

const rb_augment rb_augment_median_blur = {
    .name = "MedianBlur",
    .help = "take the median over a box",
    .p = 0.5,
    .cfg_bytes = sizeof(median_blur),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
