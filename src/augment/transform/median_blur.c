// SPDX-License-Identifier: Apache-2.0
// median_blur.c - the median over a k x k box, channel by channel.
//
// Small boxes are sorted, each exchange being a minimum and a maximum of bytes for many values at once. For 3 and 5
// every column of k pixels is sorted once and serves the k boxes that it is part of. Large boxes use a histogram that
// moves along the row (Huang, Yang & Tang, "A fast two-dimensional median filtering algorithm", 1979).
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

// ---- 3 and 5 -------------------------------------------------------------------------------------------------------

static inline void exchange(uint8_t *a, uint8_t *b)
{
    uint8_t low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

static inline void sort_3(uint8_t *v)
{
    exchange(&v[0], &v[1]), exchange(&v[1], &v[2]), exchange(&v[0], &v[1]);
}

static inline void sort_5(uint8_t *v)
{
    exchange(&v[0], &v[1]), exchange(&v[3], &v[4]), exchange(&v[2], &v[4]), exchange(&v[2], &v[3]);
    exchange(&v[1], &v[4]), exchange(&v[0], &v[3]), exchange(&v[0], &v[2]), exchange(&v[1], &v[3]);
    exchange(&v[1], &v[2]);
}

// The smallest of each column of 3 in the first row of `out`, the largest in the last.
static void sort_columns_3(const uint8_t *restrict in, ptrdiff_t stride, uint8_t *restrict out)
{
    for (ptrdiff_t i = 0; i < stride; i++) {
        uint8_t v[] = {in[i], in[stride + i], in[2 * stride + i]};
        sort_3(v);
        out[i] = v[0], out[stride + i] = v[1], out[2 * stride + i] = v[2];
    }
}

static void sort_columns_5(const uint8_t *restrict in, ptrdiff_t stride, uint8_t *restrict out)
{
    for (ptrdiff_t i = 0; i < stride; i++) {
        uint8_t v[] = {in[i], in[stride + i], in[2 * stride + i], in[3 * stride + i], in[4 * stride + i]};
        sort_5(v);
        for (int k = 0; k < 5; k++) out[k * stride + i] = v[k];
    }
}

// Three columns side by side, each rank sorted too: the median is the middle one of the largest of the smallest, the
// middle one of the middle, and the smallest of the largest.
static void medians_3(const uint8_t *restrict columns, ptrdiff_t stride, int c, ptrdiff_t row, uint8_t *restrict out)
{
    const uint8_t *restrict low = columns, *restrict middle = low + stride, *restrict high = middle + stride;
    for (ptrdiff_t i = 0; i < row; i++) {
        uint8_t l[] = {low[i], low[i + c], low[i + 2 * c]}, m[] = {middle[i], middle[i + c], middle[i + 2 * c]};
        uint8_t h[] = {high[i], high[i + c], high[i + 2 * c]};
        sort_3(l), sort_3(m), sort_3(h);
        uint8_t of_three[] = {l[2], m[1], h[0]};
        sort_3(of_three);
        out[i] = of_three[1];
    }
}

// Brings the smallest to v[0] and the largest to v[n - 1]. Inlined with a constant n.
static inline void settle_few(uint8_t *v, int n)
{
    for (int i = 0; i < n / 2; i++) exchange(&v[i], &v[n - 1 - i]);
    for (int i = 1; i < (n + 1) / 2; i++) exchange(&v[0], &v[i]);
    for (int i = n / 2; i < n - 1; i++) exchange(&v[i], &v[n - 1]);
}

// Of n values, the smallest and the largest of any n/2 + 2 are not the median: both are forgotten and the next value
// comes in, until three are left.
static inline uint8_t median_of_13(const uint8_t *all)
{
    uint8_t v[] = {all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7]};
    settle_few(v, 8), v[0] = all[8];
    settle_few(v, 7), v[0] = all[9];
    settle_few(v, 6), v[0] = all[10];
    settle_few(v, 5), v[0] = all[11];
    settle_few(v, 4), v[0] = all[12];
    settle_few(v, 3);
    return v[1];
}

// With ranks sorted too, r[i][j] is not below (i+1)(j+1) values and not above (5-i)(5-j). Where one of these is over 13
// it is not the median; as many are too small as too large, so that the median of the 13 others is that of all.
static void medians_5(const uint8_t *restrict columns, ptrdiff_t stride, int c, ptrdiff_t row, uint8_t *restrict out)
{
    for (ptrdiff_t i = 0; i < row; i++) {
        uint8_t r[5][5];
        for (int k = 0; k < 5; k++) {
            for (int x = 0; x < 5; x++) r[k][x] = columns[k * stride + i + x * c];
            sort_5(r[k]);
        }
        const uint8_t left[] = {r[0][3], r[0][4], r[1][2], r[1][3], r[1][4], r[2][1], r[2][2],
                                r[2][3], r[3][0], r[3][1], r[3][2], r[4][0], r[4][1]};
        out[i] = median_of_13(left);
    }
}

// ---- up to 7 -------------------------------------------------------------------------------------------------------

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

// As median_of_13.
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

// ---- large boxes ---------------------------------------------------------------------------------------------------

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
    uint8_t *columns = RB_NEW(scratch, uint8_t, in.stride * side);
    for (int y = 0; y < image->h; y++) {
        uint8_t *out = image->pixels + y * row;
        if (side == 3) {
            sort_columns_3(in.at + y * in.stride, in.stride, columns);
            medians_3(columns, in.stride, image->c, row, out);
        } else if (side == 5) {
            sort_columns_5(in.at + y * in.stride, in.stride, columns);
            medians_5(columns, in.stride, image->c, row, out);
        } else {
            (side <= SORTED_SIDE ? sort_row : slide_row)(&in, y, side, image->c, row, out);
        }
    }
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
