// SPDX-License-Identifier: Apache-2.0
// dense.c - linear layers, on plain [n c] rows.
#include "backend/onednn/onednn.h"

static rb_dn_dense_spec spec_of(const rb_dn_plan *p, const rb_node *n)
{
    int batch = p->base.spec.batch, in = n->input[0]->shape.c;
    return (rb_dn_dense_spec){.src = rb_dn_floats_md(2, (int[]){batch, in}, dnnl_ab),
                              .weights = rb_dn_floats_md(2, n->param[0]->dims, dnnl_ab),
                              .bias = rb_dn_floats_md(1, n->param[1]->dims, dnnl_a),
                              .dst = rb_dn_floats_md(2, (int[]){batch, n->shape.c}, dnnl_ab)};
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_dense_spec spec = spec_of(p, n);
    rb_dn_tensor *src = rb_dn_rows(p, n->input[0]);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, n, rb_dn_dense_forward(&p->err, p->store->engine, &spec));
    if (!s || !src) return false;
    p->saved[n->id] = src;
    dnnl_memory_desc_t md = rb_dn_plain_md(p, n->shape); // the bytes of [n c]
    p->value[n->id] = rb_dn_tensor_new(p, &md);
    rb_dn_use(s, DNNL_ARG_SRC, src);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, rb_dn_param(p, n->param[0], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_BIAS, rb_dn_param(p, n->param[1], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_DST, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_dense_spec spec = spec_of(p, n);
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n), *src = p->saved[n->id];
    rb_dn_step *s =
        rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_dense_backward_weights(&p->err, p->store->engine, &spec));
    if (!s) return false;
    rb_dn_use(s, DNNL_ARG_SRC, src);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_DIFF_WEIGHTS, rb_dn_param(p, n->param[0], RB_GRAD));
    rb_dn_use(s, DNNL_ARG_DIFF_BIAS, rb_dn_param(p, n->param[1], RB_GRAD));
    if (!p->wants_gradient[n->input[0]->id]) return true;

    s = rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_dense_backward_data(&p->err, p->store->engine, &spec));
    if (!s) return false;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &src->md);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, rb_dn_param(p, n->param[0], RB_VALUE));
    rb_dn_use(s, DNNL_ARG_DIFF_SRC, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_dense = {&rb_op_dense, forward, backward};
