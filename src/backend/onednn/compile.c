// SPDX-License-Identifier: Apache-2.0
// compile.c - turns a graph into steps on tensors, by asking each op's file.
#include "backend/onednn/onednn.h"

#include <string.h>

#define ENTRY(name) extern const rb_dn_op rb_dn_##name;
#include "gen/backend_onednn_op.inc"
#undef ENTRY

#define ENTRY(name) &rb_dn_##name,
static const rb_dn_op *const ops[] = {
#include "gen/backend_onednn_op.inc"
    NULL};
#undef ENTRY

rb_dn_tensor *rb_dn_tensor_new(rb_dn_plan *p, const dnnl_memory_desc_t *md)
{
    rb_dn_tensor *t = RB_NEW(p->arena, rb_dn_tensor, 1);
    *t = (rb_dn_tensor){.md = *md, .bytes = (ptrdiff_t)dnnl_memory_desc_get_size(md), .first = RB_DN_FOREVER};
    p->tensors.at = rb_list_with(p->arena, p->tensors.at, p->tensors.count++, t);
    return t;
}

static void destroy_memory(void *memory)
{
    dnnl_memory_destroy(memory);
}

rb_dn_tensor *rb_dn_constant_new(rb_arena *a, rb_dn_plan *p, const dnnl_memory_desc_t *md)
{
    rb_dn_tensor *t = RB_NEW(a, rb_dn_tensor, 1);
    *t = (rb_dn_tensor){.md = *md, .bytes = (ptrdiff_t)dnnl_memory_desc_get_size(md), .first = RB_DN_FOREVER};
    t->data = RB_NEW(a, uint8_t, t->bytes);
    if (!rb_dn_failed(&p->err, dnnl_memory_create(&t->memory, md, p->store->engine, t->data), "memory"))
        rb_arena_defer(a, destroy_memory, t->memory);
    return t;
}

rb_dn_tensor *rb_dn_tensor_over(rb_dn_plan *p, rb_dn_tensor *base, const dnnl_memory_desc_t *md)
{
    rb_dn_tensor *t = rb_dn_tensor_new(p, md);
    t->bytes = 0;                             // none of its own
    t->over = base->over ? base->over : base; // whose place it is
    return t;
}

rb_dn_tensor *rb_dn_doubles_new(rb_dn_plan *p, ptrdiff_t count)
{
    dnnl_memory_desc_t md = rb_dn_row_md(count * (ptrdiff_t)(sizeof(double) / sizeof(float)));
    return rb_dn_tensor_new(p, &md);
}

rb_dn_step *rb_dn_step_new(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n)
{
    rb_dn_step *s = RB_NEW(p->arena, rb_dn_step, 1);
    s->node = n;
    s->work = RB_WORK_OTHER;
    s->by = "own";
    s->time = (int)phase * RB_DN_PHASE_TIMES + p->steps[phase].count;
    p->steps[phase].step = rb_list_with(p->arena, p->steps[phase].step, p->steps[phase].count++, s);
    return s;
}

void rb_dn_use(rb_dn_step *s, int arg, rb_dn_tensor *t)
{
    if (!t) return;
    s->arg[s->use_count] = arg;
    s->use[s->use_count++] = t;
    for (; t; t = t->over) {
        if (s->time < t->first) t->first = s->time;
        if (s->time > t->last) t->last = s->time;
    }
}

void rb_dn_keep(rb_dn_tensor *t)
{
    for (; t; t = t->over) t->last = RB_DN_FOREVER;
}

static void destroy_primitive(void *primitive)
{
    dnnl_primitive_destroy(primitive);
}

// oneDNN's name of what it chose: "jit_wino_4x3:avx512_core".
static const char *implementation_of(rb_arena *a, const_dnnl_primitive_desc_t pd)
{
    const char *name;
    bool known = !dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
    return known ? rb_text_copy(a, name) : "unknown";
}

rb_dn_step *rb_dn_primitive_step(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, dnnl_primitive_desc_t pd)
{
    if (!pd) return NULL;
    dnnl_primitive_t primitive;
    dnnl_status_t status = dnnl_primitive_create(&primitive, pd);
    dnnl_memory_desc_t scratchpad = *dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const char *by = implementation_of(p->arena, pd);
    dnnl_primitive_desc_destroy(pd);
    if (rb_dn_failed(&p->err, status, n->op->name)) return NULL;
    rb_arena_defer(p->arena, destroy_primitive, primitive);
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->primitive = primitive;
    s->by = by;
    if (dnnl_memory_desc_get_size(&scratchpad) > 0) rb_dn_use(s, DNNL_ARG_SCRATCHPAD, rb_dn_tensor_new(p, &scratchpad));
    return s;
}

bool rb_dn_copy(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *from, rb_dn_tensor *to)
{
    float scale = (from->scale != 0 ? from->scale : 1) / (to->scale != 0 ? to->scale : 1);
    rb_dn_step *s =
        rb_dn_primitive_step(p, phase, n, rb_dn_reorder(&p->err, p->store->engine, &from->md, &to->md, scale));
    if (!s) return false;
    s->work = RB_WORK_REORDER;
    rb_dn_use(s, DNNL_ARG_FROM, from);
    rb_dn_use(s, DNNL_ARG_TO, to);
    return true;
}

rb_dn_tensor *rb_dn_in_layout(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *t,
                              const dnnl_memory_desc_t *md)
{
    if (dnnl_memory_desc_equal(&t->md, md)) return t;
    rb_dn_tensor *out = rb_dn_tensor_new(p, md);
    out->scale = t->scale;
    return rb_dn_copy(p, phase, n, t, out) ? out : NULL;
}

rb_dn_tensor *rb_dn_rows(rb_dn_plan *p, const rb_node *n)
{
    dnnl_memory_desc_t plain = rb_dn_plain_md(p, n->shape);
    return rb_dn_in_layout(p, RB_DN_FORWARD, n, p->value[n->id], &plain);
}

rb_dn_tensor *rb_dn_param(const rb_dn_plan *p, const rb_param *param, rb_slot slot)
{
    return &p->store->param[slot][param->id];
}

const rb_node *rb_dn_sole_reader(const rb_dn_plan *p, const rb_node *n, const rb_op *op)
{
    if (n->readers != 1 || n == p->base.spec.keep) return NULL;
    for (int i = n->id + 1; i < p->graph->node_count; i++) {
        const rb_node *reader = p->graph->nodes[i];
        for (int k = 0; k < reader->input_count; k++)
            if (reader->input[k] == n) return reader->op == op ? reader : NULL;
    }
    return NULL;
}

rb_dn_activation rb_dn_activation_of(const rb_node *n)
{
    if (!n) return RB_DN_IDENTITY;
    return n->op == &rb_op_relu ? RB_DN_RELU : n->op == &rb_op_silu ? RB_DN_SILU : RB_DN_IDENTITY;
}

const rb_node *rb_dn_activation_behind(const rb_dn_plan *p, const rb_node *n)
{
    const rb_node *relu = rb_dn_sole_reader(p, n, &rb_op_relu);
    return relu ? relu : rb_dn_sole_reader(p, n, &rb_op_silu);
}

void rb_dn_absorb(rb_dn_plan *p, const rb_node *n, const rb_node *tail, rb_dn_tensor *value)
{
    p->tail[n->id] = tail;
    p->maker[tail->id] = n;
    p->value[n->id] = p->value[tail->id] = value;
}

rb_dn_tensor *rb_dn_gradient_of(rb_dn_plan *p, const rb_node *n)
{
    const rb_dn_gradient *g = &p->gradient[p->tail[n->id]->id];
    if (g->count == 0) return NULL;
    rb_dn_tensor *sum = g->part[0];
    for (int i = 1; i < g->count; i++) {
        rb_dn_tensor *wider = rb_dn_tensor_new(p, &sum->md);
        rb_dn_emit_sum(p, RB_DN_BACKWARD, n, sum, g->part[i], false, wider);
        sum = wider;
    }
    return sum;
}

void rb_dn_send(rb_dn_plan *p, const rb_node *to, rb_dn_tensor *gradient)
{
    rb_dn_gradient *g = &p->gradient[to->id];
    if (!gradient || !p->wants_gradient[to->id]) return;
    gradient = rb_dn_in_layout(p, RB_DN_BACKWARD, to, gradient, &p->value[to->id]->md);
    g->part = rb_list_with(p->arena, g->part, g->count, gradient);
    g->count++;
}

rb_dn_tensor *rb_dn_take_back(rb_dn_plan *p, const rb_node *from)
{
    rb_dn_gradient *g = &p->gradient[from->id];
    if (g->count != 1) return NULL;
    g->count = 0;
    return g->part[0];
}

static const rb_dn_op *op_of(rb_dn_plan *p, const rb_node *n)
{
    for (const rb_dn_op *const *o = ops; *o; o++)
        if ((*o)->op == n->op) return *o;
    rb_fail(&p->err, RB_ERR_INTERNAL, "onednn: no kernels for %s", n->op->name);
    return NULL;
}

// Reads values where its inputs are bytes, which stay what they are for others.
static bool forward_on_values(rb_dn_plan *p, const rb_node *n, const rb_dn_op *op)
{
    rb_dn_tensor *given[RB_MAX_INPUTS] = {NULL};
    bool done = true;
    for (int k = 0; k < n->input_count; k++) {
        rb_dn_tensor **value = &p->value[n->input[k]->id];
        given[k] = *value;
        *value = rb_dn_as_values(p, n, *value);
        done = done && *value;
    }
    done = done && op->forward(p, n);
    for (int k = 0; k < n->input_count; k++) p->value[n->input[k]->id] = given[k];
    return done;
}

rb_dn_tensor *rb_dn_value_again(rb_dn_plan *p, const rb_node *n)
{
    const rb_node *maker = p->maker[n->id] ? p->maker[n->id] : n;
    const rb_dn_op *op = op_of(p, maker);
    if (!op->again) return p->value[n->id];
    if (!p->again[n->id]) p->again[n->id] = op->again(p, maker);
    return p->again[n->id] ? p->again[n->id] : p->value[n->id];
}

static bool forward(rb_dn_plan *p)
{
    for (int i = 0; i < p->graph->node_count; i++) {
        const rb_node *n = p->graph->nodes[i];
        if (p->value[i]) continue; // absorbed by an earlier node's steps
        const rb_dn_op *op = op_of(p, n);
        p->tail[i] = n;
        if (!op || !(rb_dn_takes_bytes(n) ? op->forward(p, n) : forward_on_values(p, n, op))) return false;
        if (p->base.spec.seen) rb_dn_emit_watch(p, p->tail[i]);
    }
    return true;
}

void rb_dn_at_the_end(rb_dn_plan *p, rb_dn_late l)
{
    rb_dn_late *kept = RB_NEW(p->arena, rb_dn_late, 1);
    *kept = l;
    p->late = rb_list_with(p->arena, p->late, p->late_count++, kept);
}

static bool backward(rb_dn_plan *p)
{
    for (int i = p->graph->node_count - 1; i >= 0; i--) {
        const rb_node *n = p->graph->nodes[i];
        if (!p->tail[i] || !p->wants_gradient[i]) continue; // absorbed, or nothing to learn up there
        if (!op_of(p, n)->backward(p, n) || p->err.kind) return false;
    }
    for (int i = 0; i < p->late_count; i++)
        if (!p->late[i]->emit(p, p->late[i])) return false;
    return true;
}

bool rb_dn_compile(rb_dn_plan *p)
{
    int nodes = p->graph->node_count;
    p->value = RB_NEW(p->arena, rb_dn_tensor *, nodes);
    p->tail = RB_NEW(p->arena, const rb_node *, nodes);
    p->maker = RB_NEW(p->arena, const rb_node *, nodes);
    p->again = RB_NEW(p->arena, rb_dn_tensor *, nodes);
    p->gradient = RB_NEW(p->arena, rb_dn_gradient, nodes);
    p->saved = RB_NEW(p->arena, void *, nodes);
    p->wants_gradient = rb_graph_learning(p->arena, p->graph);
    if (!forward(p)) return false;
    rb_dn_emit_loss(p, p->graph->output);
    if (p->base.spec.keep) rb_dn_keep(p->value[p->base.spec.keep->id]);
    return (p->base.spec.mode != RB_TRAIN || backward(p)) && !p->err.kind;
}
