// SPDX-License-Identifier: Apache-2.0
// bytes.c - int8: convolutions whose maps and weights are bytes. A value is a scale times its byte:
//
//     y = s_x w_s[o] sum of x_q w_q + b[o],   y_q = round(y / s_y)
//
// Weights have a scale for each output channel, their largest magnitude / 127, with the normalisation folded in; maps
// have one each, from the range that calibration found: of 0..255 behind a ReLU, of -127..127 elsewhere. An addition is
// made before rounding. Depthwise convolutions, squeeze-and-excitation and linear layers compute in floats: they are
// little of the work and most of the error.
//
// Source: Jacob et al., arXiv:1712.05877, section 2; oneDNN 2.6 on int8: scale times (sums plus bias)
#include "backend/onednn/evaluate.h"

#include <math.h>

#define LARGEST 127 // of a signed byte

bool rb_dn_computes_bytes(const rb_dn_plan *p, const rb_node *n)
{
    return p->store->base.spec.precision == RB_INT8 && n->op == &rb_op_conv &&
           ((const rb_conv *)n->attr)->groups == 1 && !rb_dn_is_dense(n);
}

// ---- formats -------------------------------------------------------------------------------------------------------

// Ops that only choose among what they read, or at evaluation do nothing.
static bool passes_on(const rb_node *n)
{
    return n->op == &rb_op_max_pool || n->op == &rb_op_dropout || n->op == &rb_op_drop_path;
}

bool rb_dn_takes_bytes(const rb_node *n)
{
    return n->op == &rb_op_conv || passes_on(n);
}

static bool has_range(const rb_dn_plan *p, const rb_node *n)
{
    const float *range = p->store->base.spec.range;
    return range && range[n->id] > 0;
}

static rb_dn_format format_of(const rb_dn_plan *p, const rb_node *n)
{
    return (rb_dn_format){rb_node_is_positive(n) ? dnnl_u8 : dnnl_s8,
                          p->store->base.spec.range[n->id] / (float)rb_byte_levels(n)};
}

// Whether all that reads `n` is at its best with bytes.
static bool wants_bytes(const rb_dn_plan *p, const rb_node *n)
{
    for (int i = n->id + 1; i < p->graph->node_count; i++) {
        const rb_node *reader = p->graph->nodes[i];
        bool takes = reader->op == &rb_op_add || rb_dn_computes_bytes(p, reader);
        for (int k = 0; k < reader->input_count; k++)
            if (reader->input[k] == n && !takes && !(passes_on(reader) && wants_bytes(p, reader))) return false;
    }
    return n->readers > 0;
}

static rb_dn_tensor *reformed(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *t, rb_dn_format to)
{
    dnnl_memory_desc_t md = t->md;
    md.data_type = to.type;
    rb_dn_tensor *out = rb_dn_tensor_new(p, &md);
    out->scale = to.scale;
    return rb_dn_copy(p, RB_DN_FORWARD, n, t, out) ? out : NULL;
}

rb_dn_tensor *rb_dn_as_values(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *t)
{
    return t->scale == 0 ? t : reformed(p, n, t, (rb_dn_format){rb_dn_map_type(p->store), 0});
}

// ---- weights -------------------------------------------------------------------------------------------------------

static const double *values_of(rb_dn_call *c, const rb_param *param)
{
    double *out = RB_NEW(c->scratch, double, param->count);
    rb_dn_store_get(&c->plan->store->base, param, RB_VALUE, out);
    return out;
}

// What stands behind the sums of each output channel: k x + shift.
static rb_dn_line *lines_of(rb_dn_call *c)
{
    const rb_node *n = c->node, *norm = c->chain.norm;
    rb_dn_line *line = RB_NEW(c->scratch, rb_dn_line, n->shape.c);
    const double *bias = n->param_count > 1 ? values_of(c, n->param[1]) : NULL, *of[4] = {NULL};
    for (int i = 0; norm && i < 4; i++) of[i] = values_of(c, norm->param[i]);
    for (int o = 0; o < n->shape.c; o++) {
        double own = bias ? bias[o] : 0;
        line[o] = norm ? rb_dn_norm_line(norm, of[0][o], of[1][o], of[2][o], of[3][o], own) : (rb_dn_line){1, own};
    }
    return line;
}

static double largest(const double *w, ptrdiff_t count)
{
    double most = 0;
    for (ptrdiff_t i = 0; i < count; i++) most = fmax(most, fabs(w[i]));
    return most;
}

// Weights [o i u v] as bytes, the scale of each output channel, and the bias in units of the sums.
static void quantise(rb_dn_call *c, float *scale)
{
    rb_dn_plan *p = c->plan;
    const rb_param *param = c->node->param[0];
    dnnl_memory_desc_t md = rb_dn_conv_weights_md(c->node, dnnl_s8, dnnl_oihw);
    dnnl_memory_desc_t bias_md = rb_dn_floats_md(1, param->dims, dnnl_a);
    const double *w = values_of(c, param);
    const rb_dn_line *line = lines_of(c);
    ptrdiff_t each = param->count / param->dims[0];
    c->bytes.weights = rb_dn_constant_new(c->scratch, p, &md);
    c->bytes.bias = c->bias ? rb_dn_constant_new(p->arena, p, &bias_md) : NULL;
    int8_t *to = c->bytes.weights->data;
    for (int o = 0; o < param->dims[0]; o++) {
        double step = largest(w + o * each, each) * fabs(line[o].k) / LARGEST;
        if (!(step > 0)) step = 1; // all weights are 0
        for (ptrdiff_t i = o * each; i < (o + 1) * each; i++) to[i] = (int8_t)lrint(w[i] * line[o].k / step);
        scale[o] = (float)(step * (double)c->src_scale);
        if (c->bias) ((float *)c->bytes.bias->data)[o] = (float)(line[o].shift / (step * (double)c->src_scale));
    }
}

rb_dn_folded rb_dn_call_weights(rb_dn_call *c, const dnnl_memory_desc_t *md)
{
    if (!c->bytes.weights) return rb_dn_fold(c->plan, c->node, c->chain.norm, md);
    rb_dn_folded out = {rb_dn_constant_new(c->plan->arena, c->plan, md), c->bytes.bias};
    rb_dn_reorder_now(c->plan->store, c->bytes.weights->memory, out.weights->memory);
    c->plan->frozen_version = c->plan->store->base.version;
    return out;
}

// ---- calls ---------------------------------------------------------------------------------------------------------

bool rb_dn_call_in_values(rb_dn_call *c)
{
    c->type = c->weight_type = rb_dn_map_type(c->plan->store);
    c->src = rb_dn_as_values(c->plan, c->node, c->src);
    if (c->other) c->other = rb_dn_as_values(c->plan, c->node, c->other);
    if (!c->src || (c->chain.add && !c->other)) return false;
    c->out = (rb_dn_format){c->other ? c->other->md.data_type : c->type, 0};
    c->after = (rb_dn_after){.sum = c->other != NULL, .activation = rb_dn_activation_of(c->chain.activation)};
    return true;
}

static bool take_source(rb_dn_call *c)
{
    const rb_node *from = c->node->input[0];
    rb_dn_format format = {c->src->md.data_type, c->src->scale};
    if (c->src->scale == 0) {
        if (!has_range(c->plan, from))
            return rb_fail(&c->plan->err, RB_ERR_WEIGHTS,
                           "precision int8: no range is known for what %s gives; run `rarebit weights quantize` again",
                           rb_node_label(c->plan->arena, from));
        format = format_of(c->plan, from);
        if (from != c->plan->graph->input) c->src = reformed(c->plan, c->node, c->src, format);
    }
    c->type = format.type;
    c->src_scale = format.scale;
    return c->src != NULL;
}

// Values where no range is known: calibration had no such map, as another plan made one with its neighbour.
static bool choose_output(rb_dn_call *c)
{
    bool bytes = c->other ? c->other->scale != 0 : wants_bytes(c->plan, c->chain.tail);
    if (bytes && has_range(c->plan, c->chain.tail)) {
        c->out = format_of(c->plan, c->chain.tail);
        return true;
    }
    if (c->other) c->other = rb_dn_as_values(c->plan, c->node, c->other);
    if (c->chain.add && !c->other) return false;
    c->out = (rb_dn_format){c->other ? c->other->md.data_type : rb_dn_map_type(c->plan->store), 0};
    return true;
}

// A ReLU may come after the division by the output's scale; a SiLU may not.
bool rb_dn_call_in_bytes(rb_dn_call *c)
{
    if (!take_source(c) || !choose_output(c)) return false;
    int filters = c->node->shape.c;
    float *scale = RB_NEW(c->scratch, float, filters);
    bool late = c->chain.activation && c->chain.activation->op == &rb_op_silu;
    float to = c->out.scale != 0 ? 1 / c->out.scale : 1, early = late ? 1 : to;
    quantise(c, scale);
    for (int o = 0; o < filters; o++) scale[o] *= early;
    c->weight_type = dnnl_s8;
    c->after = (rb_dn_after){.scales = scale,
                             .scale_count = filters,
                             .sum = c->other != NULL,
                             .activation = rb_dn_activation_of(c->chain.activation),
                             .activation_scale = late ? to : 1};
    if (c->other) {
        c->after.sum_type = c->other->md.data_type == c->out.type ? dnnl_data_type_undef : c->other->md.data_type;
        c->after.sum_scale = (c->other->scale != 0 ? c->other->scale : 1) * early;
    }
    return true;
}
