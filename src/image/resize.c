// SPDX-License-Identifier: Apache-2.0
// resize.c - stretches a picture to another size: nearest neighbour, and the choice of the others.
//
// Source: OpenCV 4.6, resize(); NEAREST takes the source pixel floor(x * scale)
#include "image/codec.h"

#include <assert.h>
#include <math.h>
#include <string.h>

const char *const rb_interpolation_names[] = {"bilinear", "nearest", "area", NULL};

// OpenCV inverts the ratio of sizes; its rounding must be ours.
static int nearest_of(int i, int in, int out)
{
    int at = (int)floor(i * (1 / ((double)out / in)));
    return at < in ? at : in - 1;
}

// Inlined with a constant c, so that the inner loop unrolls.
static inline void pick(const uint8_t *restrict in, const int *column, int w, int c, uint8_t *restrict out)
{
    for (int x = 0; x < w; x++, out += c)
        for (int k = 0; k < c; k++) out[k] = in[column[x] * c + k];
}

static void resize_nearest(rb_arena *scratch, const rb_image *in, rb_image *out)
{
    int *column = RB_NEW(scratch, int, out->w);
    for (int x = 0; x < out->w; x++) column[x] = nearest_of(x, in->w, out->w);
    for (int y = 0; y < out->h; y++) {
        const uint8_t *from = in->pixels + (ptrdiff_t)nearest_of(y, in->h, out->h) * in->w * in->c;
        uint8_t *to = out->pixels + (ptrdiff_t)y * out->w * out->c;
        if (in->c == 3)
            pick(from, column, out->w, 3, to);
        else
            pick(from, column, out->w, in->c, to);
    }
}

void rb_image_resize(rb_arena *scratch, const rb_image *in, rb_interpolation how, rb_image *out)
{
    assert(in->c == out->c && in->h > 0 && in->w > 0 && out->h > 0 && out->w > 0);
    bool shrinks = out->h <= in->h && out->w <= in->w;
    if (in->h == out->h && in->w == out->w)
        memcpy(out->pixels, in->pixels, (size_t)in->h * (size_t)in->w * (size_t)in->c);
    else if (how == RB_NEAREST)
        resize_nearest(scratch, in, out);
    else if (how == RB_AREA && shrinks)
        rb_resize_area(scratch, in, out);
    else
        rb_resize_bilinear(scratch, in, out);
}
