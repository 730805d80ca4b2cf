// SPDX-License-Identifier: Apache-2.0
// relu.c - a ReLU that nothing in front has absorbed.
#include "backend/onednn/onednn.h"

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *x = p->value[n->input[0]->id];
    p->value[n->id] = rb_dn_tensor_new(p, &x->md);
    rb_dn_emit_relu(p, n, x, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *y = p->value[n->id], *out = rb_dn_tensor_new(p, &y->md);
    rb_dn_emit_gate(p, n, y, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_relu = {&rb_op_relu, forward, backward, NULL};
