// SPDX-License-Identifier: Apache-2.0
#include "train/roofline.h"

#include "base/clock.h"
#include "base/parallel.h"

#include <string.h>

// The first convolution brings the maps into the layout that the library likes best; the second one is measured.
#define CHANNELS 512
#define SIDE     16
#define BATCH    32
#define WARM_UP  3

static const rb_node *find_conv(const rb_graph *g, const char *name)
{
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i]->op == &rb_op_conv && !strcmp(g->nodes[i]->name, name)) return g->nodes[i];
    return NULL;
}

double rb_roofline_flops(const rb_graph *g, const rb_work_item *item, int batch)
{
    const rb_node *n = item->work <= RB_WORK_CONV_WEIGHTS ? find_conv(g, item->node) : NULL;
    return n ? 2.0 * batch * n->shape.h * n->shape.w * (double)n->param[0]->count : 0;
}

static rb_graph *dense_graph(rb_arena *a, rb_error *err)
{
    rb_graph *g = rb_graph_new(a);
    rb_conv one = {.filters = CHANNELS, .kernel = 1};
    const rb_node *x = rb_input(g, (rb_shape){CHANNELS, SIDE, SIDE});
    x = rb_conv2d(g, "first", x, one);
    x = rb_conv2d(g, "second", x, one);
    return rb_graph_finish(g, rb_dense(g, "head", rb_mean_pool(g, x), 1), err) ? g : NULL;
}

static RB_CHECKED bool best_of(rb_plan *p, const rb_feed *feed, const rb_graph *g, double seconds, double *best,
                               rb_error *err)
{
    double start_s = rb_clock_now_s();
    p->timed = true;
    *best = 0;
    for (int round = 0; round <= WARM_UP || rb_clock_now_s() - start_s < seconds; round++) {
        for (int i = 0; i < p->work_count; i++) p->work[i].seconds = 0;
        if (!p->backend->forward(p, feed, err)) return false;
        for (int i = 0; i < p->work_count && round >= WARM_UP; i++) {
            double flops = strcmp(p->work[i].node, "second") ? 0 : rb_roofline_flops(g, &p->work[i], BATCH);
            if (flops > 0 && flops / p->work[i].seconds > *best) *best = flops / p->work[i].seconds;
        }
    }
    return true;
}

static bool measure(rb_arena *a, const rb_settings *s, double seconds, double *out, rb_error *err)
{
    const rb_backend *b;
    const rb_graph *g = dense_graph(a, err);
    rb_store *store;
    rb_plan *plan;
    rb_store_spec spec = {.precision = (rb_precision)s->compute.precision, .batch = BATCH};
    if (!g || !rb_backend_find(s->compute.backend, &b, err) || !b->store(a, g, &spec, &store, err)) return false;
    float *values = RB_NEW(a, float, (ptrdiff_t)BATCH *CHANNELS *SIDE *SIDE);
    for (int i = 0; i < g->param_count; i++) {
        float *w = RB_NEW(a, float, g->params[i]->count);
        rb_param_init(g->params[i], 0, w);
        b->put(store, g->params[i], RB_VALUE, w);
    }
    rb_plan_spec evaluate = {.mode = RB_EVALUATE, .batch = BATCH};
    if (!b->plan(a, store, &evaluate, &plan, err)) return false;
    if (!plan->work_count)
        return rb_fail(err, RB_ERR_USAGE, "roofline: backend %s does not tell of its parts; use onednn", b->name);
    return best_of(plan, &(rb_feed){.n = BATCH, .values = values}, g, seconds, out, err);
}

bool rb_roofline_measure(const rb_settings *s, double seconds, double *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_parallel_threads(s->compute.threads);
    bool done = measure(scratch, s, seconds, out, err);
    rb_arena_close(scratch);
    return done;
}
