// SPDX-License-Identifier: Apache-2.0
// pair.h - a backend beside ref in fp64, on the same graph, weights and batches. Include after check.h.
#ifndef RB_TESTS_OPS_PAIR_H
#define RB_TESTS_OPS_PAIR_H

#include "ops/network.h"

// One of the two networks, with a plan for training and one for evaluation.
typedef struct plans {
    network train, eval;
} plans;

typedef struct pair {
    const char *name; // in front of what failed
    rb_arena *arena;
    const rb_graph *graph;
    const rb_node *kept;
    int batch;
    plans exact, own;
    network *edges; // on exact's store: one for each ReLU, which keeps the ReLU's input
    int edge_count;
} pair;

static inline ptrdiff_t size_of(rb_shape s)
{
    return (ptrdiff_t)s.c * s.h * s.w;
}

static inline plans plans_open(rb_arena *a, const rb_backend *b, const rb_graph *g, rb_precision precision, int batch,
                               const rb_node *kept)
{
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = batch, .loss = &squared, .seed = 5, .keep = kept};
    plans s = {.train = network_open(a, b, g, precision, &spec)};
    spec.mode = RB_EVALUATE;
    s.eval = network_beside(&s.train, &spec);
    network_fill(&s.train);
    return s;
}

static inline pair pair_open_in(rb_arena *a, const char *name, const rb_backend *b, rb_precision precision,
                                const rb_graph *g, int batch, const rb_node *kept)
{
    pair p = {.name = name, .arena = a, .graph = g, .kept = kept, .batch = batch};
    p.exact = plans_open(a, &rb_backend_ref, g, RB_FP64, batch, kept);
    p.own = plans_open(a, b, g, precision, batch, kept);
    p.edges = RB_NEW(a, network, g->node_count);
    for (int i = 0; i < g->node_count; i++) {
        if (g->nodes[i]->op != &rb_op_relu) continue;
        rb_plan_spec spec = {.mode = RB_TRAIN, .batch = batch, .seed = 5, .keep = g->nodes[i]->input[0]};
        p.edges[p.edge_count++] = network_beside(&p.exact.train, &spec);
    }
    return p;
}

static inline pair pair_open(rb_arena *a, const char *name, const rb_backend *b, const rb_graph *g, int batch,
                             const rb_node *kept)
{
    return pair_open_in(a, name, b, RB_FP32, g, batch, kept);
}

// ---- comparing -----------------------------------------------------------------------------------------------------

static inline double largest_of(const double *x, ptrdiff_t count)
{
    double largest = 0;
    for (ptrdiff_t i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
    return largest;
}

// As check_close, but with the measure given: |got - want| <= tolerance * measure.
static inline void check_measured(const char *what, const double *got, const double *want, ptrdiff_t n,
                                  double tolerance, double measure)
{
    if (largest_of(want, n) == measure) {
        check_close(what, got, want, n, tolerance);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance * measure))
            fail_msg("%s[%td]: %.17g, not %.17g (off by %.3g of %.3g, %.3g allowed)", what, i, got[i], want[i],
                     fabs(got[i] - want[i]) / measure, measure, tolerance);
}

static inline const double *peek(const network *n, int rows)
{
    const rb_node *kept = n->plan->spec.keep;
    double *out = RB_NEW(n->arena, double, rows *size_of(kept->shape));
    n->backend->peek(n->plan, out);
    return out;
}

static inline const double *logits_of(const network *n, int rows)
{
    rb_error err = {0};
    double *out = RB_NEW(n->arena, double, (ptrdiff_t)rows * n->graph->output->shape.c);
    check_done(n->backend->read(n->plan, NULL, out, &err), err);
    return out;
}

// The layers around an op round too; and what they make of its outputs, sums that cancel, is smaller than the terms.
#define AROUND 16

// One forward on both: the kept node, logits and loss.
static inline void check_forward(const pair *p, const char *what, const network *own, const network *exact,
                                 const rb_feed *feed, double tolerance)
{
    const char *name = rb_text_format(p->arena, "%s: %s", p->name, what);
    double want = network_loss(exact, feed), got = network_loss(own, feed);
    ptrdiff_t logits = (ptrdiff_t)feed->n * p->graph->output->shape.c;
    if (p->kept)
        check_close(rb_text_format(p->arena, "%s, kept", name), peek(own, feed->n), peek(exact, feed->n),
                    feed->n * size_of(p->kept->shape), tolerance);
    check_close(rb_text_format(p->arena, "%s, logits", name), logits_of(own, feed->n), logits_of(exact, feed->n),
                logits, AROUND * tolerance);
    check_close(rb_text_format(p->arena, "%s, loss", name), &got, &want, 1, 2 * AROUND * tolerance); // of squares
}

static inline bool any_param(const rb_param *q)
{
    (void)q;
    return true;
}

static inline bool is_buffer(const rb_param *q)
{
    return !q->trained;
}

static inline bool is_trained(const rb_param *q)
{
    return q->trained;
}

static inline bool learns(const rb_param *q)
{
    return q->trained && !q->frozen;
}

// One slot of every parameter that `chosen` likes.
static inline void check_slot(const pair *p, const char *what, rb_slot slot, bool (*chosen)(const rb_param *),
                              double tolerance)
{
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (!chosen(q)) continue;
        check_close(rb_text_format(p->arena, "%s: %s, %s", p->name, what, q->name), network_get(&p->own.train, q, slot),
                    network_get(&p->exact.train, q, slot), q->count, tolerance);
    }
}

static inline double largest_gradient(const pair *p, const rb_node *n)
{
    double largest = 0;
    for (int i = 0; i < n->param_count; i++)
        if (learns(n->param[i]))
            largest = fmax(largest, largest_of(network_get(&p->exact.train, n->param[i], RB_GRAD), n->param[i]->count));
    return largest;
}

// Gradients are measured by the largest of their node: a bias has sums that may cancel. Those of a node that are 0 but
// for rounding, as in front of a norm of one value, are measured by the largest of all.
static inline void check_gradients(const pair *p, double tolerance)
{
    double largest = 0;
    for (int i = 0; i < p->graph->node_count; i++) largest = fmax(largest, largest_gradient(p, p->graph->nodes[i]));
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (!learns(q)) continue;
        double measure = largest_gradient(p, q->node);
        check_measured(rb_text_format(p->arena, "%s: gradient, %s", p->name, q->name),
                       network_get(&p->own.train, q, RB_GRAD), network_get(&p->exact.train, q, RB_GRAD), q->count,
                       tolerance, measure > 1e-9 * largest ? measure : largest);
    }
}

// ---- the same state in both ----------------------------------------------------------------------------------------

// Exact's tensors, rounded to float, into both.
static inline void share(const pair *p, rb_slot slot, bool (*chosen)(const rb_param *))
{
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (!chosen(q)) continue;
        const double *exact = network_get(&p->exact.train, q, slot);
        float *values = RB_NEW(p->arena, float, q->count);
        for (ptrdiff_t k = 0; k < q->count; k++) values[k] = (float)exact[k];
        p->exact.train.backend->put(p->exact.train.store, q, slot, values);
        p->own.train.backend->put(p->own.train.store, q, slot, values);
    }
}

// Distance from 0 of the ReLU input that is nearest to it, relative to the largest; exact zeros do not count.
static inline double distance_from_edge(const network *n, const rb_feed *feed)
{
    rb_error err = {0};
    check_done(n->backend->forward(n->plan, feed, &err), err);
    ptrdiff_t count = feed->n * size_of(n->plan->spec.keep->shape);
    const double *x = peek(n, feed->n);
    double nearest = INFINITY;
    for (ptrdiff_t i = 0; i < count; i++)
        if (fabs(x[i]) > 0) nearest = fmin(nearest, fabs(x[i]));
    return nearest / largest_of(x, count);
}

// Whether no ReLU's input is so near to 0 that rounding may push it to the other side: the gradient jumps there.
static inline bool is_steady(const pair *p, const rb_feed *feed, double tolerance)
{
    for (int i = 0; i < p->edge_count; i++)
        if (distance_from_edge(&p->edges[i], feed) < tolerance) return false;
    return true;
}

#endif
