// SPDX-License-Identifier: Apache-2.0
#include "cli/part/embed.h"

#include "base/file.h"
#include "base/stop.h"
#include "cli/part/deployed.h"
#include "train/start.h"

// The keys that concern a checkpoint, as words of a call: eda has others, of which a checkpoint knows nothing.
static const char *const passed_on[] = {"checkpoint_path", "batch_size", "device_index",
                                        "backend",         "precision",  "threads"};
#define PASSED_ON ((int)(sizeof passed_on / sizeof *passed_on))

// A network with its weights, and the pictures it wants.
typedef struct opened {
    rb_network network;
    const rb_settings *settings;
    const char *from; // for people
} opened;

static bool open_checkpoint(rb_arena *a, const rb_settings *asked, opened *out, rb_error *err)
{
    char *argv[PASSED_ON];
    rb_deployed d;
    for (int i = 0; i < PASSED_ON; i++)
        argv[i] = rb_text_format(a, "--%s=%s", passed_on[i], rb_config_value(a, &asked->config, passed_on[i]));
    if (!rb_deployed_open(a, RB_FOR_EDA, PASSED_ON, argv, &d, err)) return false;
    *out = (opened){d.network, d.settings, rb_path_name(d.path)};
    return true;
}

static bool open_backbone(rb_arena *a, const rb_settings *asked, const char *backbone, opened *out, rb_error *err)
{
    rb_settings *s = RB_NEW(a, rb_settings, 1);
    rb_started started = {0};
    *s = *asked;
    s->training.pretrained = backbone;
    *out = (opened){.settings = s};
    if (!rb_network_open(a, s, NULL, NULL, &out->network, err)) return false;
    rb_network_init(&out->network, (uint32_t)s->training.seed); // its head, which nobody will ask
    if (!rb_start_pretrained(a, &out->network, s, &started, err)) return false;
    out->from = started.from;
    return started.from || rb_fail(err, RB_ERR_USAGE, "backbone: %s names no weights", backbone);
}

static bool open_loader(rb_arena *a, const rb_settings *s, const rb_dataset *data, rb_loader **out, rb_error *err)
{
    rb_loader_spec spec = {.data = data,
                           .channels = s->data.channels,
                           .image_size = s->data.image_size,
                           .interpolation = (rb_interpolation)s->data.interpolation,
                           .batch_size = s->compute.batch_size,
                           .workers = s->data.workers,
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

bool rb_embed(rb_arena *a, const rb_settings *asked, const char *backbone, const rb_dataset *data,
              void (*progress)(void *context, int done), void *context, rb_map_features *out, rb_error *err)
{
    opened o;
    embedding e;
    if (!(backbone ? open_backbone(a, asked, backbone, &o, err) : open_checkpoint(a, asked, &o, err))) return false;
    const rb_network *n = &o.network;
    int batch = n->store->spec.batch;
    rb_plan_spec spec = rb_network_plan_spec(n, RB_EVALUATE, batch);
    spec.keep = rb_model_features(n->graph);
    e.d = spec.keep->shape.c;
    e.wide = RB_NEW(a, double, (ptrdiff_t)batch *e.d);
    e.out = RB_NEW(a, float, (ptrdiff_t)data->count *e.d);
    if (!n->backend->plan(a, n->store, &spec, &e.plan, err) || !open_loader(a, o.settings, data, &e.loader, err) ||
        !embed_all(a, &e, data, progress, context, err))
        return false;
    const char *source = rb_text_format(a, "the %d pooled features of %s, %s", e.d, n->model, o.from);
    *out = (rb_map_features){source, e.out, e.d, false};
    return true;
}
