// SPDX-License-Identifier: Apache-2.0
// silu.c - x sigmoid(x), also called swish.
//
// Source: Elfwing, Uchibe & Doya, arXiv:1702.03118; Ramachandran, Zoph & Le, arXiv:1710.05941
#include "graph/graph.h"

const rb_op rb_op_silu = {"silu", "x sigmoid(x)"};

rb_node *rb_silu(rb_graph *g, const rb_node *x)
{
    return rb_node_new(g, &rb_op_silu, "", x, NULL, x->shape);
}
