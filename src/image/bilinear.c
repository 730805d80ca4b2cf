// SPDX-License-Identifier: Apache-2.0
// bilinear.c - two taps each way in integers, bit for bit as OpenCV's 8-bit INTER_LINEAR.
//
// Source position of result i: (i + 0.5) * scale - 0.5. Weights have 11 bits. A row is first stretched sideways and
// kept with 7 of the 11 bits; two kept rows then give a row of the result.
//
// Source: OpenCV 4.6, resize(), fixed-point path
#include "image/codec.h"

#include <math.h>

#define ONE 2048 // weight 1

typedef struct tap {
    int first, second; // source indices
    int16_t w_first, w_second;
} tap;

static int clamped(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

// A position outside the centres of the first and last pixels falls to the outermost one. Sideways OpenCV then gives it
// the whole weight, up and down it keeps the two weights on the same row: the roundings differ.
static void make_taps(tap *taps, int in, int out, bool whole_at_ends)
{
    const double scale = 1 / ((double)out / in);
    for (int i = 0; i < out; i++) {
        float part = (float)((i + 0.5) * scale - 0.5);
        int at = (int)floorf(part);
        part -= (float)at;
        if (whole_at_ends && (at < 0 || at >= in - 1)) part = 0;
        taps[i] =
            (tap){clamped(at, in), clamped(at + 1, in), (int16_t)lrintf((1 - part) * ONE), (int16_t)lrintf(part * ONE)};
    }
}

// Inlined with a constant c, so that the inner loop unrolls.
static inline void stretch(const uint8_t *restrict in, const tap *taps, int w, int c, int16_t *restrict out)
{
    for (int x = 0; x < w; x++, out += c) {
        const tap t = taps[x];
        const uint8_t *first = in + t.first * c, *second = in + t.second * c;
        for (int k = 0; k < c; k++) out[k] = (int16_t)((first[k] * t.w_first + second[k] * t.w_second) >> 4);
    }
}

static void stretch_row(const rb_image *in, int y, const tap *taps, int w, int16_t *out)
{
    const uint8_t *row = in->pixels + (ptrdiff_t)y * in->w * in->c;
    if (in->c == 3)
        stretch(row, taps, w, 3, out);
    else
        stretch(row, taps, w, in->c, out);
}

static void mix_rows(const int16_t *restrict first, const int16_t *restrict second, tap t, int n, uint8_t *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] = (uint8_t)(((first[i] * t.w_first >> 16) + (second[i] * t.w_second >> 16) + 2) >> 2);
}

void rb_resize_bilinear(rb_arena *scratch, const rb_image *in, rb_image *out)
{
    const int n = out->w * out->c;
    tap *across = RB_NEW(scratch, tap, out->w), *down = RB_NEW(scratch, tap, out->h);
    make_taps(across, in->w, out->w, true);
    make_taps(down, in->h, out->h, false);

    // Neighbouring rows differ in parity: each row has its place, and stays there until the next of its parity.
    int16_t *row[2] = {RB_NEW(scratch, int16_t, n), RB_NEW(scratch, int16_t, n)};
    int held[2] = {-1, -1};
    for (int y = 0; y < out->h; y++) {
        const int wanted[2] = {down[y].first, down[y].second};
        for (int k = 0; k < 2; k++) {
            int place = wanted[k] & 1;
            if (held[place] != wanted[k]) stretch_row(in, wanted[k], across, out->w, row[place]);
            held[place] = wanted[k];
        }
        mix_rows(row[wanted[0] & 1], row[wanted[1] & 1], down[y], n, out->pixels + (ptrdiff_t)y * n);
    }
}
