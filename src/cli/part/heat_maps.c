// SPDX-License-Identifier: Apache-2.0
#include "cli/part/heat_maps.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/part/deployed.h"
#include "train/grad_cam.h"

#define BATCH 16 // pictures

typedef struct looker {
    rb_arena *arena;
    const rb_message_settings *speak;
    const rb_past *run; // whose network is open; NULL: none is
    rb_deployed deployed;
    rb_grad_cam cam;
} looker;

// ---- the network --------------------------------------------------------------------------------------------------

// The words of a call that opens the run's best checkpoint.
static bool open_checkpoint(looker *l, const rb_past *run, rb_error *err)
{
    rb_arena *a = l->arena;
    const char *threads = rb_setting_find(&run->settings, "threads");
    char *argv[] = {
        rb_text_format(a, "--checkpoint_path=%s", rb_path_join(a, run->folder, "best.safetensors")),
        rb_text_format(a, "--threads=%s", threads ? threads : "0"),
        rb_text_format(a, "--batch_size=%d", BATCH),
        rb_text_copy(a, "--precision=fp32"),
        rb_text_copy(a, "--device_index=-1"),
        rb_text_format(a, "--quiet=%s", l->speak->quiet ? "true" : "false"),
        rb_text_format(a, "--log_format=%s", rb_log_formats[l->speak->log_format]),
    };
    return rb_deployed_open(a, RB_FOR_EDA, (int)(sizeof argv / sizeof *argv), argv, &l->deployed, err);
}

static bool open_network(looker *l, const rb_past *run, rb_error *err)
{
    if (l->run == run) return true;
    if (!open_checkpoint(l, run, err)) return false;
    const rb_network *n = &l->deployed.network;
    rb_plan_spec spec = rb_network_plan_spec(n, RB_EVALUATE, BATCH);
    if (!rb_grad_cam_open(l->arena, n->store, &spec, &l->cam, err)) return false;
    if (l->cam.shape.h * l->cam.shape.w == 1)
        return rb_fail(err, RB_ERR_USAGE, "the last map of %s at image_size %d is a single cell, which has no places",
                       n->model, n->preprocessing.image_size);
    l->run = run;
    return true;
}

// ---- pictures -----------------------------------------------------------------------------------------------------

static bool open_loader(rb_arena *a, const looker *l, const rb_cam_ask *asks, int count, rb_loader **out, rb_error *err)
{
    const rb_data_settings *s = &l->deployed.settings->data;
    const char **paths = RB_NEW(a, const char *, count);
    rb_dataset *data = RB_NEW(a, rb_dataset, 1);
    for (int i = 0; i < count; i++) paths[i] = asks[i].path;
    rb_loader_spec spec = {.data = data,
                           .channels = s->channels,
                           .image_size = s->image_size,
                           .interpolation = (rb_interpolation)s->interpolation,
                           .batch_size = BATCH,
                           .workers = s->workers,
                           .on_bad_image = RB_BAD_SKIP};
    return rb_dataset_from_files(a, paths, count, data, err) && rb_loader_open(a, &spec, out, err);
}

static bool look_at_batch(rb_arena *a, const looker *l, const rb_batch *b, const rb_cam_ask *asks, rb_cam *out,
                          rb_error *err)
{
    int class[BATCH], h = l->cam.shape.h, w = l->cam.shape.w;
    float *maps = RB_NEW(a, float, BATCH *h *w);
    for (int i = 0; i < b->n; i++) class[i] = asks[b->sample[i]].class;
    if (!rb_grad_cam_look(&l->cam, &(rb_feed){.n = b->n, .pixels = b->pixels}, class, maps, err)) return false;
    for (int i = 0; i < b->n; i++)
        if (!b->bad[i]) out[b->sample[i]] = (rb_cam){maps + i * h * w, h, w};
    return true;
}

static bool make(void *context, rb_arena *a, const rb_past *run, const rb_cam_ask *asks, int count, rb_cam *out,
                 rb_error *err)
{
    looker *l = context;
    rb_loader *loader;
    const rb_batch *b;
    int *order = RB_NEW(a, int, count);
    for (int i = 0; i < count; i++) order[i] = i;
    if (!open_network(l, run, err) || !open_loader(a, l, asks, count, &loader, err)) return false;
    rb_loader_begin(loader, &(rb_pass){.order = order, .count = count});
    for (;;) {
        if (!rb_loader_next(loader, &b, err)) return false;
        if (!b) return true;
        if (rb_stop_asked()) return rb_fail(err, RB_ERR_STOPPED, "stopped by %s", rb_stop_asked());
        if (!look_at_batch(a, l, b, asks, out, err)) return false;
    }
}

rb_cam_maker rb_heat_maps(rb_arena *a, const rb_message_settings *speak)
{
    looker *l = RB_NEW(a, looker, 1);
    *l = (looker){.arena = a, .speak = speak};
    return (rb_cam_maker){make, l};
}
