// SPDX-License-Identifier: Apache-2.0
// relu.c - max(x, 0).
#include "graph/graph.h"

const rb_op rb_op_relu = {"relu", "max(x, 0)"};

rb_node *rb_relu(rb_graph *g, const rb_node *x)
{
    return rb_node_new(g, &rb_op_relu, "", x, NULL, x->shape);
}
