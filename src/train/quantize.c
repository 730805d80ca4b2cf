// SPDX-License-Identifier: Apache-2.0
#include "train/quantize.h"

// A plan that counts magnitudes into seen [node].
static bool open_watcher(rb_arena *a, const rb_network *n, rb_magnitudes **seen, rb_plan **out, rb_error *err)
{
    rb_plan_spec spec = rb_network_plan_spec(n, RB_EVALUATE, n->store->spec.batch);
    spec.seen = *seen = RB_NEW(a, rb_magnitudes, n->graph->node_count);
    return n->backend->plan(a, n->store, &spec, out, err);
}

static void choose(const rb_graph *g, const rb_magnitudes *seen, float *range)
{
    for (int i = 0; i < g->node_count; i++) range[i] = rb_magnitudes_range(&seen[i], rb_byte_levels(g->nodes[i]));
}

static void forget(void *context, const rb_judged *j)
{
    (void)context, (void)j;
}

bool rb_ranges_find(const rb_scorer *s, const int *order, int count, float *range, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_scorer watcher = *s;
    rb_magnitudes *seen;
    bool done = open_watcher(scratch, s->network, &seen, &watcher.plan, err) &&
                rb_scorer_run(&watcher, order, count, forget, NULL, err);
    if (done) choose(s->network->graph, seen, range);
    rb_arena_close(scratch);
    return done;
}

bool rb_ranges_find_in(const rb_network *n, const rb_feed *feed, float *range, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_magnitudes *seen;
    rb_plan *plan;
    bool done = open_watcher(scratch, n, &seen, &plan, err) && n->backend->forward(plan, feed, err);
    if (done) choose(n->graph, seen, range);
    rb_arena_close(scratch);
    return done;
}
