// SPDX-License-Identifier: Apache-2.0
// middle.h - what a trial of an op puts between its other layers: the attributes, and the ops alone.
#ifndef RB_TESTS_OPS_MIDDLE_H
#define RB_TESTS_OPS_MIDDLE_H

#include "graph/graph.h"

typedef struct middle {
    rb_conv conv;
    rb_norm norm;
    rb_pool pool;
    double drop;
} middle;

static inline rb_node *conv(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_conv2d(g, "op", x, t->conv);
}

static inline rb_node *norm(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_batch_norm(g, "norm", x, t->norm);
}

static inline rb_node *relu(rb_graph *g, const rb_node *x, const middle *t)
{
    (void)t;
    return rb_relu(g, x);
}

static inline rb_node *silu(rb_graph *g, const rb_node *x, const middle *t)
{
    (void)t;
    return rb_silu(g, x);
}

static inline rb_node *max_pool(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_max_pool(g, x, t->pool);
}

static inline rb_node *mean_pool(rb_graph *g, const rb_node *x, const middle *t)
{
    (void)t;
    return rb_mean_pool(g, x);
}

static inline rb_node *dense(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_dense(g, "op", rb_mean_pool(g, x), t->conv.filters);
}

#endif
