// SPDX-License-Identifier: Apache-2.0
// gaussian_blur.c - a Gaussian kernel along the rows, then along the columns.
//
// A side of 0 follows from sigma, a sigma of 0 from the side. Where both may be 0, sides begin at 3.
//
// Draws: the side, any whole number between the ends, even ones made odd by adding 1; sigma.
// Source: Albumentations 1.x, GaussianBlur; OpenCV, GaussianBlur and getGaussianKernel (REFLECT_101)
#include "augment/filter.h"

#include <math.h>
#include <string.h>

#define SIGMA_MAX 16 // its kernel has 97 taps

typedef struct gaussian_blur {
    rb_range side, sigma;
} gaussian_blur;

// OpenCV's small kernels where sigma is not given: halves, from the centre outwards.
static const float small[][5] = {
    {1},
    {2 / 4.f, 1 / 4.f},
    {6 / 16.f, 4 / 16.f, 1 / 16.f},
    {18 / 64.f, 14 / 64.f, 7 / 64.f, 2 / 64.f},
    {60 / 256.f, 51 / 256.f, 30 / 256.f, 13 / 256.f, 4 / 256.f},
};

// w_i = exp(-i^2 / (2 sigma^2)), divided by their sum; w[0] is the centre.
static void weigh(double sigma, int reach, float *w)
{
    double raw[RB_KERNEL_MAX / 2 + 1], sum = 0;
    for (int i = 0; i <= reach; i++) {
        raw[i] = exp(-i * i / (2 * sigma * sigma));
        sum += i ? 2 * raw[i] : raw[i];
    }
    for (int i = 0; i <= reach; i++) w[i] = (float)(raw[i] / sum);
}

static int draw_side(rb_rng *random, const gaussian_blur *g)
{
    rb_range limit = g->side;
    if (limit.low < 1 && g->sigma.low <= 0) limit = (rb_range){3, limit.high > 3 ? limit.high : 3};
    int side = rb_draw_whole(random, limit);
    return side ? side | 1 : 0;
}

// w[0] in[0] + w[1] (in[1] + in[2]) + w[2] (in[3] + in[4]) + ...: taps that weigh the same are one product. Inlined
// with a constant reach.
static inline void weigh_pairs(int reach, const float *w, const float *const *in, ptrdiff_t count, float *restrict out)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        float sum = w[0] * in[0][i];
        for (int k = 1; k <= reach; k++) sum += w[k] * (in[2 * k - 1][i] + in[2 * k][i]);
        out[i] = sum;
    }
}

static void add_pair(float w, const float *restrict a, const float *restrict b, ptrdiff_t count, float *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += w * (a[i] + b[i]);
}

// in: the centre, then one before it, one after it, two before it, ...
static void filter_line(int reach, const float *w, const float *const *in, ptrdiff_t count, float *out)
{
    int together = reach < 4 ? reach : 3;
    if (together == 0) weigh_pairs(0, w, in, count, out);
    if (together == 1) weigh_pairs(1, w, in, count, out);
    if (together == 2) weigh_pairs(2, w, in, count, out);
    if (together == 3) weigh_pairs(3, w, in, count, out);
    for (int k = 4; k <= reach; k++) add_pair(w[k], in[2 * k - 1], in[2 * k], count, out);
}

// Along a row of the picture, then across the rows that came of it, of which the last 2 reach + 1 are kept.
static void convolve(rb_arena *scratch, const float *w, int reach, rb_image *image)
{
    int c = image->c, h = image->h, side = 2 * reach + 1;
    ptrdiff_t row = (ptrdiff_t)image->w * c;
    float *wide = RB_NEW(scratch, float, row + (ptrdiff_t)2 * reach * c), *rows = RB_NEW(scratch, float, row *side);
    float *sums = RB_NEW(scratch, float, row);
    uint8_t *out = RB_NEW(scratch, uint8_t, row * h);
    const float *in[RB_KERNEL_MAX];
    for (int y = -reach; y < h + reach; y++) {
        rb_widen_row(image, y, reach, wide);
        for (int k = 0; k <= reach; k++) {
            in[k ? 2 * k - 1 : 0] = wide + (reach - k) * c;
            in[2 * k] = wide + (reach + k) * c;
        }
        filter_line(reach, w, in, row, rows + (y + reach) % side * row);
        int middle = y - reach; // all of its rows are there
        if (middle < 0) continue;
        for (int k = 0; k <= reach; k++) {
            in[k ? 2 * k - 1 : 0] = rows + (middle + reach - k) % side * row;
            in[2 * k] = rows + (middle + reach + k) % side * row;
        }
        filter_line(reach, w, in, row, sums);
        rb_round_row(sums, row, out + middle * row);
    }
    image->pixels = out;
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    const gaussian_blur *g = cfg;
    int side = draw_side(random, g);
    double sigma = rb_draw(random, g->sigma);
    if (!side) side = (int)lrint(6 * sigma + 1) | 1;
    int reach = side / 2;
    float w[RB_KERNEL_MAX / 2 + 1];
    if (sigma <= 0 && side <= 9)
        memcpy(w, small[reach], sizeof small[reach]);
    else
        weigh(sigma > 0 ? sigma : 0.3 * ((side - 1) * 0.5 - 1) + 0.8, reach, w);
    convolve(scratch, w, reach, image);
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    rb_range side = ((const gaussian_blur *)cfg)->side; // an end of 0 is no side
    return rb_sides_sound((rb_range){side.low < 1 ? 1 : side.low, side.high < 1 ? 1 : side.high}, where, err);
}

static const rb_field fields[] = {
    {"blur_limit", RB_RANGE, offsetof(gaussian_blur, side), .preset = 3, .preset_high = 7, .min = 0,
     .max = RB_KERNEL_MAX, .pair = RB_PAIR_FROM_MIN, .unit = "pixels",
     .help = "side of the kernel, made odd; 0: from sigma"},
    {"sigma_limit", RB_RANGE, offsetof(gaussian_blur, sigma), .preset = 0, .preset_high = 0, .min = 0, .max = SIGMA_MAX,
     .pair = RB_PAIR_FROM_MIN, .unit = "pixels", .help = "standard deviation of the kernel; 0: from its side"},
    {0},
};

const rb_augment rb_augment_gaussian_blur = {
    .name = "GaussianBlur",
    .help = "blur with a Gaussian kernel",
    .p = 0.5,
    .cfg_bytes = sizeof(gaussian_blur),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
