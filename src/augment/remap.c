// SPDX-License-Identifier: Apache-2.0
//
// Plain loops over rows, each of which a compiler can make of gathers and other vector instructions: pixels are 32-bit
// words while they are sampled, and a row's places are whole numbers and parts before its pixels are looked at.
#include "augment/remap.h"

#include <assert.h>
#include <string.h>

// What a row of w pixels needs, in arrays of w.
typedef struct taps {
    int *left, *right;  // columns
    int *above, *under; // beginnings of rows
    float *u, *v;       // how far beyond `left` and `above`
    uint32_t *mixed;    // pixels of the result
} taps;

static taps taps_new(rb_arena *scratch, int w)
{
    return (taps){RB_NEW(scratch, int, w),     RB_NEW(scratch, int, w),   RB_NEW(scratch, int, w),
                  RB_NEW(scratch, int, w),     RB_NEW(scratch, float, w), RB_NEW(scratch, float, w),
                  RB_NEW(scratch, uint32_t, w)};
}

// Holds places and splits them into whole numbers and parts, 0 <= part < 1. False if some lie so far outside a line of
// n pixels that they are mirrored more than once.
static bool split(float *restrict at, int count, int n, int *restrict whole, float *restrict part)
{
    for (int j = 0; j < count; j++) at[j] = rb_held(at[j]); // a loop of its own: gcc 12 leaves both scalar in one
    int far = 0, last = n - 1;
    for (int j = 0; j < count; j++) {
        int toward_zero = (int)at[j], beyond = (float)toward_zero > at[j], w = toward_zero - beyond;
        whole[j] = w;
        part[j] = at[j] - (float)w;
        far |= (w < -last) | (w >= 2 * last);
    }
    return !far;
}

static inline int mirrored_once(int i, int last)
{
    int inside = i < 0 ? -i : i;
    return inside > last ? 2 * last - inside : inside;
}

// From whole numbers in `first` to the two indices of pixels that a place is between, times `step`.
static void find_pair(int *restrict first, int *restrict second, int count, int n, int step, bool near)
{
    if (near)
        for (int j = 0; j < count; j++) {
            int i = first[j];
            first[j] = mirrored_once(i, n - 1) * step;
            second[j] = mirrored_once(i + 1, n - 1) * step;
        }
    else
        for (int j = 0; j < count; j++) {
            int i = first[j];
            first[j] = rb_reflect_101(i, n) * step;
            second[j] = rb_reflect_101(i + 1, n) * step;
        }
}

static inline uint32_t mix(uint32_t a, uint32_t b, uint32_t c, uint32_t d, float u, float v, int shift)
{
    float p = rb_between((float)(int)(a >> shift & 255), (float)(int)(b >> shift & 255), u);
    float q = rb_between((float)(int)(c >> shift & 255), (float)(int)(d >> shift & 255), u);
    return (uint32_t)rb_nearest_whole(rb_between(p, q, v)) << shift;
}

static void mix_colours(const uint32_t *restrict pixels, const taps *t, int w)
{
    const int *left = t->left, *right = t->right, *above = t->above, *under = t->under;
    const float *u = t->u, *v = t->v;
    uint32_t *restrict out = t->mixed;
    for (int j = 0; j < w; j++) {
        uint32_t a = pixels[above[j] + left[j]], b = pixels[above[j] + right[j]];
        uint32_t c = pixels[under[j] + left[j]], d = pixels[under[j] + right[j]];
        out[j] = mix(a, b, c, d, u[j], v[j], 0) | mix(a, b, c, d, u[j], v[j], 8) | mix(a, b, c, d, u[j], v[j], 16);
    }
}

static void mix_greys(const uint32_t *restrict pixels, const taps *t, int w)
{
    const int *left = t->left, *right = t->right, *above = t->above, *under = t->under;
    const float *u = t->u, *v = t->v;
    uint32_t *restrict out = t->mixed;
    for (int j = 0; j < w; j++) {
        uint32_t a = pixels[above[j] + left[j]], b = pixels[above[j] + right[j]];
        uint32_t c = pixels[under[j] + left[j]], d = pixels[under[j] + right[j]];
        out[j] = mix(a, b, c, d, u[j], v[j], 0);
    }
}

// Pixels as words, the first channel lowest; of three channels the fourth byte is that of a neighbour, or anything.
static const uint32_t *words_of(rb_arena *scratch, const rb_image *in)
{
    ptrdiff_t count = (ptrdiff_t)in->h * in->w;
    uint32_t *words = RB_NEW(scratch, uint32_t, count);
    if (in->c == 1) {
        for (ptrdiff_t i = 0; i < count; i++) words[i] = in->pixels[i];
        return words;
    }
    for (ptrdiff_t i = 0; i < count - 1; i++) memcpy(&words[i], in->pixels + 3 * i, 4);
    memcpy(&words[count - 1], in->pixels + 3 * (count - 1), 3);
    return words;
}

// May write a byte after the row.
static void store(const uint32_t *restrict words, int w, int c, uint8_t *restrict out)
{
    if (c == 1)
        for (int j = 0; j < w; j++) out[j] = (uint8_t)words[j];
    else
        for (int j = 0; j < w; j++) memcpy(out + 3 * j, &words[j], 4);
}

void rb_remap(rb_arena *scratch, rb_image *image, rb_warp warp)
{
    int h = image->h, w = image->w, c = image->c;
    assert(c == 1 || c == 3);
    const uint32_t *pixels = words_of(scratch, image);
    uint8_t *out = RB_NEW(scratch, uint8_t, (ptrdiff_t)h * w * c + 1);
    float *x = RB_NEW(scratch, float, w), *y = RB_NEW(scratch, float, w);
    taps t = taps_new(scratch, w);
    for (int i = 0; i < h; i++) {
        warp.row(warp.context, i, w, x, y);
        find_pair(t.left, t.right, w, w, 1, split(x, w, w, t.left, t.u));
        find_pair(t.above, t.under, w, h, w, split(y, w, h, t.above, t.v));
        (c == 3 ? mix_colours : mix_greys)(pixels, &t, w);
        store(t.mixed, w, c, out + (ptrdiff_t)i * w * c);
    }
    image->pixels = out;
}
