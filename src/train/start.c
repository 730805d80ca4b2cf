// SPDX-License-Identifier: Apache-2.0
#include "train/start.h"

#include "base/log.h"
#include "hub/hub.h"
#include "weights/hub_config.h"

#include <string.h>

// ---- mean and std -------------------------------------------------------------------------------------------------

typedef struct look {
    rb_arena *arena;
    rb_network *network;
} look;

static bool use_config(void *context, const char *path, rb_error *err)
{
    const look *l = context;
    rb_hub_config c;
    if (!rb_hub_config_read(l->arena, path, &c, err)) return false;
    if (c.architecture && strcmp(c.architecture, l->network->model))
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: is of %s, and model_type is %s", path, c.architecture,
                       l->network->model);
    rb_network_take_colours(l->network, c.mean, c.std, 3);
    return true;
}

// ---- weights ------------------------------------------------------------------------------------------------------

static void tell(const rb_fit *f, const char *from)
{
    rb_note("%d of %d backbone tensors from %s", f->backbone, f->backbone, from);
    if (f->grey) rb_note("%s: summed over the three colours of the file", f->grey->name);
    if (f->fresh_head) rb_note("the head is a fresh one: %s", f->fresh_head);
    if (f->beside)
        rb_note("%d tensor%s of the file left out, %s%s no part of the network", f->beside, f->beside == 1 ? "" : "s",
                f->beside_name, f->beside == 1 ? " is" : " and others are");
}

static bool begin_from(rb_arena *scratch, rb_network *n, const rb_weights *w, const char *from, rb_started *out,
                       rb_error *err)
{
    rb_fit fit;
    if (!rb_network_fit(scratch, n, &w->tensors, &fit, err)) return false;
    tell(&fit, from);
    *out = (rb_started){from, NULL, fit.backbone, !fit.fresh_head};
    return true;
}

bool rb_start_file(rb_arena *a, rb_network *n, const char *path, bool *ours, rb_started *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_weights w;
    bool done = rb_weights_read(scratch, path, &w, err);
    *ours = done && rb_tensors_metadata(&w.tensors, "rarebit");
    if (done && !*ours)
        done = begin_from(scratch, n, &w, rb_text_copy(a, path), out, err) || rb_fail_in(err, "%s", path);
    rb_arena_close(scratch);
    return done;
}

// ---- by name ------------------------------------------------------------------------------------------------------

static bool fail_with_advice(rb_error *err)
{
    rb_error why = *err;
    if (why.kind == RB_ERR_USAGE || why.kind == RB_ERR_STOPPED) return false;
    return rb_fail(err, why.kind, "pretrained: %.800s; any file of such weights can be named instead: pretrained: FILE",
                   why.text);
}

// A checkpoint of ours says how its pictures were normalised, as a config.json does. What was done for a file with
// neither is not known; ImageNet's mean and std are what the network has.
static bool take_colours(rb_arena *scratch, rb_network *n, const rb_source *s, const rb_fetched *f, bool ours,
                         rb_error *err)
{
    rb_checkpoint c;
    if (ours) {
        if (!rb_checkpoint_open(scratch, f->weights, &c, err)) return false;
        rb_network_take_colours(n, c.preprocessing.mean, c.preprocessing.std, c.preprocessing.channels);
    } else if (!f->config && !s->torchvision) {
        rb_note("no config.json is beside %s: pictures are normalised with ImageNet's mean and std", f->weights);
    }
    return true;
}

static bool begin_by_name(rb_arena *a, rb_arena *scratch, rb_network *n, const char *pretrained, rb_started *out,
                          rb_error *err)
{
    rb_source source;
    rb_fetched files;
    rb_weights w;
    look l = {scratch, n};
    if (!rb_source_find(scratch, pretrained, n->model, &source, err)) return false;
    if (!rb_source_fetch(scratch, &source, use_config, &l, &files, err)) return fail_with_advice(err);
    if (!rb_weights_read(scratch, files.weights, &w, err)) return rb_fail_in(err, "pretrained");
    const char *from = rb_text_copy(a, files.from);
    bool ours = !files.config && rb_tensors_metadata(&w.tensors, "rarebit");
    if (!begin_from(scratch, n, &w, from, out, err)) return rb_fail_in(err, "pretrained: %s", files.weights);
    if (files.commit) out->commit = rb_text_copy(a, files.commit);
    return take_colours(scratch, n, &source, &files, ours, err);
}

bool rb_start_pretrained(rb_arena *a, rb_network *n, const rb_settings *s, rb_started *out, rb_error *err)
{
    const char *pretrained = s->training.pretrained;
    if (!pretrained || !strcmp(pretrained, "false")) return true;
    rb_arena *scratch = rb_arena_open();
    bool done = begin_by_name(a, scratch, n, pretrained, out, err);
    rb_arena_close(scratch);
    return done;
}
