// SPDX-License-Identifier: Apache-2.0
#include "train/train.h"

#include "train/job.h"

static bool log_end(rb_arena *a, const rb_job *job, bool stopped_early, rb_error *err)
{
    rb_json *j = rb_run_record(a, &job->run, "end", job->step, job->epoch);
    rb_json_integer(j, "best_step", job->best.step);
    rb_json_integer(j, "best_epoch", job->best.epoch);
    rb_json_string(j, "status", stopped_early ? "stopped_early" : "done");
    return rb_run_write(&job->run, j, err);
}

bool rb_train(rb_arena *a, rb_settings *s, rb_trained *out, rb_error *err)
{
    rb_job *job = RB_NEW(a, rb_job, 1); // its loader's threads read it until `a` ends
    *out = (rb_trained){0};
    if (!rb_job_open(a, s, job, err) || !rb_job_fit(job, &out->stopped_early, err)) return false;
    out->folder = job->run.folder;
    out->best_epoch = job->best.epoch;
    return rb_job_judge(job, out, err) && log_end(a, job, out->stopped_early, err);
}
