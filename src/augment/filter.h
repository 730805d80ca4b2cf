// SPDX-License-Identifier: Apache-2.0
// filter.h - what the pixel transforms share: sides of kernels, rounding, tables, borders, small correlations.
//
// Rounding is half to even and saturating, as OpenCV's saturate_cast; sums run in a fixed order, so that compilers
// agree to the byte.
#ifndef RB_AUGMENT_FILTER_H
#define RB_AUGMENT_FILTER_H

#include "augment/augment.h"
#include "augment/draw.h"
#include "augment/pixel.h"

#define RB_KERNEL_MAX 99 // the largest side of a kernel

static inline ptrdiff_t rb_value_count(const rb_image *image)
{
    return (ptrdiff_t)image->h * image->w * image->c;
}

// An odd side of a kernel, uniform among those between the ends, which are odd.
int rb_draw_side(rb_rng *random, rb_range limit);

// The ends of blur_limit are odd. Errors: USAGE
bool rb_sides_sound(rb_range limit, const char *where, rb_error *err) RB_CHECKED;

// Replaces every value by its entry.
void rb_table_apply(const uint8_t table[256], rb_image *image);

typedef enum rb_border {
    RB_BORDER_MIRROR, // OpenCV's REFLECT_101
    RB_BORDER_REPEAT, // OpenCV's REPLICATE
} rb_border;

// A copy with `reach` more pixels on each side; `at` is its corner. 64 bytes after its end may be read.
typedef struct rb_padded {
    const uint8_t *at;
    ptrdiff_t stride;
} rb_padded;
rb_padded rb_pad(rb_arena *scratch, const rb_image *image, int reach, rb_border border);

// Row y of a picture as floats, with `reach` mirrored pixels at each end; rows beyond the edges are mirrored too.
void rb_widen_row(const rb_image *image, int y, int reach, float *out);

// Grey levels from `count` numbers, which are within 2^22 of 0.
void rb_round_row(const float *in, ptrdiff_t count, uint8_t *out);

// Correlates each channel with a side x side kernel (odd), anchored at its centre, REFLECT_101.
//
// Owner:  the new pixels live in `scratch`
//
// Source: OpenCV, filter2D
void rb_correlate(rb_arena *scratch, const float *kernel, int side, rb_image *image);

#endif
