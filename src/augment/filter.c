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
    ptrdiff_t count = rb_value_count(image);
    for (ptrdiff_t i = 0; i < count; i++) image->pixels[i] = table[image->pixels[i]];
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

static void add_scaled(float weight, const uint8_t *restrict from, ptrdiff_t count, float *restrict sums)
{
    for (ptrdiff_t i = 0; i < count; i++) sums[i] += weight * (float)from[i];
}

// One row of sums at a time, tap after tap: the order of additions is that of the kernel, whatever the width of a
// vector register. Most kernels are thin lines or 3x3: taps of weight 0 are left out.
void rb_correlate(rb_arena *scratch, const float *kernel, int side, rb_image *image)
{
    rb_padded in = rb_pad(scratch, image, side / 2, RB_BORDER_MIRROR);
    ptrdiff_t row = (ptrdiff_t)image->w * image->c;
    float *sums = RB_NEW(scratch, float, row);
    for (int y = 0; y < image->h; y++) {
        memset(sums, 0, (size_t)row * sizeof *sums);
        for (int tap = 0; tap < side * side; tap++)
            if (kernel[tap] != 0) {
                const uint8_t *from = in.at + (y + tap / side) * in.stride + tap % side * image->c;
                add_scaled(kernel[tap], from, row, sums);
            }
        uint8_t *out = image->pixels + y * row;
        for (ptrdiff_t i = 0; i < row; i++) out[i] = rb_level(sums[i]);
    }
}
