// SPDX-License-Identifier: Apache-2.0
// primitives.c - where oneDNN primitives are described; nothing else in the tree knows version 2.6's descriptors.
#include "backend/onednn/onednn.h"

#include <assert.h>

bool rb_dn_failed(rb_error *err, dnnl_status_t status, const char *what)
{
    static const char *const texts[] = {"success",       "out of memory", "invalid arguments", "unimplemented",
                                        "iterator ends", "runtime error", "not required"};
    if (status == dnnl_success) return false;
    rb_fail(err, status == dnnl_out_of_memory ? RB_ERR_DEVICE : RB_ERR_INTERNAL, "onednn: %s: %s", what,
            (unsigned)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status");
    return true;
}

bool rb_dn_cpu_has(dnnl_cpu_isa_t isa)
{
    return (dnnl_get_effective_cpu_isa() & isa) == isa;
}

dnnl_memory_desc_t rb_dn_md(dnnl_data_type_t type, int rank, const int *dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t md;
    dnnl_dims_t wide;
    for (int i = 0; i < rank; i++) wide[i] = dims[i];
    dnnl_memory_desc_init_by_tag(&md, rank, wide, type, tag);
    return md;
}

dnnl_memory_desc_t rb_dn_floats_md(int rank, const int *dims, dnnl_format_tag_t tag)
{
    return rb_dn_md(dnnl_f32, rank, dims, tag);
}

dnnl_memory_desc_t rb_dn_row_md(ptrdiff_t floats)
{
    dnnl_memory_desc_t md;
    dnnl_memory_desc_init_by_tag(&md, 1, (dnnl_dims_t){floats}, dnnl_f32, dnnl_a);
    return md;
}

dnnl_data_type_t rb_dn_map_type(const rb_dn_store *s)
{
    bool half = s->base.spec.precision == RB_BF16 ||
                (s->base.spec.precision == RB_INT8 && rb_dn_cpu_has(dnnl_cpu_isa_avx512_core_bf16));
    return half ? dnnl_bf16 : dnnl_f32;
}

dnnl_memory_desc_t rb_dn_map_md(const rb_dn_plan *p, rb_shape s, dnnl_format_tag_t tag)
{
    return rb_dn_md(rb_dn_map_type(p->store), 4, (int[]){p->base.spec.batch, s.c, s.h, s.w}, tag);
}

dnnl_format_tag_t rb_dn_map_tag(const dnnl_memory_desc_t *md)
{
    const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
    if (b->inner_nblks == 0) return b->strides[1] == 1 ? dnnl_nhwc : dnnl_format_tag_any;
    return b->inner_blks[0] == 16 ? dnnl_nChw16c : b->inner_blks[0] == 8 ? dnnl_nChw8c : dnnl_format_tag_any;
}

dnnl_memory_desc_t rb_dn_plain_md(const rb_dn_plan *p, rb_shape s)
{
    return rb_dn_floats_md(4, (int[]){p->base.spec.batch, s.c, s.h, s.w}, dnnl_nchw);
}

dnnl_memory_desc_t rb_dn_conv_weights_md(const rb_node *n, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    const rb_conv *c = n->attr;
    const int *d = n->param[0]->dims;
    if (c->groups == 1) return rb_dn_md(type, 4, d, tag);
    int grouped[] = {c->groups, d[0] / c->groups, d[1], d[2], d[3]};
    return rb_dn_md(type, 5, grouped, tag == dnnl_oihw ? dnnl_goihw : tag);
}

static const rb_dn_after nothing;

#define CHANNELS (1 << 1) // an axis of its own for each output channel

static float or_one(float scale)
{
    return scale != 0 ? scale : 1;
}

static void append(dnnl_post_ops_t post, const rb_dn_after *after)
{
    if (after->sum) dnnl_post_ops_append_sum_v2(post, or_one(after->sum_scale), after->sum_type);
    float scale = or_one(after->activation_scale);
    if (after->activation == RB_DN_RELU) dnnl_post_ops_append_eltwise(post, scale, dnnl_eltwise_relu, 0, 0);
    if (after->activation == RB_DN_SILU) dnnl_post_ops_append_eltwise(post, scale, dnnl_eltwise_swish, 1, 0);
}

// Every primitive uses the plan's scratchpad instead of one of its own.
static dnnl_primitive_desc_t describe(rb_error *err, dnnl_engine_t e, const_dnnl_op_desc_t desc,
                                      const rb_dn_after *after, dnnl_primitive_desc_t hint, const char *what)
{
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t post;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_create(&attr);
    dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    dnnl_post_ops_create(&post);
    append(post, after);
    dnnl_primitive_attr_set_post_ops(attr, post);
    if (after->scales) dnnl_primitive_attr_set_output_scales(attr, after->scale_count, CHANNELS, after->scales);
    dnnl_status_t status = dnnl_primitive_desc_create(&pd, desc, attr, e, hint);
    dnnl_post_ops_destroy(post);
    dnnl_primitive_attr_destroy(attr);
    if (hint) dnnl_primitive_desc_destroy(hint);
    return rb_dn_failed(err, status, what) ? NULL : pd;
}

typedef struct window {
    dnnl_dims_t stride, padding;
} window;

static window window_of(const rb_conv *c)
{
    return (window){{c->stride, c->stride}, {c->padding, c->padding}};
}

static dnnl_memory_desc_t bias_md(const rb_dn_conv_spec *s)
{
    return rb_dn_floats_md(1, &((const rb_conv *)s->node->attr)->filters, dnnl_a);
}

dnnl_primitive_desc_t rb_dn_conv_forward(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s)
{
    window w = window_of(s->node->attr);
    dnnl_memory_desc_t bias = bias_md(s);
    dnnl_convolution_desc_t d;
    dnnl_convolution_forward_desc_init(&d, s->kind, s->algorithm, &s->src, &s->weights, s->bias ? &bias : NULL, &s->dst,
                                       w.stride, w.padding, w.padding);
    return describe(err, e, &d, &s->after, NULL, "convolution");
}

// The backward primitives want the forward one as a hint, with layouts they may refine.
static dnnl_primitive_desc_t conv_hint(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s)
{
    rb_dn_conv_spec forward = *s;
    forward.kind = dnnl_forward_training;
    forward.weights = rb_dn_conv_weights_md(s->node, s->src.data_type, dnnl_format_tag_any);
    forward.bias = false;
    forward.after = nothing;
    return rb_dn_conv_forward(err, e, &forward);
}

dnnl_primitive_desc_t rb_dn_conv_backward_data(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s)
{
    dnnl_primitive_desc_t hint = conv_hint(err, e, s);
    if (!hint) return NULL;
    window w = window_of(s->node->attr);
    dnnl_convolution_desc_t d;
    dnnl_convolution_backward_data_desc_init(&d, s->algorithm, &s->src, &s->weights, &s->dst, w.stride, w.padding,
                                             w.padding);
    return describe(err, e, &d, &nothing, hint, "gradient of a convolution's input");
}

dnnl_primitive_desc_t rb_dn_conv_backward_weights(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s)
{
    dnnl_primitive_desc_t hint = conv_hint(err, e, s);
    if (!hint) return NULL;
    window w = window_of(s->node->attr);
    dnnl_memory_desc_t bias = bias_md(s);
    dnnl_convolution_desc_t d;
    dnnl_convolution_backward_weights_desc_init(&d, s->algorithm, &s->src, &s->weights, s->bias ? &bias : NULL, &s->dst,
                                                w.stride, w.padding, w.padding);
    return describe(err, e, &d, &nothing, hint, "gradient of a convolution's weights");
}

static dnnl_alg_kind_t pool_algorithm(const rb_dn_pool_spec *s)
{
    return s->max ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding;
}

dnnl_primitive_desc_t rb_dn_pool_forward(rb_error *err, dnnl_engine_t e, const rb_dn_pool_spec *s)
{
    dnnl_dims_t kernel = {s->kernel_h, s->kernel_w}, stride = {s->stride_h, s->stride_w};
    dnnl_dims_t padding = {s->padding, s->padding};
    dnnl_pooling_desc_t d;
    dnnl_pooling_forward_desc_init(&d, s->training ? dnnl_forward_training : dnnl_forward_inference, pool_algorithm(s),
                                   &s->src, &s->dst, stride, kernel, padding, padding);
    return describe(err, e, &d, &nothing, NULL, "pooling");
}

dnnl_primitive_desc_t rb_dn_pool_backward(rb_error *err, dnnl_engine_t e, const rb_dn_pool_spec *s)
{
    dnnl_primitive_desc_t hint = rb_dn_pool_forward(err, e, s);
    if (!hint) return NULL;
    dnnl_dims_t kernel = {s->kernel_h, s->kernel_w}, stride = {s->stride_h, s->stride_w};
    dnnl_dims_t padding = {s->padding, s->padding};
    dnnl_pooling_desc_t d;
    dnnl_pooling_backward_desc_init(&d, pool_algorithm(s), &s->src, &s->dst, stride, kernel, padding, padding);
    return describe(err, e, &d, &nothing, hint, "gradient of a pooling");
}

dnnl_primitive_desc_t rb_dn_dense_forward(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s)
{
    dnnl_inner_product_desc_t d;
    dnnl_inner_product_forward_desc_init(&d, s->inference ? dnnl_forward_inference : dnnl_forward_training, &s->src,
                                         &s->weights, s->bias.ndims ? &s->bias : NULL, &s->dst);
    return describe(err, e, &d, &s->after, NULL, "dense layer");
}

dnnl_primitive_desc_t rb_dn_dense_backward_data(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s)
{
    assert(s->after.activation == RB_DN_IDENTITY);
    dnnl_primitive_desc_t hint = rb_dn_dense_forward(err, e, s);
    if (!hint) return NULL;
    dnnl_inner_product_desc_t d;
    dnnl_inner_product_backward_data_desc_init(&d, &s->src, &s->weights, &s->dst);
    return describe(err, e, &d, &nothing, hint, "gradient of a dense layer's input");
}

dnnl_primitive_desc_t rb_dn_dense_backward_weights(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s)
{
    assert(s->after.activation == RB_DN_IDENTITY);
    dnnl_primitive_desc_t hint = rb_dn_dense_forward(err, e, s);
    if (!hint) return NULL;
    dnnl_inner_product_desc_t d;
    dnnl_inner_product_backward_weights_desc_init(&d, &s->src, &s->weights, &s->bias, &s->dst);
    return describe(err, e, &d, &nothing, hint, "gradient of a dense layer's weights");
}

dnnl_primitive_desc_t rb_dn_reorder(rb_error *err, dnnl_engine_t e, const dnnl_memory_desc_t *from,
                                    const dnnl_memory_desc_t *to, float scale)
{
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_attr_create(&attr);
    dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    if (scale != 1) dnnl_primitive_attr_set_output_scales(attr, 1, 0, &scale);
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&pd, from, e, to, e, attr);
    dnnl_primitive_attr_destroy(attr);
    return rb_dn_failed(err, status, "reorder") ? NULL : pd;
}
