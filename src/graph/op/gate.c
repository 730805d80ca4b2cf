// SPDX-License-Identifier: Apache-2.0
// gate.c - x times a factor between 0 and 1 for each channel, sigmoid(s): the end of a squeeze-and-excitation.
//
// Source: Hu et al., "Squeeze-and-Excitation Networks", arXiv:1709.01507, equations 3 and 4
#include "graph/graph.h"

const rb_op rb_op_gate = {"gate", "x sigmoid(s), s by channel"};

rb_node *rb_gate(rb_graph *g, const rb_node *x, const rb_node *s)
{
    if (s->shape.c != x->shape.c || s->shape.h != 1 || s->shape.w != 1)
        rb_graph_mistake(g, "%dx%dx%d cannot gate %d channels", s->shape.c, s->shape.h, s->shape.w, x->shape.c);
    return rb_node_new(g, &rb_op_gate, "", x, s, x->shape);
}
