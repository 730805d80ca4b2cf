// SPDX-License-Identifier: Apache-2.0
// max_pool.c - the largest value of each window; padding counts as minus infinity.
#include "graph/graph.h"

const rb_op rb_op_max_pool = {"max_pool", "largest value of a window"};

rb_node *rb_max_pool(rb_graph *g, const rb_node *x, rb_pool pool)
{
    rb_shape shape = {x->shape.c, rb_window_out(x->shape.h, pool.kernel, pool.stride, pool.padding),
                      rb_window_out(x->shape.w, pool.kernel, pool.stride, pool.padding)};
    rb_node *n = rb_node_new(g, &rb_op_max_pool, "", x, NULL, shape);
    rb_node_attr(g, n, &pool, sizeof pool);
    return n;
}
