// SPDX-License-Identifier: Apache-2.0
#include "train/shards.h"

#include <assert.h>

bool rb_shards_check(int shards, int batch, rb_error *err)
{
    if (shards <= batch) return true;
    return rb_fail(err, RB_ERR_USAGE, "shards: %d parts of a batch of %d pictures; use %d at most", shards, batch,
                   batch);
}

static int rows_of(int batch, int shards, int shard)
{
    return batch / shards + (shard < batch % shards);
}

static rb_plan *plan_of(const rb_shards *s, int rows)
{
    for (int i = 0; i < s->count; i++)
        if (s->plan[i]->spec.batch == rows) return s->plan[i];
    return NULL;
}

// The first part is the largest, the last one the smallest there is, or empty.
bool rb_shards_open(rb_arena *a, rb_store *store, const rb_plan_spec *spec, int batch, rb_shards *s, rb_error *err)
{
    int sizes[] = {rows_of(batch, s->shards, 0), rows_of(batch, s->shards, s->shards - 1)};
    for (int i = 0; i < 2; i++) {
        if (!sizes[i] || plan_of(s, sizes[i])) continue;
        rb_plan_spec part = *spec;
        part.batch = sizes[i];
        assert(s->count < RB_SHARD_PLANS);
        if (!store->backend->plan(a, store, &part, &s->plan[s->count], err)) return false;
        s->count++;
    }
    return true;
}

// Rows from..from+rows of a batch.
static rb_feed part_of(const rb_feed *f, rb_shape row, int k, int from, int rows)
{
    ptrdiff_t size = (ptrdiff_t)row.c * row.h * row.w;
    rb_feed part = *f;
    part.n = rows;
    if (f->pixels) part.pixels = f->pixels + from * size;
    if (f->values) part.values = f->values + from * size;
    if (f->labels) part.labels = f->labels + from;
    if (f->targets) part.targets = f->targets + (ptrdiff_t)from * k;
    if (f->weights) part.weights = f->weights + from;
    part.draw = f->draw + (uint32_t)from;
    return part;
}

static bool learn_part(rb_plan *p, const rb_feed *feed, bool first, double *loss, rb_error *err)
{
    double own;
    if (!p->backend->forward(p, feed, err) || !p->backend->read(p, &own, NULL, err)) return false;
    *loss = first ? own : *loss + own;
    return p->backend->backward(p, !first, err);
}

bool rb_shards_learn(const rb_shards *s, const rb_feed *feed, double *loss, rb_error *err)
{
    const rb_graph *g = s->plan[0]->store->graph;
    for (int from = 0, i = 0; from < feed->n; i++) {
        int rows = rows_of(feed->n, s->shards, i);
        rb_feed part = part_of(feed, g->input->shape, g->output->shape.c, from, rows);
        if (!learn_part(plan_of(s, rows), &part, !from, loss, err)) return false;
        from += rows;
    }
    return true;
}
