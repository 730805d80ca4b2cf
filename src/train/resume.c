// SPDX-License-Identifier: Apache-2.0
#include "train/resume.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// ---- finding -------------------------------------------------------------------------------------------------------

static bool open_state(rb_arena *a, const char *path, rb_resume *out, rb_error *err)
{
    out->tensors = rb_arena_open();
    bool done = rb_checkpoint_open(out->tensors, path, &out->checkpoint, err) &&
                (!out->checkpoint.state || rb_state_read(a, out->checkpoint.state, &out->state, err) ||
                 rb_fail_in(err, "%s", path));
    if (done && out->checkpoint.state) {
        out->state.threshold = out->checkpoint.threshold;
        out->state.metrics = out->checkpoint.metrics ? rb_text_copy(a, out->checkpoint.metrics) : NULL;
        out->state.scores = out->checkpoint.scores ? rb_text_copy(a, out->checkpoint.scores) : NULL;
        out->state.calibration = out->checkpoint.calibration ? rb_text_copy(a, out->checkpoint.calibration) : NULL;
        return true;
    }
    rb_resume_forget(out);
    return done && rb_fail(err, RB_ERR_WEIGHTS, "%s: holds no training state", path);
}

// A damaged last.safetensors gives way to the one before it, for good: the next save would keep the damaged one
// instead.
static bool open_either(rb_arena *a, const char *folder, rb_resume *out, rb_error *err)
{
    const char *last = rb_path_join(a, folder, "last.safetensors");
    const char *previous = rb_path_join(a, folder, "last.prev.safetensors");
    if (open_state(a, last, out, err)) return true;
    rb_error also;
    if (!rb_file_exists(previous) || !open_state(a, previous, out, &also)) return false;
    rb_warn("%s; going on from %s", err->text, previous);
    return !rename(previous, last) || rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot rename", previous);
}

static bool is_run_folder(rb_arena *a, const char *folder)
{
    return rb_file_exists(rb_path_join(a, folder, "config.yaml")) &&
           rb_file_exists(rb_path_join(a, folder, "log.jsonl"));
}

// Another file of a run's folder goes on if training state is in it, and is weights to begin from if not.
static bool has_state(rb_arena *a, const char *path, rb_resume *out)
{
    rb_error ignored;
    return open_state(a, path, out, &ignored);
}

bool rb_resume_find(rb_arena *a, const char *path, rb_resume *out, rb_error *err)
{
    *out = (rb_resume){0};
    if (!path) return true;
    bool folder = rb_folder_exists(path), last = folder || !strcmp(rb_path_name(path), "last.safetensors");
    const char *run = folder ? path : rb_path_folder(a, path);
    if (folder && !is_run_folder(a, path))
        return rb_fail(err, RB_ERR_USAGE, "%s: is a folder, but none of a run: it has no config.yaml and log.jsonl",
                       path);
    if (!is_run_folder(a, run) || (!last && !has_state(a, path, out))) return true;
    // The state is read under the lock: whoever held it before may have gone on from it.
    rb_resume_forget(out);
    if (!rb_run_lock(a, run, &out->run, err) || !(last ? open_either(a, run, out, err) : open_state(a, path, out, err)))
        return false;
    out->folder = out->run.folder;
    return true;
}

void rb_resume_forget(rb_resume *r)
{
    if (r->tensors) rb_arena_close(r->tensors);
    r->tensors = NULL;
}

// ---- agreement -----------------------------------------------------------------------------------------------------

// Keys that a run may go on with otherwise, beside those that are local anyway. All others are part of what it computes
// from its first step on.
static const char *const may_change[] = {
    "num_epochs", "lr", "weight_decay", "clip_grad_norm", "early_stop_patience", "early_stop_min_delta",
    "recompute",  NULL};

bool rb_resume_agree(rb_arena *scratch, const rb_settings *recorded, const rb_settings *now, rb_error *err)
{
    const char *const *keys = rb_config_keys(scratch, &now->config);
    for (; *keys; keys++) {
        const char *was = rb_config_value(scratch, &recorded->config, *keys);
        const char *is = rb_config_value(scratch, &now->config, *keys);
        bool local = rb_config_is_local(&now->config, *keys);
        if (!strcmp(was, is) || !strcmp(*keys, "checkpoint_path")) continue;
        if (!local && !rb_is_one_of(*keys, may_change))
            return rb_fail(
                err, RB_ERR_USAGE,
                "%s: the run was begun with %s and cannot go on with %s; leave the key out, or begin a new run", *keys,
                was, is);
        rb_note("%s: %s instead of %s", *keys, is, was);
    }
    return true;
}
