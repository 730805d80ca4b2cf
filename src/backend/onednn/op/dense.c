// SPDX-License-Identifier: Apache-2.0
// dense.c - linear layers, on plain [n c] rows of floats. At evaluation one takes along the activation behind it. A 1x1
// convolution of pooled maps is a linear layer too, its weights are the same bytes.
#include "backend/onednn/onednn.h"

bool rb_dn_is_dense(const rb_node *n)
{
    if (n->op == &rb_op_dense) return true;
    rb_shape in = n->input[0]->shape;
    const rb_conv *c = n->op == &rb_op_conv ? n->attr : NULL;
    return c && c->bias && c->kernel == 1 && c->groups == 1 && !c->padding && in.h == 1 && in.w == 1;
}

static rb_dn_dense_spec spec_of(const rb_dn_plan *p, const rb_node *n)
{
    int batch = p->base.spec.batch, in = n->input[0]->shape.c;
    return (rb_dn_dense_spec){.src = rb_dn_floats_md(2, (int[]){batch, in}, dnnl_ab),
                              .weights = rb_dn_floats_md(2, n->param[0]->dims, dnnl_ab),
                              .bias = rb_dn_floats_md(1, n->param[1]->dims, dnnl_a),
                              .dst = rb_dn_floats_md(2, (int[]){batch, n->shape.c}, dnnl_ab)};
}

bool rb_dn_dense_steps(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_dense_spec spec = spec_of(p, n);
    const rb_node *activation = p->base.spec.mode == RB_EVALUATE ? rb_dn_activation_behind(p, n) : NULL;
    spec.after.activation = rb_dn_activation_of(activation);
    rb_dn_tensor *src = rb_dn_rows(p, n->input[0]);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, n, rb_dn_dense_forward(&p->err, p->store->engine, &spec));
    if (!s || !src) return false;
    p->saved[n->id] = src;
    dnnl_memory_desc_t md = rb_dn_plain_md(p, n->shape); // the bytes of [n c]
    rb_dn_tensor *out = rb_dn_tensor_new(p, &md);
    rb_dn_use(s, DNNL_ARG_SRC, src);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, rb_dn_param(p, n->param[0], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_BIAS, rb_dn_param(p, n->param[1], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_DST, out);
    rb_dn_absorb(p, n, activation ? activation : n, out);
    return true;
}

static bool gradient_of_weights(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gradient)
{
    rb_dn_dense_spec spec = spec_of(p, n);
    rb_dn_step *s =
        rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_dense_backward_weights(&p->err, p->store->engine, &spec));
    if (!s) return false;
    rb_dn_use(s, DNNL_ARG_SRC, p->saved[n->id]);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_DIFF_WEIGHTS, rb_dn_param(p, n->param[0], RB_GRAD));
    rb_dn_use(s, DNNL_ARG_DIFF_BIAS, rb_dn_param(p, n->param[1], RB_GRAD));
    return true;
}

bool rb_dn_dense_gradient_steps(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_dense_spec spec = spec_of(p, n);
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n);
    const rb_dn_tensor *src = p->saved[n->id];
    if (!n->param[0]->frozen && !gradient_of_weights(p, n, gradient)) return false;
    if (!p->wants_gradient[n->input[0]->id]) return true;

    rb_dn_step *s =
        rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_dense_backward_data(&p->err, p->store->engine, &spec));
    if (!s) return false;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &src->md);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, rb_dn_param(p, n->param[0], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_DIFF_SRC, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_dense = {&rb_op_dense, rb_dn_dense_steps, rb_dn_dense_gradient_steps, NULL};
