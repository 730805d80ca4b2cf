// SPDX-License-Identifier: Apache-2.0
// dense.c - y = W x + b on pooled features.
//
// Source: PyTorch's Linear, its initial values too
#include "graph/graph.h"

#include <math.h>

const rb_op rb_op_dense = {"dense", "W x + b"};

rb_node *rb_dense(rb_graph *g, const char *name, const rb_node *x, int units)
{
    if (x->shape.h != 1 || x->shape.w != 1) rb_graph_mistake(g, "%s: its input is not pooled", name);
    rb_node *n = rb_node_new(g, &rb_op_dense, name, x, NULL, (rb_shape){units, 1, 1});
    int dims[] = {units, x->shape.c};
    rb_param *weight = rb_node_param(g, n, "weight", 2, dims), *bias = rb_node_param(g, n, "bias", 1, dims);
    weight->init = bias->init = RB_INIT_UNIFORM;
    weight->init_scale = bias->init_scale = 1 / sqrt(x->shape.c);
    return n;
}
