// SPDX-License-Identifier: Apache-2.0
// conv.c - convolutions, in a plan for training; evaluate.c has those for evaluation.
#include "backend/onednn/onednn.h"

static dnnl_primitive_desc_t forward_pd(rb_dn_plan *p, rb_dn_conv_spec *s)
{
    s->kind = dnnl_forward_training;
    if (rb_dn_conv_way(p->store, s->node, p->base.spec.batch, RB_WORK_CONV_FORWARD) == RB_DN_WINOGRAD) {
        rb_error no_such_kernel;
        s->algorithm = dnnl_convolution_winograd;
        dnnl_primitive_desc_t pd = rb_dn_conv_forward(&no_such_kernel, p->store->engine, s);
        if (pd) return pd;
    }
    s->algorithm = dnnl_convolution_direct;
    return rb_dn_conv_forward(&p->err, p->store->engine, s);
}

// oneDNN chooses, but for depthwise convolutions: left to itself it takes another layout than the input's, for which it
// has reference loops alone.
static dnnl_memory_desc_t wanted_dst(const rb_dn_plan *p, const rb_node *n, const rb_dn_tensor *src, bool plain)
{
    bool depthwise = ((const rb_conv *)n->attr)->groups == n->input[0]->shape.c;
    return rb_dn_map_md(p, n->shape, depthwise && !plain ? rb_dn_map_tag(&src->md) : dnnl_format_tag_any);
}

// Whether a pass over these maps is one for tiles. They take nothing along: at evaluation oneDNN is ahead.
static bool takes_tiles(const rb_dn_plan *p, const rb_node *n, rb_work pass, const rb_dn_tensor *map)
{
    return p->base.spec.mode == RB_TRAIN && rb_dn_tiles_read(&map->md) &&
           map->md.data_type == rb_dn_map_type(p->store) &&
           rb_dn_conv_way(p->store, n, p->base.spec.batch, pass) == RB_DN_TILES;
}

static bool forward_on_tiles(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *src)
{
    dnnl_memory_desc_t md = rb_dn_map_md(p, n->shape, rb_dn_map_tag(&src->md));
    rb_dn_tensor *dst = rb_dn_tensor_new(p, &md);
    p->saved[n->id] = src;
    rb_dn_absorb(p, n, n, dst);
    return rb_dn_emit_tile_conv(p, n, RB_WORK_CONV_FORWARD, src, dst);
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    if (rb_dn_is_dense(n)) return rb_dn_dense_steps(p, n);
    if (p->base.spec.mode == RB_EVALUATE) return rb_dn_evaluate_conv(p, n);
    if (n->input[0] != p->graph->input && takes_tiles(p, n, RB_WORK_CONV_FORWARD, p->value[n->input[0]->id]))
        return forward_on_tiles(p, n, p->value[n->input[0]->id]);
    rb_dn_tensor *src = p->value[n->input[0]->id];
    dnnl_data_type_t type = rb_dn_map_type(p->store);
    // Pictures and pooled rows come plain, and as floats.
    bool plain = n->input[0] == p->graph->input || src->md.data_type != type;
    rb_dn_conv_spec spec = {.node = n,
                            .src = plain ? rb_dn_map_md(p, n->input[0]->shape, dnnl_format_tag_any) : src->md,
                            .weights = rb_dn_conv_weights_md(n, type, dnnl_format_tag_any),
                            .dst = wanted_dst(p, n, src, plain),
                            .bias = ((const rb_conv *)n->attr)->bias};
    dnnl_primitive_desc_t pd = forward_pd(p, &spec);
    if (!pd) return false;
    dnnl_memory_desc_t src_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    dnnl_memory_desc_t weights_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    dnnl_memory_desc_t dst_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);

    src = rb_dn_in_layout(p, RB_DN_FORWARD, n, src, &src_md);
    rb_dn_folded folded = rb_dn_fold(p, n, NULL, &weights_md);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, n, pd);
    if (!src || !folded.weights || !s) return false;
    s->work = RB_WORK_CONV_FORWARD;
    rb_dn_tensor *dst = rb_dn_tensor_new(p, &dst_md);
    rb_dn_use(s, DNNL_ARG_SRC, src);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, folded.weights);
    rb_dn_use(s, DNNL_ARG_BIAS, folded.bias);
    rb_dn_use(s, DNNL_ARG_DST, dst);
    rb_dn_absorb(p, n, n, dst);
    p->saved[n->id] = src; // in the layout that backward reads again
    return true;
}

typedef dnnl_primitive_desc_t make_pd(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s);

static dnnl_primitive_desc_t backward_pd(rb_dn_plan *p, rb_dn_conv_spec *s, rb_work pass, make_pd *make)
{
    rb_error no_such_kernel;
    bool winograd = rb_dn_conv_way(p->store, s->node, p->base.spec.batch, pass) == RB_DN_WINOGRAD;
    s->algorithm = dnnl_convolution_winograd;
    dnnl_primitive_desc_t pd = winograd ? make(&no_such_kernel, p->store->engine, s) : NULL;
    if (pd) return pd;
    s->algorithm = dnnl_convolution_direct;
    return make(&p->err, p->store->engine, s);
}

// What forward convolved: kept where it was in a layout of its own, else perhaps computed again.
static rb_dn_tensor *source(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *src = p->saved[n->id];
    return src == p->value[n->input[0]->id] ? rb_dn_value_again(p, n->input[0]) : src;
}

static bool weights_steps(rb_dn_plan *p, const rb_dn_late *l, dnnl_primitive_desc_t pd)
{
    const rb_node *n = l->node;
    rb_dn_tensor *store = rb_dn_param(p, n->param[0], RB_GRAD);
    dnnl_memory_desc_t md = *dnnl_primitive_desc_query_md(pd, dnnl_query_diff_weights_md, 0);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_BACKWARD, n, pd);
    if (!s) return false;
    s->work = RB_WORK_CONV_WEIGHTS;
    rb_dn_tensor *out = dnnl_memory_desc_equal(&md, &store->md) ? store : rb_dn_tensor_new(p, &md);
    rb_dn_use(s, DNNL_ARG_SRC, l->src);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, l->gradient);
    rb_dn_use(s, DNNL_ARG_DIFF_WEIGHTS, out);
    if (((const rb_conv *)n->attr)->bias) rb_dn_use(s, DNNL_ARG_DIFF_BIAS, rb_dn_param(p, n->param[1], RB_GRAD));
    return out == store || rb_dn_copy(p, RB_DN_BACKWARD, n, out, store);
}

static dnnl_primitive_desc_t weights_pd(rb_dn_plan *p, const rb_dn_late *l)
{
    rb_dn_conv_spec spec = {.node = l->node,
                            .src = l->src->md,
                            .weights = rb_dn_conv_weights_md(l->node, dnnl_f32, dnnl_format_tag_any),
                            .dst = l->gradient->md,
                            .bias = ((const rb_conv *)l->node->attr)->bias};
    return backward_pd(p, &spec, RB_WORK_CONV_WEIGHTS, rb_dn_conv_backward_weights);
}

static bool emit_late(rb_dn_plan *p, const rb_dn_late *l)
{
    dnnl_primitive_desc_t pd = weights_pd(p, l);
    return pd && weights_steps(p, l, pd);
}

// Winograd's scratchpad for many channels is larger than all maps of a small network together. It costs nothing when
// these are gone; what the convolution reads, which has to stay for so long, is small where channels are many.
static bool had_better_wait(const rb_dn_late *l, const_dnnl_primitive_desc_t pd)
{
    const dnnl_memory_desc_t *scratchpad = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    return (ptrdiff_t)dnnl_memory_desc_get_size(scratchpad) > 2 * (l->src->bytes + l->gradient->bytes);
}

static bool backward_weights(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gradient)
{
    rb_dn_late l = {emit_late, n, source(p, n), gradient};
    if (rb_dn_is_depthwise(n)) return rb_dn_emit_depthwise_weights(p, n, l.src, gradient);
    if (takes_tiles(p, n, RB_WORK_CONV_WEIGHTS, l.src) && rb_dn_tiles_read(&gradient->md))
        return rb_dn_emit_tile_gradient(p, n, l.src, gradient);
    dnnl_primitive_desc_t pd = weights_pd(p, &l);
    if (!pd) return false;
    if (!had_better_wait(&l, pd)) return weights_steps(p, &l, pd);
    dnnl_primitive_desc_destroy(pd);
    rb_dn_at_the_end(p, l);
    return true;
}

static bool backward_data(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gradient)
{
    const rb_dn_tensor *src = p->saved[n->id];
    if (takes_tiles(p, n, RB_WORK_CONV_DATA, src) && rb_dn_tiles_read(&gradient->md)) {
        rb_dn_tensor *dx = rb_dn_tensor_new(p, &src->md);
        if (!rb_dn_emit_tile_conv(p, n, RB_WORK_CONV_DATA, gradient, dx)) return false;
        rb_dn_send(p, n->input[0], dx);
        return true;
    }
    rb_dn_conv_spec spec = {.node = n,
                            .src = src->md,
                            .weights = rb_dn_conv_weights_md(n, gradient->md.data_type, dnnl_format_tag_any),
                            .dst = gradient->md};
    dnnl_primitive_desc_t pd = backward_pd(p, &spec, RB_WORK_CONV_DATA, rb_dn_conv_backward_data);
    if (!pd) return false;
    dnnl_memory_desc_t md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    rb_dn_tensor *weights = rb_dn_in_layout(p, RB_DN_BACKWARD, n, rb_dn_param(p, n->param[0], RB_VALUE), &md);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_BACKWARD, n, pd);
    if (!weights || !s) return false;
    s->work = RB_WORK_CONV_DATA;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &spec.src);
    rb_dn_use(s, DNNL_ARG_DIFF_DST, gradient);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, weights);
    rb_dn_use(s, DNNL_ARG_DIFF_SRC, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    if (rb_dn_is_dense(n)) return rb_dn_dense_gradient_steps(p, n);
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n);
    bool learns = !n->param[0]->frozen, passes_on = p->wants_gradient[n->input[0]->id];
    if (learns && !backward_weights(p, n, gradient)) return false;
    return !passes_on || backward_data(p, n, gradient);
}

const rb_dn_op rb_dn_conv = {&rb_op_conv, forward, backward, NULL};
