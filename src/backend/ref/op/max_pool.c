// SPDX-License-Identifier: Apache-2.0
// max_pool.c - the largest value of each window; padding counts as minus infinity. Of equals the first in row-major
// order is the one that gets the gradient, as in PyTorch; a NaN is larger than everything.
#include "backend/ref/ref.h"

#include <math.h>

static int least(int a, int b)
{
    return a < b ? a : b;
}

// Where in a plane of x the maximum of output (r, q) is.
static ptrdiff_t place_of(const rb_pool *pool, rb_shape in, const double *x, int r, int q)
{
    int top = r * pool->stride - pool->padding, left = q * pool->stride - pool->padding;
    int bottom = least(top + pool->kernel, in.h), right = least(left + pool->kernel, in.w);
    if (top < 0) top = 0;
    if (left < 0) left = 0;
    ptrdiff_t best = (ptrdiff_t)top * in.w + left;
    for (int v = top; v < bottom; v++)
        for (ptrdiff_t i = (ptrdiff_t)v * in.w + left; i < (ptrdiff_t)v * in.w + right; i++)
            if (x[i] > x[best] || (isnan(x[i]) && !isnan(x[best]))) best = i;
    return best;
}

// Calls visit(step, output, input) with the places of each output and its maximum.
static void walk(const rb_ref_plan *p, const rb_ref_step *s,
                 void (*visit)(const rb_ref_step *s, ptrdiff_t y_at, ptrdiff_t x_at))
{
    rb_shape in = s->node->input[0]->shape, out = s->node->shape;
    ptrdiff_t at = 0;
    for (int plane = 0; plane < p->feed.n * out.c; plane++) {
        ptrdiff_t base = plane * rb_ref_area(in);
        for (int r = 0; r < out.h; r++)
            for (int q = 0; q < out.w; q++) visit(s, at++, base + place_of(s->node->attr, in, s->x[0] + base, r, q));
    }
}

static void take(const rb_ref_step *s, ptrdiff_t y_at, ptrdiff_t x_at)
{
    s->y[y_at] = s->x[0][x_at];
}

static void give(const rb_ref_step *s, ptrdiff_t y_at, ptrdiff_t x_at)
{
    s->dx[0][x_at] += s->dy[y_at];
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    walk(p, s, take);
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    walk(p, s, give);
}

const rb_ref_op rb_ref_max_pool = {&rb_op_max_pool, forward, backward};
