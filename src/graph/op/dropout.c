// SPDX-License-Identifier: Apache-2.0
// dropout.c - training: zero with probability p, else x / (1 - p); evaluation: x.
#include "graph/graph.h"

const rb_op rb_op_dropout = {"dropout", "zero at random while training"};

rb_node *rb_dropout(rb_graph *g, const rb_node *x, double p)
{
    if (!(p >= 0 && p < 1)) rb_graph_mistake(g, "dropout of %g is outside 0..1", p);
    rb_node *n = rb_node_new(g, &rb_op_dropout, "", x, NULL, x->shape);
    rb_node_attr(g, n, &(rb_drop){p}, sizeof(rb_drop));
    return n;
}
