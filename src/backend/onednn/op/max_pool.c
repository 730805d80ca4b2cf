// SPDX-License-Identifier: Apache-2.0
// max_pool.c - max pooling; training keeps oneDNN's workspace of positions.
#include "backend/onednn/onednn.h"

static rb_dn_pool_spec spec_of(const rb_dn_plan *p, const rb_node *n)
{
    const rb_pool *pool = n->attr;
    const rb_dn_tensor *x = p->value[n->input[0]->id];
    int dims[] = {p->base.spec.batch, n->shape.c, n->shape.h, n->shape.w};
    return (rb_dn_pool_spec){.max = true,
                             .training = p->base.spec.mode == RB_TRAIN,
                             .src = x->md,
                             .dst = rb_dn_md(x->md.data_type, 4, dims, dnnl_format_tag_any),
                             .kernel_h = pool->kernel,
                             .kernel_w = pool->kernel,
                             .stride_h = pool->stride,
                             .stride_w = pool->stride,
                             .padding = pool->padding};
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_pool_spec spec = spec_of(p, n);
    dnnl_primitive_desc_t pd = rb_dn_pool_forward(&p->err, p->store->engine, &spec);
    if (!pd) return false;
    p->value[n->id] = rb_dn_tensor_new(p, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
    p->value[n->id]->scale = p->value[n->input[0]->id]->scale;
    rb_dn_tensor *workspace =
        spec.training ? rb_dn_tensor_new(p, dnnl_primitive_desc_query_md(pd, dnnl_query_workspace_md, 0)) : NULL;
    p->saved[n->id] = workspace;
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, n, pd);
    if (!s) return false;
    rb_dn_use(s, DNNL_ARG_SRC, p->value[n->input[0]->id]);
    rb_dn_use(s, DNNL_ARG_DST, p->value[n->id]);
    rb_dn_use(s, DNNL_ARG_WORKSPACE, workspace);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_pool_spec spec = spec_of(p, n);
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n), *out = rb_dn_tensor_new(p, &spec.src);
    spec.dst = p->value[n->id]->md;
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_BACKWARD, n, rb_dn_pool_backward(&p->err, p->store->engine, &spec));
    if (!s) return false;
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_WORKSPACE, p->saved[n->id]);
    rb_dn_use(s, DNNL_ARG_DIFF_SRC, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_max_pool = {&rb_op_max_pool, forward, backward, NULL};
