// SPDX-License-Identifier: Apache-2.0
// network.h - a small graph at work on a backend. Include after check.h.
#ifndef RB_TESTS_OPS_NETWORK_H
#define RB_TESTS_OPS_NETWORK_H

#include "numbers.h"

#include "backend/backend.h"
#include "base/parallel.h"
#include "base/rng.h"

typedef struct network {
    rb_arena *arena;
    const rb_backend *backend;
    const rb_graph *graph;
    rb_store *store;
    rb_plan *plan;
} network;

// A store that learns by a rule, with one plan on it.
static inline network network_open_with(rb_arena *a, const rb_backend *b, const rb_graph *g, rb_precision precision,
                                        const rb_plan_spec *spec, const rb_optim *optim, const char *keys)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)optim->cfg_bytes);
    settings_fill(a, optim->fields, cfg, keys);
    rb_error err = {0};
    network n = {.arena = a, .backend = b, .graph = g};
    rb_store_spec store = {.precision = precision,
                           .batch = spec->batch,
                           .optim = optim,
                           .optim_cfg = cfg,
                           .recompute = RB_RECOMPUTE_CHEAP,
                           .average = true};
    check_done(b->store(a, g, &store, &n.store, &err), err);
    check_done(b->plan(a, n.store, spec, &n.plan, &err), err);
    return n;
}

static inline network network_open(rb_arena *a, const rb_backend *b, const rb_graph *g, rb_precision precision,
                                   const rb_plan_spec *spec)
{
    return network_open_with(a, b, g, precision, spec, &rb_optim_adamw, "");
}

static inline void skip_unless_usable(const rb_backend *b)
{
    rb_error err = {0};
    if (b->usable(&err)) return;
    print_message("%s: %s\n", b->name, err.text);
    skip();
}

// Another plan on the same store.
static inline network network_beside(const network *n, const rb_plan_spec *spec)
{
    rb_error err = {0};
    network out = *n;
    check_done(n->backend->plan(n->arena, n->store, spec, &out.plan, &err), err);
    return out;
}

static inline double *network_get(const network *n, const rb_param *p, rb_slot slot)
{
    double *out = RB_NEW(n->arena, double, p->count);
    n->backend->get(n->store, p, slot, out);
    return out;
}

// The loss of a forward.
static inline double network_loss(const network *n, const rb_feed *feed)
{
    rb_error err = {0};
    double loss;
    check_done(n->backend->forward(n->plan, feed, &err), err);
    check_done(n->backend->read(n->plan, &loss, NULL, &err), err);
    return loss;
}

static inline void network_backward(const network *n, bool accumulate)
{
    rb_error err = {0};
    check_done(n->backend->backward(n->plan, accumulate, &err), err);
}

static inline void network_update(const network *n, int step)
{
    rb_error err = {0};
    rb_update u = {.lr = 1e-2, .momentum = NAN, .weight_decay = 1e-2, .step = step, .kept = 0.75};
    check_done(n->backend->update(n->store, &u, &err), err);
}

// Multiples of 1/1024 between -1 and 1, so that a step of a smaller power of two is exact in float.
static inline const float *some_values(rb_arena *a, ptrdiff_t count, uint32_t which)
{
    rb_rng random = rb_rng_at(7, RB_STREAM_SYNTH, which, 0, 0);
    float *out = RB_NEW(a, float, count);
    for (ptrdiff_t i = 0; i < count; i++) out[i] = (float)(rb_rng_below(&random, 2049) - 1024) / 1024;
    return out;
}

// Values for every parameter; variances between 0.5 and 1.5.
static inline void network_fill(const network *n)
{
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        const float *some = some_values(n->arena, p->count, (uint32_t)i);
        float *values = RB_NEW(n->arena, float, p->count);
        bool variance = p->node->op == &rb_op_batch_norm && p == p->node->param[3];
        for (ptrdiff_t k = 0; k < p->count; k++) values[k] = variance ? 1 + some[k] / 2 : some[k];
        n->backend->put(n->store, p, RB_VALUE, values);
    }
}

// Half the squared distance: a loss whose own derivatives are exact.
static inline double squared_row(const void *cfg, const double *logit, const double *target, int k, double *grad)
{
    (void)cfg;
    double sum = 0;
    for (int i = 0; i < k; i++) {
        grad[i] = logit[i] - target[i];
        sum += grad[i] * grad[i] / 2;
    }
    return sum;
}

static const rb_loss squared = {.name = "squared", .row = squared_row};

#endif
