// SPDX-License-Identifier: Apache-2.0
// judge.c - the end of a run: the best checkpoint on train, val and test, at the threshold that val chose.
#include "train/job.h"

#include <math.h>
#include <string.h>

static bool load_best(rb_job *job, double *threshold, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_checkpoint best;
    bool done = rb_checkpoint_open(scratch, rb_run_path(scratch, &job->run, "best.safetensors"), &best, err) &&
                rb_network_load(&job->network, &best.tensors, err);
    *threshold = best.threshold;
    rb_arena_close(scratch);
    return done;
}

static bool log_figures(rb_arena *a, const rb_job *job, rb_part part, const rb_figures *f, double loss, rb_error *err)
{
    rb_json *j = rb_run_record(a, &job->run, "eval", job->at.best.step, job->at.best.epoch);
    rb_json_string(j, "part", rb_part_names[part]);
    rb_logged logged = rb_logged_of(a, rb_part_names[part], f, loss);
    rb_logged_put(j, &logged);
    return rb_run_write(&job->run, j, err);
}

// Pictures of one group are not independent, and intervals must not take them for it.
static void heed_groups(rb_arena *a, const rb_job *job, const rb_part_scores *s, double threshold, rb_figures *f)
{
    int groups;
    const int *group = rb_group_ids(a, rb_part_groups(a, &job->data, s), s->readable.n, &groups);
    rb_figures_by_groups(f, s->readable, threshold, &(rb_bootstrap){RB_RESAMPLES, group});
}

static bool judge_part(rb_arena *a, rb_job *job, rb_part part, double threshold, rb_figures *out, rb_error *err)
{
    rb_part_scores scores;
    if (!job->part[part].count) return true;
    if (!rb_job_score(a, job, part, &scores, err)) return false;
    *out = rb_figures_of(job->arena, scores.readable, threshold);
    heed_groups(a, job, &scores, threshold, out);
    const char *path = rb_run_path(a, &job->run, rb_text_format(a, "%s.proba", rb_part_names[part]));
    return rb_probabilities_write(a, path, scores.probability, scores.columns, scores.which.count, err) &&
           log_figures(a, job, part, out, scores.loss, err);
}

static bool write_metrics(rb_arena *a, const rb_job *job, const rb_trained *t, double threshold, rb_error *err)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "model", job->network.model);
    rb_json_integer(j, "best_epoch", t->best_epoch);
    rb_json_real(j, "threshold", threshold);
    for (int part = 0; part < RB_PARTS; part++)
        if (t->of[part].n) rb_figures_to_json(j, rb_part_names[part], &t->of[part]);
    rb_json_close(j);
    const char *text = rb_text_format(a, "%s\n", rb_json_text(j));
    return rb_file_write(rb_run_path(a, &job->run, "metrics.json"), text, (ptrdiff_t)strlen(text), err);
}

static bool judge(rb_arena *a, rb_job *job, rb_trained *out, rb_error *err)
{
    double threshold;
    if (!load_best(job, &threshold, err)) return false;
    for (int part = 0; part < RB_PARTS; part++)
        if (!judge_part(a, job, (rb_part)part, threshold, &out->of[part], err)) return false;
    return write_metrics(a, job, out, threshold, err);
}

bool rb_job_judge(rb_job *job, rb_trained *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = judge(scratch, job, out, err);
    rb_arena_close(scratch);
    return done;
}
