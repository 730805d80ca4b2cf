// SPDX-License-Identifier: Apache-2.0
// input.c - where pictures enter: uint8 pixels, normalised by the plan.
#include "graph/graph.h"

const rb_op rb_op_input = {"input", "pictures"};

rb_node *rb_input(rb_graph *g, rb_shape shape)
{
    if (g->input) rb_graph_mistake(g, "the network has two inputs");
    rb_node *n = rb_node_new(g, &rb_op_input, "", NULL, NULL, shape);
    g->input = n;
    return n;
}
