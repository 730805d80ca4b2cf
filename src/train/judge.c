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
                rb_network_load(&job->network, &best.tensors, err) &&
                rb_network_calibrate(job->arena, &job->network, best.calibration, err);
    *threshold = best.threshold;
    rb_arena_close(scratch);
    return done;
}

typedef struct judged {
    rb_figures figures; // n = 0: no such part
    rb_intervals intervals;
} judged;

static bool log_figures(rb_arena *a, const rb_job *job, rb_part part, const rb_figures *f, double loss, rb_error *err)
{
    rb_json *j = rb_run_record(a, &job->run, "eval", job->at.best.step, job->at.best.epoch);
    rb_json_string(j, "part", rb_part_names[part]);
    rb_logged logged = rb_logged_of(a, rb_part_names[part], f, loss);
    rb_logged_put(j, &logged);
    return rb_run_write(&job->run, j, err);
}

static rb_intervals intervals_of(rb_arena *a, const rb_job *job, const rb_part_scores *s, rb_figures *f)
{
    const rb_outputs *o = &s->readable;
    int groups;
    rb_bootstrap b = {rb_resamples_for(o->n, o->columns),
                      rb_group_ids(a, rb_part_groups(a, &job->data, s), o->n, &groups)};
    return rb_figures_intervals(a, *o, f, &b);
}

static bool judge_part(rb_arena *a, rb_job *job, rb_part part, double threshold, judged *out, rb_error *err)
{
    rb_part_scores scores;
    if (!job->part[part].count) return true;
    if (!rb_job_score(a, job, part, &scores, err)) return false;
    out->figures = rb_figures_of(job->arena, scores.readable, threshold);
    out->intervals = intervals_of(a, job, &scores, &out->figures);
    const char *path = rb_run_path(a, &job->run, rb_text_format(a, "%s.proba", rb_part_names[part]));
    return rb_probabilities_write(a, path, scores.probability, scores.columns, scores.which.count, err) &&
           log_figures(a, job, part, &out->figures, scores.loss, err);
}

static bool write_metrics(rb_arena *a, const rb_job *job, const judged *of, double threshold, rb_error *err)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "model", job->network.model);
    rb_json_integer(j, "best_epoch", job->at.best.epoch);
    rb_json_real(j, "threshold", threshold);
    rb_calibration_to_json(j, "calibration", &job->network.calibration);
    for (int part = 0; part < RB_PARTS; part++) {
        if (!of[part].figures.n) continue;
        rb_json_open(j, rb_part_names[part], '{');
        rb_figures_members(j, &of[part].figures);
        rb_intervals_to_json(j, "intervals", &of[part].intervals);
        rb_json_close(j);
    }
    rb_json_close(j);
    const char *text = rb_text_format(a, "%s\n", rb_json_text(j));
    return rb_file_write(rb_run_path(a, &job->run, "metrics.json"), text, (ptrdiff_t)strlen(text), err);
}

static bool judge(rb_arena *a, rb_job *job, rb_trained *out, rb_error *err)
{
    double threshold;
    judged of[RB_PARTS] = {0};
    if (!load_best(job, &threshold, err)) return false;
    for (int part = 0; part < RB_PARTS; part++) {
        if (!judge_part(a, job, (rb_part)part, threshold, &of[part], err)) return false;
        out->of[part] = of[part].figures;
    }
    return write_metrics(a, job, of, threshold, err);
}

bool rb_job_judge(rb_job *job, rb_trained *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = judge(scratch, job, out, err);
    rb_arena_close(scratch);
    return done;
}
