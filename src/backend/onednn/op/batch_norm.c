// SPDX-License-Identifier: Apache-2.0
// batch_norm.c - batch normalisation with the ReLU or SiLU behind it, on kernels of ours. At evaluation most of them
// are folded into the convolution in front and never come here.
#include "backend/onednn/lanes.h"

static bool uses_running(const rb_dn_plan *p, const rb_node *n)
{
    return p->base.spec.mode == RB_EVALUATE || ((const rb_norm *)n->attr)->frozen;
}

// What backward reads again.
typedef struct saved {
    rb_dn_tensor *mean, *var;
} saved;

static saved *saved_of(rb_dn_plan *p, const rb_node *n)
{
    saved *v = RB_NEW(p->arena, saved, 1);
    dnnl_memory_desc_t md = rb_dn_floats_md(1, &n->shape.c, dnnl_a);
    bool running = uses_running(p, n);
    v->mean = running ? rb_dn_param(p, n->param[2], RB_VALUE) : rb_dn_tensor_new(p, &md);
    v->var = running ? rb_dn_param(p, n->param[3], RB_VALUE) : rb_dn_tensor_new(p, &md);
    return p->saved[n->id] = v;
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    const rb_node *activation = rb_dn_activation_behind(p, n);
    rb_dn_tensor *x = p->value[n->input[0]->id], *y = rb_dn_tensor_new(p, &x->md);
    const saved *v = saved_of(p, n);
    if (!uses_running(p, n)) rb_dn_emit_statistics(p, n, x, v->mean, v->var);
    rb_dn_emit_normalise(p, RB_DN_FORWARD, n, x, v->mean, v->var, rb_dn_activation_of(activation), y);
    rb_dn_absorb(p, n, activation ? activation : n, y);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_activation activation = rb_dn_activation_of(p->tail[n->id]);
    bool wanted = p->wants_gradient[n->input[0]->id];
    const saved *v = p->saved[n->id];
    rb_dn_norm_gradient g = {.x = p->value[n->input[0]->id],
                             .mean = v->mean,
                             .var = v->var,
                             .dy = rb_dn_gradient_of(p, n),
                             .activation = activation,
                             .constant = uses_running(p, n)};
    if (wanted) g.dx = rb_dn_tensor_new(p, &g.x->md);
    rb_dn_emit_norm_gradient(p, n, &g);
    if (wanted) rb_dn_send(p, n->input[0], g.dx);
    return true;
}

static rb_dn_tensor *again(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_activation activation = rb_dn_activation_of(p->tail[n->id]);
    rb_recompute least = activation == RB_DN_SILU ? RB_RECOMPUTE_MORE : RB_RECOMPUTE_CHEAP;
    if (p->store->base.spec.recompute < least) return NULL;
    rb_dn_tensor *x = p->value[n->input[0]->id], *y = rb_dn_tensor_new(p, &x->md);
    const saved *v = p->saved[n->id];
    rb_dn_emit_normalise(p, RB_DN_BACKWARD, n, x, v->mean, v->var, activation, y);
    return y;
}

const rb_dn_op rb_dn_batch_norm = {&rb_op_batch_norm, forward, backward, again};
