// SPDX-License-Identifier: Apache-2.0
// batch_norm.c - batch normalisation over n, h, w.
//
// Source: Ioffe & Szegedy, arXiv:1502.03167; running statistics as PyTorch's BatchNorm2d
#include "graph/graph.h"

const rb_op rb_op_batch_norm = {"batch_norm", "batch normalisation"};

rb_node *rb_batch_norm(rb_graph *g, const char *name, const rb_node *x, rb_norm norm)
{
    norm.frozen |= g->freezing && !g->statistics_move;
    rb_node *n = rb_node_new(g, &rb_op_batch_norm, name, x, NULL, x->shape);
    rb_node_attr(g, n, &norm, sizeof norm);
    rb_param *weight = rb_node_param(g, n, "weight", 1, &x->shape.c);
    weight->init = norm.zero_init ? RB_INIT_ZERO : RB_INIT_ONE;
    rb_node_param(g, n, "bias", 1, &x->shape.c);
    rb_param *mean = rb_node_param(g, n, "running_mean", 1, &x->shape.c);
    rb_param *var = rb_node_param(g, n, "running_var", 1, &x->shape.c);
    var->init = RB_INIT_ONE;
    mean->trained = var->trained = false;
    return n;
}
