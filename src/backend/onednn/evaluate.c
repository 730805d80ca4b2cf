// SPDX-License-Identifier: Apache-2.0
// evaluate.c - a convolution of an evaluation plan. It takes along the batch normalisation behind it (folded into
// weights and bias), an addition (in place on the other operand) and a ReLU or SiLU, and goes the fastest way for its
// shape.
//
// Source: measured per shape with AVX-512 and AMX. F(4x4, 3x3) Winograd takes two thirds of the time of a direct
// convolution in fp32, wants maps in blocks of 16 channels and is slow on maps below 4x4. At maps of 2x2 oneDNN's own
// kernels reach a tenth of what one matrix product does (rows.c), but for a single picture the weights' way from memory
// is all that counts.
#include "backend/onednn/evaluate.h"

// ---- what goes along ---------------------------------------------------------------------------------------------

static const rb_node *other_operand(const rb_node *add, const rb_node *mine)
{
    return add->input[0] == mine ? add->input[1] : add->input[0];
}

// The sum is made in place, and where the convolution stands: the other operand must be there already, and from here on
// nobody else may want it. Nodes may share a tensor, as dropout does at evaluation; so it is tensors that are compared.
static bool can_add(const rb_dn_plan *p, const rb_node *conv, const rb_node *add, const rb_node *mine)
{
    const rb_dn_tensor *other = p->value[other_operand(add, mine)->id];
    const rb_node *keep = p->base.spec.keep;
    if (!other || (keep && p->value[keep->id] == other)) return false;
    for (int i = conv->id; i < p->graph->node_count; i++) {
        const rb_node *reader = p->graph->nodes[i];
        for (int k = 0; k < reader->input_count; k++)
            if (reader != add && p->value[reader->input[k]->id] == other) return false;
    }
    return true;
}

static rb_dn_chain chain_of(const rb_dn_plan *p, const rb_node *n)
{
    rb_dn_chain c = {.tail = n};
    const rb_node *next = rb_dn_sole_reader(p, n, &rb_op_batch_norm);
    if (next) c.norm = c.tail = next;
    next = rb_dn_sole_reader(p, c.tail, &rb_op_drop_path); // which does nothing here
    if (next) c.drop = c.tail = next;
    next = rb_dn_sole_reader(p, c.tail, &rb_op_add);
    if (next && can_add(p, n, next, c.tail)) {
        c.other = other_operand(next, c.tail);
        c.add = c.tail = next;
    }
    next = rb_dn_activation_behind(p, c.tail);
    if (next) c.activation = c.tail = next;
    return c;
}

// ---- which way ---------------------------------------------------------------------------------------------------

#define FP32  (1 << RB_FP32)
#define BF16  (1 << RB_BF16)
#define INT8  (1 << RB_INT8)
#define ANY   0
#define LARGE (1 << 20)

// The first that fits.
static const struct rule {
    int precisions;     // set of them
    int kernel, stride; // ANY
    int from, to;       // smaller side of the output's map
    int min_batch, max_batch;
    rb_dn_way way;
} rules[] = {
    {FP32 | BF16 | INT8, 3, ANY, 2, 2, 8, LARGE, RB_DN_ROWS}, // of one pixel most taps see nothing
    {BF16 | INT8, 7, 2, 1, 64, 1, 4, RB_DN_ROWS},
    {FP32, 3, 1, 4, LARGE, 8, LARGE, RB_DN_WINOGRAD},
    {FP32, ANY, ANY, 1, LARGE, 8, LARGE, RB_DN_BLOCKED},
};

static rb_dn_way rule_for(const rb_dn_plan *p, const rb_node *n)
{
    const rb_conv *c = n->attr;
    int side = n->shape.h < n->shape.w ? n->shape.h : n->shape.w;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if ((r->precisions & 1 << p->store->base.spec.precision) && (!r->kernel || r->kernel == c->kernel) &&
            (!r->stride || r->stride == c->stride) && side >= r->from && side <= r->to &&
            p->base.spec.batch >= r->min_batch && p->base.spec.batch <= r->max_batch)
            return r->way;
    }
    return RB_DN_DIRECT;
}

// Blocks of 16 channels pay where Winograd reads them, and need every map to be made of them.
static bool is_blocked(const rb_dn_plan *p)
{
    bool winograd = false;
    if (!rb_dn_cpu_has(dnnl_cpu_isa_avx512_core)) return false;
    for (int i = 0; i < p->graph->node_count; i++) {
        const rb_node *n = p->graph->nodes[i];
        if (n->op != &rb_op_conv || rb_dn_is_dense(n)) continue;
        const rb_conv *c = n->attr;
        if (c->groups != 1) return false;
        winograd |= rule_for(p, n) == RB_DN_WINOGRAD;
    }
    return winograd;
}

static rb_dn_way way_of(const rb_dn_plan *p, const rb_node *n)
{
    rb_dn_way way = ((const rb_conv *)n->attr)->groups == 1 ? rule_for(p, n) : RB_DN_DIRECT;
    bool blocks = way == RB_DN_WINOGRAD || way == RB_DN_BLOCKED;
    return blocks && !is_blocked(p) ? RB_DN_DIRECT : way;
}

// ---- what goes in and comes out ------------------------------------------------------------------------------------

static dnnl_memory_desc_t map_of(const rb_dn_call *c, rb_shape s, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
    return rb_dn_md(type, 4, (int[]){c->plan->base.spec.batch, s.c, s.h, s.w}, tag);
}

// A layout of its own choice for pictures, and for pooled rows, which come plain and as floats; else that of the maps.
static dnnl_memory_desc_t wanted_src(const rb_dn_call *c)
{
    rb_shape s = c->node->input[0]->shape;
    if (c->way == RB_DN_ROWS) return map_of(c, s, c->type, dnnl_nhwc);
    bool plain = c->node->input[0] == c->plan->graph->input || c->src->md.data_type != c->type;
    if (plain) return map_of(c, s, c->type, dnnl_format_tag_any);
    return c->way == RB_DN_DIRECT ? c->src->md : map_of(c, s, c->type, dnnl_nChw16c);
}

// oneDNN chooses, but for depthwise convolutions: left to itself it takes another layout than the input's, for which it
// has reference loops alone.
static dnnl_memory_desc_t wanted_dst(const rb_dn_call *c)
{
    const rb_conv *conv = c->node->attr;
    rb_shape in = c->node->input[0]->shape;
    dnnl_format_tag_t tag = c->way == RB_DN_DIRECT ? dnnl_format_tag_any : dnnl_nChw16c;
    if (conv->groups == in.c && c->node->input[0] != c->plan->graph->input) tag = rb_dn_map_tag(&c->src->md);
    return map_of(c, c->node->shape, c->out.type, tag);
}

bool rb_dn_call_source(rb_dn_call *c, const dnnl_memory_desc_t *md)
{
    rb_dn_plan *p = c->plan;
    if (c->node->input[0] == p->graph->input)
        c->src = rb_dn_input_as(p, c->node, md, c->src_scale);
    else
        c->src = rb_dn_in_layout(p, RB_DN_FORWARD, c->node, c->src, md);
    return c->src != NULL;
}

bool rb_dn_call_output(rb_dn_call *c, const dnnl_memory_desc_t *md)
{
    if (c->chain.add) {
        dnnl_memory_desc_t other = *md;
        other.data_type = c->other->md.data_type;
        c->other = rb_dn_in_layout(c->plan, RB_DN_FORWARD, c->node, c->other, &other);
        if (!c->other) return false;
        c->dst = c->out.scale != 0 ? rb_dn_tensor_over(c->plan, c->other, md) : c->other;
    } else {
        c->dst = rb_dn_tensor_new(c->plan, md);
    }
    c->dst->scale = c->out.scale;
    return true;
}

void rb_dn_call_done(rb_dn_call *c)
{
    rb_dn_plan *p = c->plan;
    const rb_node *taken[] = {c->chain.norm, c->chain.drop, c->chain.add, c->chain.activation};
    for (int i = 0; i < 4; i++)
        if (taken[i]) p->value[taken[i]->id] = c->dst;
    rb_dn_absorb(p, c->node, c->chain.tail, c->dst);
}

// ---- the step ----------------------------------------------------------------------------------------------------

// oneDNN offers Winograd under the training kind alone, where it computes the same; a direct convolution for evaluation
// under that kind would be a slow one.
static dnnl_primitive_desc_t forward_pd(const rb_dn_call *c, rb_dn_conv_spec *s)
{
    if (c->way == RB_DN_WINOGRAD) {
        rb_error no_such_kernel;
        s->algorithm = dnnl_convolution_winograd;
        s->kind = dnnl_forward_training;
        dnnl_primitive_desc_t pd = rb_dn_conv_forward(&no_such_kernel, c->plan->store->engine, s);
        if (pd) return pd;
    }
    s->algorithm = dnnl_convolution_direct;
    s->kind = dnnl_forward_inference;
    return rb_dn_conv_forward(&c->plan->err, c->plan->store->engine, s);
}

static bool emit(rb_dn_call *c)
{
    rb_dn_plan *p = c->plan;
    rb_dn_conv_spec spec = {.node = c->node,
                            .src = wanted_src(c),
                            .weights = rb_dn_conv_weights_md(c->node, c->weight_type, dnnl_format_tag_any),
                            .dst = wanted_dst(c),
                            .bias = c->bias,
                            .after = c->after};
    dnnl_primitive_desc_t pd = forward_pd(c, &spec);
    if (!pd) return false;
    dnnl_memory_desc_t src_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    dnnl_memory_desc_t weights_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    dnnl_memory_desc_t dst_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    bool ready = rb_dn_call_source(c, &src_md) && rb_dn_call_output(c, &dst_md);
    rb_dn_folded folded = rb_dn_call_weights(c, &weights_md);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, c->node, pd);
    if (!ready || !folded.weights || !s) return false;
    s->work = RB_WORK_CONV_FORWARD;
    rb_dn_use(s, DNNL_ARG_SRC, c->src);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, folded.weights);
    rb_dn_use(s, DNNL_ARG_BIAS, folded.bias);
    rb_dn_use(s, DNNL_ARG_DST, c->dst);
    return true;
}

static bool evaluate(rb_dn_call *c)
{
    rb_dn_plan *p = c->plan;
    const rb_node *n = c->node;
    c->bias = ((const rb_conv *)n->attr)->bias || c->chain.norm;
    c->src = p->value[n->input[0]->id];
    c->other = c->chain.add ? p->value[c->chain.other->id] : NULL;
    if (!(rb_dn_computes_bytes(p, n) ? rb_dn_call_in_bytes(c) : rb_dn_call_in_values(c))) return false;
    if (c->after.sum_type != dnnl_data_type_undef) c->way = RB_DN_DIRECT; // a matrix product reads what it writes
    if (!(c->way == RB_DN_ROWS ? rb_dn_emit_rows(c) : emit(c))) return false;
    rb_dn_call_done(c);
    return true;
}

bool rb_dn_evaluate_conv(rb_dn_plan *p, const rb_node *n)
{
    rb_arena *scratch = rb_arena_open();
    bool done =
        evaluate(&(rb_dn_call){.plan = p, .scratch = scratch, .node = n, .chain = chain_of(p, n), .way = way_of(p, n)});
    rb_arena_close(scratch);
    return done;
}
