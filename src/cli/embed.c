// SPDX-License-Identifier: Apache-2.0
#include "cli/embed.h"

#include "base/file.h"
#include "base/stop.h"
#include "cli/deployed.h"

// The keys that concern a checkpoint, as words of a call: eda has others, of which a checkpoint knows nothing.
static const char *const passed_on[] = {"checkpoint_path", "batch_size", "device_index",
                                        "backend",         "precision",  "threads"};
#define PASSED_ON ((int)(sizeof passed_on / sizeof *passed_on))

static bool open_network(rb_arena *a, const rb_settings *asked, rb_deployed *out, rb_error *err)
{
    char *argv[PASSED_ON];
    for (int i = 0; i < PASSED_ON; i++)
        argv[i] = rb_text_format(a, "--%s=%s", passed_on[i], rb_config_value(a, &asked->config, passed_on[i]));
    return rb_deployed_open(a, RB_FOR_EDA, PASSED_ON, argv, out, err);
}

static bool open_loader(rb_arena *a, const rb_deployed *d, const rb_dataset *data, rb_loader **out, rb_error *err)
{
    const rb_data_settings *s = &d->settings->data;
    rb_loader_spec spec = {.data = data,
                           .channels = s->channels,
                           .image_size = s->image_size,
                           .interpolation = (rb_interpolation)s->interpolation,
                           .batch_size = d->settings->compute.batch_size,
                           .workers = s->workers,
                           .on_bad_image = RB_BAD_SKIP};
    return rb_loader_open(a, &spec, out, err);
}

typedef struct embedding {
    rb_plan *plan;
    rb_loader *loader;
    double *wide; // [batch d]
    float *out;   // [count d]
    int d;
} embedding;

static bool embed_batch(const embedding *e, const rb_batch *b, rb_error *err)
{
    rb_feed feed = {.n = b->n, .pixels = b->pixels};
    if (!e->plan->backend->forward(e->plan, &feed, err)) return false;
    e->plan->backend->peek(e->plan, e->wide);
    for (int i = 0; i < b->n; i++)
        for (int c = 0; c < e->d && !b->bad[i]; c++)
            e->out[(ptrdiff_t)b->sample[i] * e->d + c] = (float)e->wide[i * e->d + c];
    return true;
}

static bool embed_all(rb_arena *a, const embedding *e, const rb_dataset *data, void (*progress)(void *, int),
                      void *context, rb_error *err)
{
    rb_indices all = rb_dataset_part(a, data, RB_NO_PART);
    rb_loader_begin(e->loader, &(rb_pass){.order = all.at, .count = all.count});
    for (;;) {
        const rb_batch *b;
        if (!rb_loader_next(e->loader, &b, err)) return false;
        if (!b) return true;
        if (rb_stop_asked()) return rb_fail(err, RB_ERR_STOPPED, "stopped by %s", rb_stop_asked());
        if (!embed_batch(e, b, err)) return false;
        if (progress) progress(context, (int)b->first_draw + b->n);
    }
}

bool rb_embed(rb_arena *a, const rb_settings *asked, const rb_dataset *data, void (*progress)(void *context, int done),
              void *context, rb_map_features *out, rb_error *err)
{
    rb_deployed deployed;
    embedding e;
    if (!open_network(a, asked, &deployed, err)) return false;
    const rb_network *n = &deployed.network;
    const rb_node *features = rb_model_features(n->graph);
    int batch = n->store->spec.batch;
    rb_plan_spec spec = rb_network_plan_spec(n, RB_EVALUATE, batch);
    spec.keep = features;
    e.d = features->shape.c;
    e.wide = RB_NEW(a, double, (ptrdiff_t)batch *e.d);
    e.out = RB_NEW(a, float, (ptrdiff_t)data->count *e.d);
    if (!n->backend->plan(a, n->store, &spec, &e.plan, err) || !open_loader(a, &deployed, data, &e.loader, err) ||
        !embed_all(a, &e, data, progress, context, err))
        return false;
    *out = (rb_map_features){
        rb_text_format(a, "the %d pooled features of %s, %s", e.d, n->model, rb_path_name(deployed.path)), e.out, e.d,
        false};
    return true;
}
