// SPDX-License-Identifier: Apache-2.0
// save.c - the checkpoints of a run.
#include "train/job.h"

#include "base/clock.h"

#include <errno.h>
#include <unistd.h>

// Pictures that could not be read: at the first look, or only later.
static const char *const *unreadable(rb_arena *a, const rb_job *job, bool first_look)
{
    const char **names = RB_NEW(a, const char *, job->data.count + 1), **to = names;
    for (int i = 0; i < job->data.count; i++)
        if (job->unreadable[i] && (job->data.samples[i].part == RB_NO_PART) == first_look)
            *to++ = job->data.samples[i].name;
    return names;
}

static const char *state_of(rb_arena *a, const rb_job *job)
{
    rb_state s = job->at;
    s.threads = job->settings->compute.threads;
    s.log_lines = *job->run.lines;
    s.bad = unreadable(a, job, true);
    s.lost = unreadable(a, job, false);
    return rb_state_text(a, &s);
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

static bool save(rb_arena *a, const rb_job *job, const char *name, bool training, rb_error *err)
{
    const char *path = rb_run_path(a, &job->run, name);
    rb_checkpoint c = {.model = job->network.model,
                       .config = rb_config_dump(a, &job->settings->config, true),
                       .preprocessing = job->network.preprocessing,
                       .classes = job->data.classes,
                       .class_count = job->data.class_count,
                       .threshold = job->at.threshold,
                       .calibration = job->at.calibration,
                       .metrics = job->at.metrics,
                       .scores = job->at.scores,
                       .data_fingerprint = job->fingerprint,
                       .state = training ? state_of(a, job) : NULL};
    int64_t forwards = job->at.step * job->settings->training.shards;
    rb_network_tensors(a, &job->network, forwards, training, &c.tensors);
    return (!training || keep_previous(a, path, err)) && rb_checkpoint_write(a, path, &c, err);
}

bool rb_job_save(rb_job *job, const char *name, bool training, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = save(scratch, job, name, training, err);
    rb_arena_close(scratch);
    job->saved_step = job->at.step;
    job->saved_s = rb_clock_now_s();
    return done;
}

bool rb_job_stopped(const rb_job *job, const char *why, rb_error *err)
{
    return rb_fail(err, RB_ERR_STOPPED, "stopped by %s after step %lld; to go on: rarebit train --checkpoint_path %s",
                   why, (long long)job->at.step, job->run.folder);
}
