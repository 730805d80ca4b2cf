// SPDX-License-Identifier: Apache-2.0
// conv.c - 2-D convolution with groups: y[o] = b[o] + sum over i, u, v of w[o i u v] x[i, s y + u - p, s x + v - p].
//
// Source: PyTorch's Conv2d; initial weights: He et al., arXiv:1502.01852, fan_out form as timm's
#include "graph/graph.h"

#include <math.h>

const rb_op rb_op_conv = {"conv", "2-D convolution"};

rb_node *rb_conv2d(rb_graph *g, const char *name, const rb_node *x, rb_conv conv)
{
    if (!conv.stride) conv.stride = 1;
    if (!conv.groups) conv.groups = 1;
    if (x->shape.c % conv.groups || conv.filters % conv.groups)
        rb_graph_mistake(g, "%s: %d -> %d channels do not divide into %d groups", name, x->shape.c, conv.filters,
                         conv.groups);
    rb_shape shape = {conv.filters, rb_window_out(x->shape.h, conv.kernel, conv.stride, conv.padding),
                      rb_window_out(x->shape.w, conv.kernel, conv.stride, conv.padding)};
    rb_node *n = rb_node_new(g, &rb_op_conv, name, x, NULL, shape);
    rb_node_attr(g, n, &conv, sizeof conv);

    int dims[] = {conv.filters, x->shape.c / conv.groups, conv.kernel, conv.kernel};
    rb_param *weight = rb_node_param(g, n, "weight", 4, dims);
    weight->init = RB_INIT_NORMAL;
    weight->init_scale = sqrt(2.0 * conv.groups / ((double)conv.kernel * conv.kernel * conv.filters));
    if (conv.bias) rb_node_param(g, n, "bias", 1, dims);
    return n;
}
