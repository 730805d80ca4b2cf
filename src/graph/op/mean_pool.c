// SPDX-License-Identifier: Apache-2.0
// mean_pool.c - global average pooling: the mean over h and w.
#include "graph/graph.h"

const rb_op rb_op_mean_pool = {"mean_pool", "mean over h and w"};

rb_node *rb_mean_pool(rb_graph *g, const rb_node *x)
{
    return rb_node_new(g, &rb_op_mean_pool, "", x, NULL, (rb_shape){x->shape.c, 1, 1});
}
