// SPDX-License-Identifier: Apache-2.0
// ref.c - the oracle's face: a plan is one step a node; forward walks them onwards, backward the other way.
#include "backend/ref/ref.h"

#include <assert.h>
#include <string.h>

#define ENTRY(name) extern const rb_ref_op rb_ref_##name;
#include "gen/backend_ref_op.inc"
#undef ENTRY

#define ENTRY(name) &rb_ref_##name,
static const rb_ref_op *const ops[] = {
#include "gen/backend_ref_op.inc"
    NULL};
#undef ENTRY

static bool usable(rb_error *why_not)
{
    (void)why_not; // plain loops run anywhere
    return true;
}

static bool computes(rb_precision precision)
{
    return precision == RB_FP32 || precision == RB_FP64;
}

// ---- plans ---------------------------------------------------------------------------------------------------------

static const rb_ref_op *op_of(const rb_node *n)
{
    for (const rb_ref_op *const *op = ops; *op; op++)
        if ((*op)->op == n->op) return *op;
    return NULL;
}

// Inputs come before their readers, so that their tensors are there already.
static void open_step(rb_arena *a, const rb_ref_plan *p, rb_ref_step *s, const rb_node *n)
{
    bool training = p->base.spec.mode == RB_TRAIN;
    ptrdiff_t count = p->base.spec.batch * rb_ref_size(n->shape);
    *s = (rb_ref_step){.op = op_of(n), .node = n, .y = RB_NEW(a, double, count)};
    s->dy = training ? RB_NEW(a, double, count) : NULL;
    for (int i = 0; i < n->input_count; i++) {
        s->x[i] = p->step[n->input[i]->id].y;
        s->dx[i] = p->step[n->input[i]->id].dy;
    }
    for (int i = 0; i < n->param_count; i++) {
        s->param[i] = p->store->tensor[RB_VALUE][n->param[i]->id];
        s->dparam[i] = p->store->tensor[RB_GRAD][n->param[i]->id];
    }
}

static bool open_plan(rb_arena *a, rb_store *store, const rb_plan_spec *spec, rb_plan **out, rb_error *err)
{
    const rb_graph *g = store->graph;
    int k = g->output->shape.c;
    assert(spec->mode == RB_EVALUATE || store->spec.optim);
    rb_ref_plan *p = RB_NEW(a, rb_ref_plan, 1);
    *p = (rb_ref_plan){.base = {.backend = &rb_backend_ref, .store = store, .spec = *spec},
                       .store = (rb_ref_store *)store,
                       .step = RB_NEW(a, rb_ref_step, g->node_count),
                       .step_count = g->node_count,
                       .learning = rb_graph_learning(a, g),
                       .logit_grad = RB_NEW(a, double, (ptrdiff_t)spec->batch *k),
                       .target = RB_NEW(a, double, k)};
    for (int i = 0; i < g->node_count; i++) {
        open_step(a, p, &p->step[i], g->nodes[i]);
        if (!p->step[i].op) return rb_fail(err, RB_ERR_INTERNAL, "ref: no loops for the op %s", g->nodes[i]->op->name);
    }
    *out = &p->base;
    return true;
}

static const rb_ref_step *step_of(const rb_ref_plan *p, const rb_node *n)
{
    return &p->step[n->id];
}

// ---- a step of training --------------------------------------------------------------------------------------------

static void judge(rb_ref_plan *p)
{
    const rb_plan_spec *spec = &p->base.spec;
    const rb_feed *f = &p->feed;
    const rb_ref_step *last = step_of(p, p->base.store->graph->output);
    rb_judged_batch b = {f->n, last->node->shape.c, last->y, f->labels, f->targets, f->weights, f->scale};
    p->loss = rb_loss_batch(spec->loss, spec->loss_cfg, &b, p->target, p->logit_grad);
}

static bool forward(rb_plan *plan, const rb_feed *feed, rb_error *err)
{
    (void)err;
    rb_ref_plan *p = (rb_ref_plan *)plan;
    assert(feed->n == plan->spec.batch || (feed->n < plan->spec.batch && plan->spec.mode == RB_EVALUATE));
    p->feed = *feed;
    p->loss = 0;
    for (int i = 0; i < p->step_count; i++) {
        const rb_ref_step *s = &p->step[i];
        s->op->forward(p, s);
        rb_ref_round(p->store, s->y, rb_ref_count(p, s));
    }
    if (plan->spec.loss && (feed->labels || feed->targets)) judge(p);
    return true;
}

static void zero(double *x, ptrdiff_t count)
{
    memset(x, 0, (size_t)count * sizeof *x);
}

static void clear_gradients(const rb_ref_plan *p, bool of_parameters)
{
    const rb_graph *g = p->base.store->graph;
    for (int i = 0; i < p->step_count; i++) zero(p->step[i].dy, rb_ref_count(p, &p->step[i]));
    for (int i = 0; i < g->param_count && of_parameters; i++)
        if (g->params[i]->trained) zero(p->store->tensor[RB_GRAD][i], g->params[i]->count);
}

static void round_gradients(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (int i = 0; i < s->node->input_count; i++)
        rb_ref_round(p->store, s->dx[i], rb_ref_count(p, step_of(p, s->node->input[i])));
    for (int i = 0; i < s->node->param_count; i++)
        if (s->dparam[i]) rb_ref_round(p->store, s->dparam[i], s->node->param[i]->count);
}

static bool backward(rb_plan *plan, bool accumulate, rb_error *err)
{
    (void)err;
    const rb_ref_plan *p = (const rb_ref_plan *)plan;
    const rb_ref_step *last = step_of(p, plan->store->graph->output);
    assert(plan->spec.mode == RB_TRAIN && plan->spec.loss);
    clear_gradients(p, !accumulate);
    memcpy(last->dy, p->logit_grad, (size_t)rb_ref_count(p, last) * sizeof *last->dy);
    rb_ref_round(p->store, last->dy, rb_ref_count(p, last));
    for (int i = p->step_count - 1; i >= 0; i--) {
        if (!p->learning[i]) continue;
        p->step[i].op->backward(p, &p->step[i]);
        round_gradients(p, &p->step[i]);
    }
    return true;
}

// ---- results -------------------------------------------------------------------------------------------------------

static void copy_output(const rb_ref_plan *p, const rb_node *n, double *dst)
{
    const rb_ref_step *s = step_of(p, n);
    memcpy(dst, s->y, (size_t)rb_ref_count(p, s) * sizeof *dst);
}

static bool read_results(rb_plan *plan, double *loss, double *logits, rb_error *err)
{
    (void)err;
    const rb_ref_plan *p = (const rb_ref_plan *)plan;
    if (loss) *loss = p->loss;
    if (logits) copy_output(p, plan->store->graph->output, logits);
    return true;
}

static void peek(rb_plan *plan, double *dst)
{
    copy_output((const rb_ref_plan *)plan, plan->spec.keep, dst);
}

const rb_backend rb_backend_ref = {
    .name = "ref",
    .help = "plain loops, fp32 and fp64: slow, and what the others are checked against",
    .usable = usable,
    .computes = computes,
    .store = rb_ref_store_open,
    .plan = open_plan,
    .put = rb_ref_store_put,
    .get = rb_ref_store_get,
    .forward = forward,
    .backward = backward,
    .update = rb_ref_store_update,
    .read = read_results,
    .peek = peek,
};
