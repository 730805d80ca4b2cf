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

// A place on a line of n pixels mirrored about its ends: 0 <= result <= n - 1.
static float folded(float at, int n)
{
    if (n == 1) return 0;
    float last = (float)(n - 1), away = fabsf(rb_held(at));
    if (away > 2 * last) away = fmodf(away, 2 * last);
    return away <= last ? away : 2 * last - away;
}

static void sample(const map *m, float *x, float *y)
{
    float right = folded(*x, m->w), down = folded(*y, m->h);
    int a = (int)right, b = (int)down, after = a + 1 < m->w ? 1 : 0;
    float u = right - (float)a, v = down - (float)b;
    ptrdiff_t above = (ptrdiff_t)b * m->w + a, under = b + 1 < m->h ? above + m->w : above;
    *x =
        rb_between(rb_between(m->x[above], m->x[above + after], u), rb_between(m->x[under], m->x[under + after], u), v);
    *y =
        rb_between(rb_between(m->y[above], m->y[above + after], u), rb_between(m->y[under], m->y[under + after], u), v);
}

rb_warp rb_compose(rb_arena *scratch, rb_warp first, rb_warp then, int h, int w)
{
    const map *from = evaluated(scratch, first, h, w);
    map *both = map_new(scratch, h, w);
    for (int i = 0; i < h; i++) {
        float *x = both->x + (ptrdiff_t)i * w, *y = both->y + (ptrdiff_t)i * w;
        then.row(then.context, i, w, x, y);
        for (int j = 0; j < w; j++) sample(from, &x[j], &y[j]);
    }
    return (rb_warp){row_of_map, both};
}
