// SPDX-License-Identifier: Apache-2.0
// mean_pool.c - global average pooling, handed on as plain floats [n c 1 1] for the head.
#include "backend/onednn/onednn.h"

static rb_dn_pool_spec spec_of(const rb_dn_plan *p, const rb_node *n)
{
    rb_shape in = n->input[0]->shape;
    return (rb_dn_pool_spec){.training = p->base.spec.mode == RB_TRAIN,
                             .src = p->value[n->input[0]->id]->md,
                             .dst = rb_dn_map_md(p, n->shape, dnnl_format_tag_any),
                             .kernel_h = in.h,
                             .kernel_w = in.w,
                             .stride_h = 1,
                             .stride_w = 1};
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_pool_spec spec = spec_of(p, n);
    dnnl_primitive_desc_t pd = rb_dn_pool_forward(&p->err, p->store->engine, &spec);
    if (!pd) return false;
    rb_dn_tensor *pooled = rb_dn_tensor_new(p, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
    p->saved[n->id] = pooled; // its layout is the gradient's
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, n, pd);
    if (!s) return false;
    rb_dn_use(s, DNNL_ARG_SRC, p->value[n->input[0]->id]);
    rb_dn_use(s, DNNL_ARG_DST, pooled);
    dnnl_memory_desc_t plain = rb_dn_plain_md(p, n->shape);
    p->value[n->id] = rb_dn_in_layout(p, RB_DN_FORWARD, n, pooled, &plain);
    return p->value[n->id] != NULL;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    const rb_dn_tensor *pooled = p->saved[n->id];
    rb_dn_pool_spec spec = spec_of(p, n);
    spec.dst = pooled->md;
    rb_dn_tensor *gradient = rb_dn_in_layout(p, RB_DN_BACKWARD, n, rb_dn_gradient_of(p, n), &pooled->md);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_pool_backward(&p->err, p->store->engine, &spec));
    if (!gradient || !s) return false;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &spec.src);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_DIFF_SRC, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_mean_pool = {&rb_op_mean_pool, forward, backward};
