// SPDX-License-Identifier: Apache-2.0
#include "explore/compare.h"

#include <math.h>

#define PATCH  8 // pixels on a side
#define PIXELS (RB_THUMB * RB_THUMB)

typedef struct moments {
    double mean_a, mean_b, aa, bb, ab; // of squares and products the sums around the means
} moments;

// Whole numbers below 2^26: the sums are exact.
static moments moments_of(const uint8_t *a, const uint8_t *b)
{
    int32_t sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (int i = 0; i < PIXELS; i++) {
        sa += a[i], sb += b[i];
        saa += a[i] * a[i], sbb += b[i] * b[i], sab += a[i] * b[i];
    }
    double n = PIXELS, ma = sa / n, mb = sb / n;
    return (moments){ma, mb, saa - n * ma * ma, sbb - n * mb * mb, sab - n * ma * mb};
}

// a - mean_a = gain (b - mean_b) + rest, with the gain of least squares.
static double worst_patch(const uint8_t *a, const uint8_t *b, const moments *m)
{
    double gain = m->ab / m->bb, most = 0;
    for (int top = 0; top < RB_THUMB; top += PATCH)
        for (int left = 0; left < RB_THUMB; left += PATCH) {
            double sum = 0;
            for (int y = top; y < top + PATCH; y++)
                for (int i = y * RB_THUMB + left, end = i + PATCH; i < end; i++) {
                    double rest = a[i] - m->mean_a - gain * (b[i] - m->mean_b);
                    sum += rest * rest;
                }
            most = fmax(most, sum);
        }
    return sqrt(most / (PATCH * PATCH)) / sqrt(m->aa / PIXELS);
}

rb_agreement rb_thumb_compare(const uint8_t a[RB_THUMB * RB_THUMB], const uint8_t b[RB_THUMB * RB_THUMB])
{
    moments m = moments_of(a, b);
    if (m.aa <= 0 || m.bb <= 0) return (rb_agreement){0, INFINITY};
    return (rb_agreement){m.ab / sqrt(m.aa * m.bb), worst_patch(a, b, &m)};
}

double rb_thumb_spread(const uint8_t thumb[RB_THUMB * RB_THUMB])
{
    return sqrt(moments_of(thumb, thumb).aa / PIXELS);
}
