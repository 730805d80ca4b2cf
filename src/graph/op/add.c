// SPDX-License-Identifier: Apache-2.0
// add.c - x + y, the joint of a residual branch.
#include "graph/graph.h"

const rb_op rb_op_add = {"add", "x + y"};

rb_node *rb_add(rb_graph *g, const rb_node *x, const rb_node *y)
{
    if (x->shape.c != y->shape.c || x->shape.h != y->shape.h || x->shape.w != y->shape.w)
        rb_graph_mistake(g, "cannot add %dx%dx%d to %dx%dx%d", x->shape.c, x->shape.h, x->shape.w, y->shape.c,
                         y->shape.h, y->shape.w);
    return rb_node_new(g, &rb_op_add, "", x, y, x->shape);
}
