// SPDX-License-Identifier: Apache-2.0
// save.c - the checkpoints of a run.
#include "train/job.h"

#include <errno.h>
#include <unistd.h>

static const char *metrics_of(rb_arena *a, const rb_summary *val)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_summary_to_json(j, "val", val);
    rb_json_close(j);
    return rb_json_text(j);
}

// Where the run stands after the epoch that has just ended.
static const char *state_of(rb_arena *a, const rb_job *job)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "epochs_done", job->epoch + 1);
    rb_json_integer(j, "step", job->step);
    rb_json_integer(j, "thawed", job->thawed);
    rb_json_integer(j, "best_epoch", job->best.epoch);
    rb_json_real(j, "best_hter", job->best.at.hter);
    rb_json_real(j, "best_threshold", job->best.at.threshold);
    rb_json_real(j, "early_stop_best", job->early_stop.best);
    rb_json_integer(j, "early_stop_wait", job->early_stop.wait);
    rb_json_close(j);
    return rb_json_text(j);
}

// The training state that stands gets a second name before the new one takes its place. Where the file system has no
// second names, there is only the one.
static bool keep_previous(rb_arena *a, const char *path, rb_error *err)
{
    const char *previous = rb_path_with_suffix(a, path, ".prev.safetensors");
    if (!rb_file_exists(path)) return true;
    if (unlink(previous) && errno != ENOENT) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot remove", previous);
    if (!link(path, previous) || errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK) return true;
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot link to %s", path, previous);
}

static bool save(rb_arena *a, const rb_job *job, const char *name, const rb_summary *val, bool training, rb_error *err)
{
    const char *path = rb_run_path(a, &job->run, name);
    rb_checkpoint c = {.model = job->network.model,
                       .config = rb_config_dump(a, &job->settings->config, true),
                       .preprocessing = job->network.preprocessing,
                       .classes = job->data.classes,
                       .class_count = job->data.class_count,
                       .threshold = val->threshold,
                       .metrics = metrics_of(a, val),
                       .data_fingerprint = rb_dataset_fingerprint(&job->data),
                       .state = training ? state_of(a, job) : NULL};
    rb_network_tensors(a, &job->network, job->step, training, &c.tensors);
    return (!training || keep_previous(a, path, err)) && rb_checkpoint_write(a, path, &c, err);
}

bool rb_job_save(const rb_job *job, const char *name, const rb_summary *val, bool training, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = save(scratch, job, name, val, training, err);
    rb_arena_close(scratch);
    return done;
}
