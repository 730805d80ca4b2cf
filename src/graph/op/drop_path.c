// SPDX-License-Identifier: Apache-2.0
// drop_path.c - stochastic depth: while training, a picture goes through a residual branch or around it.
//
// Source: Huang et al., "Deep Networks with Stochastic Depth", arXiv:1603.09382; scaled while training, as timm's
#include "graph/graph.h"

const rb_op rb_op_drop_path = {"drop_path", "zero whole pictures at random while training"};

rb_node *rb_drop_path(rb_graph *g, const rb_node *x, double p)
{
    if (!(p >= 0 && p < 1)) rb_graph_mistake(g, "drop path of %g is outside 0..1", p);
    rb_node *n = rb_node_new(g, &rb_op_drop_path, "", x, NULL, x->shape);
    rb_node_attr(g, n, &(rb_drop){p}, sizeof(rb_drop));
    return n;
}
