// SPDX-License-Identifier: Apache-2.0
#include "train/train.h"

#include "base/stop.h"
#include "train/job.h"

static bool log_end(rb_arena *a, const rb_job *job, rb_error *err)
{
    rb_json *j = rb_run_record(a, &job->run, "end", job->at.step, job->at.epoch - 1);
    rb_json_integer(j, "best_step", job->at.best.step);
    rb_json_integer(j, "best_epoch", job->at.best.epoch);
    rb_json_string(j, "status", job->at.stopped_early ? "stopped_early" : "done");
    return rb_run_write(&job->run, j, err);
}

// A wish to stop that comes now costs the judging alone, which a resume repeats.
static bool judge(rb_job *job, rb_trained *out, rb_error *err)
{
    if (rb_job_judge(job, out, err)) return true;
    return err->kind == RB_ERR_STOPPED ? rb_job_stopped(job, rb_stop_asked(), err) : false;
}

bool rb_train(rb_arena *a, rb_settings *s, rb_resume *from, rb_trained *out, rb_error *err)
{
    rb_job *job = RB_NEW(a, rb_job, 1); // its loader's threads read it until `a` ends
    *out = (rb_trained){0};
    rb_stop_watch();
    bool opened = rb_job_open(a, s, from && from->folder ? from : NULL, job, err);
    if (from) rb_resume_forget(from);
    if (!opened || !rb_job_fit(job, err)) return false;
    out->folder = job->run.folder;
    out->best_epoch = job->at.best.epoch;
    out->stopped_early = job->at.stopped_early;
    return judge(job, out, err) && log_end(a, job, err);
}
