// SPDX-License-Identifier: Apache-2.0
// sampled.h - a picture sampled at places in double, slow and plain: the oracle of geometric transforms.
#ifndef RB_TESTS_SAMPLED_H
#define RB_TESTS_SAMPLED_H

#include "augments.h"

static const double pi = 3.14159265358979323846;

// A line mirrored about its ends, by walking: slow and plain.
static inline int mirrored(long i, int n)
{
    if (n == 1) return 0;
    while (i < 0 || i >= n) i = i < 0 ? -i : 2L * (n - 1) - i;
    return (int)i;
}

static inline double pixel(const rb_image *in, long i, long j, int k)
{
    return in->pixels[((ptrdiff_t)mirrored(i, in->h) * in->w + mirrored(j, in->w)) * in->c + k];
}

static inline double sampled(const rb_image *in, double x, double y, int k)
{
    long a = (long)floor(x), b = (long)floor(y);
    double u = x - (double)a, v = y - (double)b;
    return (1 - v) * ((1 - u) * pixel(in, b, a, k) + u * pixel(in, b, a + 1, k)) +
           v * ((1 - u) * pixel(in, b + 1, a, k) + u * pixel(in, b + 1, a + 1, k));
}

typedef struct field {
    double *x, *y; // [h w]
} field;

static inline field new_field(rb_arena *a, const rb_image *in)
{
    return (field){RB_NEW(a, double, (ptrdiff_t)in->h * in->w), RB_NEW(a, double, (ptrdiff_t)in->h * in->w)};
}

// One grey level: places are float, so that a value just beside a half may round the other way.
static inline void check_sampled(const char *what, const rb_image *got, const rb_image *in, field at)
{
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++)
            for (int k = 0; k < in->c; k++) {
                double want = sampled(in, at.x[i * in->w + j], at.y[i * in->w + j], k);
                int have = got->pixels[(i * in->w + j) * in->c + k];
                if (!(fabs(have - nearbyint(want)) <= 1))
                    fail_msg("%s %dx%dx%d [%d %d %d]: %d, not %.4f", what, in->h, in->w, in->c, i, j, k, have, want);
            }
}

#endif
