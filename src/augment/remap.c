// SPDX-License-Identifier: Apache-2.0
#include "augment/remap.h"

typedef struct place {
    int whole;
    float part; // 0 <= part < 1
} place;

static inline place split(float at)
{
    at = rb_held(at);
    int whole = (int)at;
    whole -= (float)whole > at;
    return (place){whole, at - (float)whole};
}

// `c` is a constant where this is called, so that the loop over channels unrolls.
static inline void sample_row(const rb_image *in, int c, const float *x, const float *y, uint8_t *out)
{
    for (int j = 0; j < in->w; j++, out += c) {
        place u = split(x[j]), v = split(y[j]);
        ptrdiff_t left = (ptrdiff_t)rb_reflect_101(u.whole, in->w) * c;
        ptrdiff_t right = (ptrdiff_t)rb_reflect_101(u.whole + 1, in->w) * c;
        const uint8_t *above = in->pixels + (ptrdiff_t)rb_reflect_101(v.whole, in->h) * in->w * c;
        const uint8_t *under = in->pixels + (ptrdiff_t)rb_reflect_101(v.whole + 1, in->h) * in->w * c;
        for (int k = 0; k < c; k++) {
            float p = rb_between(above[left + k], above[right + k], u.part);
            float q = rb_between(under[left + k], under[right + k], u.part);
            out[k] = rb_level(rb_between(p, q, v.part));
        }
    }
}

void rb_remap(rb_arena *scratch, rb_image *image, rb_warp warp)
{
    int w = image->w, c = image->c;
    uint8_t *out = RB_NEW(scratch, uint8_t, (ptrdiff_t)image->h * w * c);
    float *x = RB_NEW(scratch, float, w), *y = RB_NEW(scratch, float, w);
    for (int i = 0; i < image->h; i++) {
        uint8_t *to = out + (ptrdiff_t)i * w * c;
        warp.row(warp.context, i, w, x, y);
        if (c == 3)
            sample_row(image, 3, x, y, to);
        else if (c == 1)
            sample_row(image, 1, x, y, to);
        else
            sample_row(image, c, x, y, to);
    }
    image->pixels = out;
}
