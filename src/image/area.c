// SPDX-License-Identifier: Apache-2.0
// area.c - shrinks a picture: every result is the mean of the source area that it covers.
//
// Result i covers [i * scale, (i + 1) * scale) of the source; a source pixel counts by how much of it is covered.
//
// Source: OpenCV 4.6, resize(), INTER_AREA
#include "image/codec.h"

#include <math.h>
#include <string.h>

// The source pixels first .. first + count - 1 and their weights, which sum to 1.
typedef struct span {
    int first, count;
    const float *weight;
} span;

static span *make_spans(rb_arena *scratch, int in, int out)
{
    const double scale = (double)in / out;
    span *spans = RB_NEW(scratch, span, out);
    float *weight = RB_NEW(scratch, float, (ptrdiff_t)in + 2 * (ptrdiff_t)out);
    for (int i = 0; i < out; i++) {
        double from = i * scale, to = fmin(from + scale, in);
        int first = (int)from, last = (int)fmin(ceil(to), in);
        spans[i] = (span){first, last - first, weight};
        for (int s = first; s < last; s++) *weight++ = (float)((fmin(to, s + 1) - fmax(from, s)) / (to - from));
    }
    return spans;
}

// Inlined with a constant c, so that the inner loops unroll.
static inline void shrink(const uint8_t *restrict in, const span *spans, int w, int c, float *restrict out)
{
    for (int x = 0; x < w; x++, out += c) {
        const uint8_t *from = in + spans[x].first * c;
        for (int k = 0; k < c; k++) out[k] = 0;
        for (int s = 0; s < spans[x].count; s++, from += c)
            for (int k = 0; k < c; k++) out[k] += spans[x].weight[s] * (float)from[k];
    }
}

static void shrink_row(const rb_image *in, int y, const span *spans, int w, float *out)
{
    const uint8_t *row = in->pixels + (ptrdiff_t)y * in->w * in->c;
    if (in->c == 3)
        shrink(row, spans, w, 3, out);
    else
        shrink(row, spans, w, in->c, out);
}

void rb_resize_area(rb_arena *scratch, const rb_image *in, rb_image *out)
{
    const int n = out->w * out->c;
    const span *across = make_spans(scratch, in->w, out->w), *down = make_spans(scratch, in->h, out->h);
    float *row = RB_NEW(scratch, float, n), *sum = RB_NEW(scratch, float, n);
    int held = -1; // the row on the border of two results serves both
    for (int y = 0; y < out->h; y++) {
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int s = 0; s < down[y].count; s++) {
            int wanted = down[y].first + s;
            if (held != wanted) shrink_row(in, wanted, across, out->w, row);
            held = wanted;
            for (int i = 0; i < n; i++) sum[i] += down[y].weight[s] * row[i];
        }
        uint8_t *to = out->pixels + (ptrdiff_t)y * n;
        for (int i = 0; i < n; i++) to[i] = (uint8_t)(sum[i] + 0.5f);
    }
}
