// SPDX-License-Identifier: Apache-2.0
// add.c - x + y with the ReLU behind it, in one pass over memory. Both inputs get the same gradient, lent not copied.
#include "backend/onednn/onednn.h"

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    const rb_node *relu = rb_dn_sole_reader(p, n, &rb_op_relu);
    rb_dn_tensor *x = p->value[n->input[0]->id];
    rb_dn_tensor *y = rb_dn_in_layout(p, RB_DN_FORWARD, n, p->value[n->input[1]->id], &x->md);
    if (!y) return false;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &x->md);
    rb_dn_emit_sum(p, RB_DN_FORWARD, n, x, y, relu != NULL, out);
    rb_dn_absorb(p, n, relu ? relu : n, out);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *out;
    if (p->tail[n->id] == n) {
        out = rb_dn_gradient_of(p, n);
    } else {
        out = rb_dn_tensor_new(p, &p->value[n->id]->md);
        rb_dn_emit_gate(p, n, p->value[n->id], out);
    }
    for (int i = 0; i < 2; i++) rb_dn_send(p, n->input[i], out);
    return true;
}

const rb_dn_op rb_dn_add = {&rb_op_add, forward, backward, NULL};
