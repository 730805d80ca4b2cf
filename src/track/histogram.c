// SPDX-License-Identifier: Apache-2.0
// histogram.c - histograms of weights and gradients: equal buckets between the least and the greatest value.
#include "track/track.h"

#include <math.h>

#define BUCKETS 30

typedef struct moments {
    double min, max, sum, squares;
    int64_t finite;
} moments;

static moments moments_of(const double *x, ptrdiff_t n)
{
    moments m = {INFINITY, -INFINITY, 0, 0, 0};
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        m.min = fmin(m.min, x[i]);
        m.max = fmax(m.max, x[i]);
        m.sum += x[i];
        m.squares += x[i] * x[i];
        m.finite++;
    }
    return m;
}

static void put_buckets(rb_json *j, const int64_t *count, int buckets, double left, double width)
{
    rb_json_open(j, "edges", '[');
    for (int i = 0; i < buckets; i++) rb_json_real(j, NULL, left + i * width);
    rb_json_close(j);
    rb_json_open(j, "counts", '[');
    for (int i = 0; i < buckets; i++) rb_json_integer(j, NULL, count[i]);
    rb_json_close(j);
}

// The first bucket is empty and ends at the minimum: a right end alone says where each bucket is.
void rb_histogram_to_json(rb_arena *scratch, rb_json *j, const double *x, ptrdiff_t n)
{
    moments m = moments_of(x, n);
    int64_t *count = RB_NEW(scratch, int64_t, BUCKETS + 1);
    double width = (m.max - m.min) / BUCKETS;
    bool one = m.finite && !(width > 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        int at = one ? 0 : (int)((x[i] - m.min) / width);
        count[1 + (at < BUCKETS ? at : BUCKETS - 1)]++;
    }
    rb_json_integer(j, "n", m.finite);
    rb_json_real(j, "min", m.finite ? m.min : 0);
    rb_json_real(j, "max", m.finite ? m.max : 0);
    rb_json_real(j, "sum", m.sum);
    rb_json_real(j, "squares", m.squares);
    put_buckets(j, count, !m.finite ? 0 : one ? 2 : BUCKETS + 1, m.min, one ? fmax(fabs(m.min), 1) * 1e-6 : width);
}
