// SPDX-License-Identifier: Apache-2.0
#include "augment/compose.h"

#include <math.h>
#include <string.h>

typedef struct map {
    float *x, *y; // [h w]
    int h, w;
} map;

static map *map_new(rb_arena *scratch, int h, int w)
{
    map *m = RB_NEW(scratch, map, 1);
    *m = (map){RB_NEW(scratch, float, (ptrdiff_t)h *w), RB_NEW(scratch, float, (ptrdiff_t)h *w), h, w};
    return m;
}

static void row_of_map(const void *context, int i, int width, float *x, float *y)
{
    const map *m = context;
    memcpy(x, m->x + (ptrdiff_t)i * width, (size_t)width * sizeof *x);
    memcpy(y, m->y + (ptrdiff_t)i * width, (size_t)width * sizeof *y);
}

static const map *evaluated(rb_arena *scratch, rb_warp warp, int h, int w)
{
    if (warp.row == row_of_map) return warp.context;
    map *m = map_new(scratch, h, w);
    for (int i = 0; i < h; i++) warp.row(warp.context, i, w, m->x + (ptrdiff_t)i * w, m->y + (ptrdiff_t)i * w);
    return m;
}

// Mirrors places about the ends of a line of n pixels: 0 <= result <= n - 1.
static void fold(float *restrict at, int count, int n)
{
    float last = (float)(n - 1);
    int far = 0;
    for (int j = 0; j < count; j++) at[j] = fabsf(rb_held(at[j]));
    for (int j = 0; j < count; j++) far |= at[j] > 2 * last;
    if (far)
        for (int j = 0; j < count; j++) at[j] = n > 1 ? fmodf(at[j], 2 * last) : 0;
    for (int j = 0; j < count; j++) {
        float back = 2 * last - at[j];
        at[j] = at[j] > last ? back : at[j];
    }
}

// The two indices that folded places on a line of n are between, times `step`, and how far beyond the first.
static void split(const float *restrict at, int count, int n, int step, int *restrict first, int *restrict second,
                  float *restrict part)
{
    for (int j = 0; j < count; j++) {
        int whole = (int)at[j];
        part[j] = at[j] - (float)whole;
        first[j] = whole * step;
        second[j] = (whole + (whole < n - 1)) * step;
    }
}

// What a row needs, in arrays as long as it.
typedef struct corners {
    int *left, *right, *above, *under;
    float *u, *v;
} corners;

static corners corners_new(rb_arena *scratch, int w)
{
    return (corners){RB_NEW(scratch, int, w), RB_NEW(scratch, int, w),   RB_NEW(scratch, int, w),
                     RB_NEW(scratch, int, w), RB_NEW(scratch, float, w), RB_NEW(scratch, float, w)};
}

static void sample(const float *restrict from, const corners *c, int count, float *restrict out)
{
    const int *left = c->left, *right = c->right, *above = c->above, *under = c->under;
    const float *u = c->u, *v = c->v;
    for (int j = 0; j < count; j++) {
        float p = rb_between(from[above[j] + left[j]], from[above[j] + right[j]], u[j]);
        float q = rb_between(from[under[j] + left[j]], from[under[j] + right[j]], u[j]);
        out[j] = rb_between(p, q, v[j]);
    }
}

rb_warp rb_compose(rb_arena *scratch, rb_warp first, rb_warp then, int h, int w)
{
    const map *from = evaluated(scratch, first, h, w);
    map *both = map_new(scratch, h, w);
    corners c = corners_new(scratch, w);
    for (int i = 0; i < h; i++) {
        float *x = both->x + (ptrdiff_t)i * w, *y = both->y + (ptrdiff_t)i * w;
        then.row(then.context, i, w, x, y);
        fold(x, w, w);
        fold(y, w, h);
        split(x, w, w, 1, c.left, c.right, c.u);
        split(y, w, h, w, c.above, c.under, c.v);
        sample(from->x, &c, w, x);
        sample(from->y, &c, w, y);
    }
    return (rb_warp){row_of_map, both};
}
