// SPDX-License-Identifier: Apache-2.0
// around.h - the network around an op of trials.h, and pictures for it. Include after check.h.
//
//     picture -> before (1x1) -> the op -> after (up to 5x5) -> mean -> last (dense) -> squared
//
// `before` shows the op's gradient by its input; what comes after gives each of its outputs a weight of its own. With
// few channels in, `before` is exact in float: sums of multiples of 2^-20.
#ifndef RB_TESTS_OPS_AROUND_H
#define RB_TESTS_OPS_AROUND_H

#include "ops/pair.h"
#include "ops/trials.h"

#define UNITS 3 // of the last layer

static inline const rb_node *finish(rb_graph *g, const rb_node *x, const trial *t)
{
    if (t->ending == NOTHING) return x;
    if (t->ending == MAPS) {
        int side = x->shape.h < x->shape.w ? x->shape.h : x->shape.w;
        if (side > 5) side = 5;
        x = rb_mean_pool(g, rb_conv2d(g, "after", x, (rb_conv){.filters = 5, .kernel = side, .stride = side}));
    }
    return rb_dense(g, "last", x, UNITS);
}

static inline const rb_graph *build(rb_arena *a, const trial *t, const rb_node **kept)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    const rb_node *x = rb_input(g, t->picture);
    if (t->channels) x = rb_conv2d(g, "before", x, (rb_conv){.filters = t->channels, .kernel = 1, .bias = true});
    *kept = x = t->build(g, x, &t->op);
    check_done(rb_graph_finish(g, finish(g, x, t), &err), err);
    return g;
}

static inline float content_of(content c, float value)
{
    switch (c) {
    case SPARSE:
        return value > 0.33F ? value : 0;
    case FAR:
        return 1000 + value / 2;
    default:
        return value;
    }
}

static inline const float *values_of(rb_arena *a, const trial *t, uint32_t which)
{
    ptrdiff_t count = t->batch * size_of(t->picture);
    const float *some = some_values(a, count, which);
    float *out = RB_NEW(a, float, count);
    for (ptrdiff_t i = 0; i < count; i++) out[i] = content_of(t->content, some[i]);
    return out;
}

#endif
