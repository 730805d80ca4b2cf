// SPDX-License-Identifier: Apache-2.0
// histogram.c - how weights and gradients are spread, into the log.
#include "train/job.h"

// Of every trained tensor: its values, and its gradient of the epoch's last step.
static bool log_histogram(const rb_job *job, const rb_param *p, rb_slot slot, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    double *x = RB_NEW(scratch, double, p->count);
    rb_json *j = rb_run_record(scratch, &job->run, "event", job->at.step, job->at.epoch);
    job->network.backend->get(job->network.store, p, slot, x);
    rb_json_string(j, "event", "histogram");
    rb_json_string(j, "name", rb_text_format(scratch, "%s/%s", slot == RB_GRAD ? "gradients" : "weights", p->name));
    rb_histogram_to_json(scratch, j, x, p->count);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_close(scratch);
    return done;
}

bool rb_job_log_histograms(const rb_job *job, rb_error *err)
{
    const rb_graph *g = job->network.graph;
    int every = job->settings->track.histograms;
    if (!every || (job->at.epoch + 1) % every) return true;
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        if (!p->trained) continue;
        if (!log_histogram(job, p, RB_VALUE, err)) return false;
        if (!p->frozen && !log_histogram(job, p, RB_GRAD, err)) return false;
    }
    return true;
}
