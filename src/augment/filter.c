// SPDX-License-Identifier: Apache-2.0
#include "augment/filter.h"

#include <string.h>

#define SLACK 64 // bytes that may be read after a padded copy

int rb_draw_side(rb_rng *random, rb_range limit)
{
    int low = (int)limit.low, high = (int)limit.high;
    return low + 2 * rb_rng_below(random, (high - low) / 2 + 1);
}

bool rb_sides_sound(rb_range limit, const char *where, rb_error *err)
{
    if (!rb_whole_ends(limit, "blur_limit", where, err)) return false;
    int even = (int)limit.low % 2 ? (int)limit.high : (int)limit.low;
    if (even % 2) return true;
    return rb_fail(err, RB_ERR_USAGE, "%s: blur_limit: %d is even; sides of kernels are odd", where, even);
}

void rb_table_apply(const uint8_t table[256], rb_image *image)
{
    int wide[256]; // compilers make gathers of look-ups of whole words
    for (int i = 0; i < 256; i++) wide[i] = table[i];
    uint8_t *restrict at = image->pixels;
    ptrdiff_t count = rb_value_count(image);
    for (ptrdiff_t i = 0; i < count; i++) at[i] = (uint8_t)wide[at[i]];
}

static int inside(int i, int n, rb_border border)
{
    if (border == RB_BORDER_MIRROR) return rb_reflect_101(i, n);
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

rb_padded rb_pad(rb_arena *scratch, const rb_image *image, int reach, rb_border border)
{
    int c = image->c;
    ptrdiff_t row = (ptrdiff_t)image->w * c, stride = row + (ptrdiff_t)2 * reach * c;
    uint8_t *copy = RB_NEW(scratch, uint8_t, stride * (image->h + 2 * reach) + SLACK);
    for (int y = -reach; y < image->h + reach; y++) {
        const uint8_t *from = image->pixels + inside(y, image->h, border) * row;
        uint8_t *to = copy + (y + reach) * stride + reach * c;
        memcpy(to, from, (size_t)row);
        for (int x = 1; x <= reach; x++) {
            memcpy(to - x * c, from + inside(-x, image->w, border) * c, (size_t)c);
            memcpy(to + row + (x - 1) * c, from + inside(image->w + x - 1, image->w, border) * c, (size_t)c);
        }
    }
    return (rb_padded){copy, stride};
}

void rb_widen_row(const rb_image *image, int y, int reach, float *out)
{
    int c = image->c, w = image->w;
    ptrdiff_t row = (ptrdiff_t)w * c;
    const uint8_t *from = image->pixels + rb_reflect_101(y, image->h) * row;
    float *restrict middle = out + reach * c;
    for (ptrdiff_t i = 0; i < row; i++) middle[i] = from[i];
    for (int x = 1; x <= reach; x++)
        for (int k = 0; k < c; k++) {
            out[(reach - x) * c + k] = from[rb_reflect_101(-x, w) * c + k];
            middle[row + (x - 1) * c + k] = from[rb_reflect_101(w + x - 1, w) * c + k];
        }
}

// Clipped as whole numbers: compilers make nothing good of rb_level here.
void rb_round_row(const float *restrict in, ptrdiff_t count, uint8_t *restrict out)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        int level = rb_nearest_whole(in[i]), below = level < 255 ? level : 255;
        out[i] = (uint8_t)(below > 0 ? below : 0);
    }
}

// The few taps of most kernels are added in registers: inlined with a constant n.
static inline void weigh(int n, const float *const *at, const float *weight, ptrdiff_t count, float *restrict out)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        float sum = 0;
        for (int k = 0; k < n; k++) sum += weight[k] * at[k][i];
        out[i] = sum;
    }
}

static void add_scaled(float weight, const float *restrict at, ptrdiff_t count, float *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += weight * at[i];
}

static void weigh_taps(int n, const float *const *at, const float *weight, ptrdiff_t count, float *sums)
{
    if (n == 1) weigh(1, at, weight, count, sums);
    if (n == 2) weigh(2, at, weight, count, sums);
    if (n == 3) weigh(3, at, weight, count, sums);
    if (n == 4) weigh(4, at, weight, count, sums);
    if (n == 5) weigh(5, at, weight, count, sums);
    if (n == 6) weigh(6, at, weight, count, sums);
    if (n == 7) weigh(7, at, weight, count, sums);
    if (n == 8) weigh(8, at, weight, count, sums);
    if (n >= 9) weigh(9, at, weight, count, sums);
    for (int k = 9; k < n; k++) add_scaled(weight[k], at[k], count, sums);
}

// Most kernels are thin lines or 3x3: taps of weight 0 are left out. The others are added in the order of the kernel,
// whatever the width of a vector register. The last `side` rows are kept as floats, in turn.
void rb_correlate(rb_arena *scratch, const float *kernel, int side, rb_image *image)
{
    ptrdiff_t row = (ptrdiff_t)image->w * image->c, stride = row + (ptrdiff_t)(side - 1) * image->c;
    float *rows = RB_NEW(scratch, float, stride *side), *sums = RB_NEW(scratch, float, row);
    float *weight = RB_NEW(scratch, float, side *side);
    const float **at = RB_NEW(scratch, const float *, side *side);
    uint8_t *out = RB_NEW(scratch, uint8_t, row * image->h);
    int reach = side / 2;
    for (int y = -reach; y < reach; y++) rb_widen_row(image, y, reach, rows + (y + reach) * stride);
    for (int y = 0; y < image->h; y++) {
        rb_widen_row(image, y + reach, reach, rows + (y + side - 1) % side * stride);
        int n = 0;
        for (int tap = 0; tap < side * side; tap++)
            if (kernel[tap] != 0) {
                at[n] = rows + (y + tap / side) % side * stride + tap % side * image->c;
                weight[n++] = kernel[tap];
            }
        weigh_taps(n, at, weight, row, sums);
        rb_round_row(sums, row, out + y * row);
    }
    image->pixels = out;
}
