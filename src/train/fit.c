// SPDX-License-Identifier: Apache-2.0
// fit.c - the epochs: draw, step, validate, keep the best.
#include "train/job.h"

#include "base/clock.h"
#include "train/bar.h"

#include <math.h>
#include <stdio.h>

// What the loop needs beside the job.
typedef struct fit {
    rb_job *job;
    rb_plan *full, *rest; // for a whole batch, and for the last, smaller one; NULL where there is none
    rb_plan *plan;        // of the present step
    rb_arena *scratch;    // of one step; a reset keeps its memory
    int batch, draws, batches;
    int *order;             // [draws] samples of the epoch
    float *target, *weight; // [batch]
    double loss;            // sum over the draws of the epoch
    int judged;             // draws that the sum is of
    double epoch_s;         // seconds the steps of the epoch took
} fit;

// ---- opening -----------------------------------------------------------------------------------------------------

static bool open_plan(fit *f, int batch, rb_plan **out, rb_error *err)
{
    rb_job *job = f->job;
    rb_plan_spec spec = rb_network_plan_spec(&job->network, RB_TRAIN, batch);
    spec.loss = &rb_loss_bce;
    spec.loss_cfg = &job->settings->bce;
    spec.seed = (uint32_t)job->settings->training.seed;
    return job->network.backend->plan(job->arena, job->network.store, &spec, out, err);
}

// Which implementation each convolution got: two runs can only be the same where these are.
static bool log_algorithms(const rb_job *job, const rb_plan *p, rb_error *err)
{
    rb_json *j = rb_run_record(job->arena, &job->run, "event", -1, -1);
    rb_json_string(j, "event", "algorithms");
    rb_json_open(j, "convolutions", '[');
    for (int i = 0; i < p->work_count; i++)
        if (p->work[i].work <= RB_WORK_CONV_WEIGHTS)
            rb_json_string(j, NULL,
                           rb_text_format(job->arena, "%s, %s: %s", p->work[i].node, rb_work_names[p->work[i].work],
                                          p->work[i].by));
    rb_json_close(j);
    return rb_run_write(&job->run, j, err);
}

static bool open_fit(fit *f, rb_job *job, rb_error *err)
{
    int batch = job->settings->compute.batch_size, draws = job->part[RB_TRAIN_PART].count;
    *f = (fit){.job = job, .batch = batch, .draws = draws, .batches = (draws + batch - 1) / batch};
    f->order = RB_NEW(job->arena, int, draws);
    f->target = RB_NEW(job->arena, float, batch);
    f->weight = RB_NEW(job->arena, float, batch);
    if (draws >= batch && !open_plan(f, batch, &f->full, err)) return false;
    if (draws % batch && !open_plan(f, draws % batch, &f->rest, err)) return false;
    return log_algorithms(job, f->full ? f->full : f->rest, err);
}

// ---- a step ------------------------------------------------------------------------------------------------------

// Targets and weights of a batch; a picture that went bad since the first look weighs nothing. Returns the good ones.
static int fill_targets(fit *f, const rb_batch *b)
{
    int good = 0;
    for (int i = 0; i < b->n; i++) {
        f->target[i] = (float)f->job->data.samples[b->sample[i]].label;
        f->weight[i] = b->bad[i] ? 0 : 1;
        good += !b->bad[i];
    }
    return good;
}

static bool learn(fit *f, const rb_batch *b, int good, double *loss, rb_error *err)
{
    const rb_job *job = f->job;
    const rb_backend *backend = job->network.backend;
    f->plan = b->n == f->batch ? f->full : f->rest;
    rb_feed feed = {.n = b->n,
                    .pixels = b->pixels,
                    .targets = f->target,
                    .weights = f->weight,
                    .scale = 1.0 / good,
                    .epoch = (uint32_t)job->epoch,
                    .draw = b->first_draw};
    return backend->forward(f->plan, &feed, err) && backend->read(f->plan, loss, NULL, err) &&
           backend->backward(f->plan, false, err);
}

static bool fail_numeric(const fit *f, const rb_batch *b, double loss, rb_error *err)
{
    const rb_job *job = f->job;
    return rb_fail(err, RB_ERR_NUMERIC,
                   "step %lld of epoch %d: the loss is %g, in the batch that begins with %s; lower lr, or look at the "
                   "pictures",
                   (long long)job->step + 1, job->epoch + 1, loss, job->data.samples[b->sample[0]].path);
}

static bool update(fit *f, rb_error *err)
{
    rb_job *job = f->job;
    const rb_training_settings *t = &job->settings->training;
    rb_progress at = {job->step, (int64_t)f->batches * t->num_epochs, f->batches, t->lr};
    rb_rate rate = job->schedule.schedule->rate(job->schedule.cfg, at);
    job->lr = rate.lr;
    job->step++;
    rb_update u = {rate.lr, rate.momentum, t->weight_decay, job->step};
    return job->network.backend->update(job->network.store, &u, err);
}

static bool log_step(const fit *f, double loss, rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(f->scratch, &job->run, "step", job->step, job->epoch);
    rb_json_real(j, "train/loss", loss);
    rb_json_real(j, "lr", job->lr);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_reset(f->scratch);
    return done;
}

static bool take_step(fit *f, const rb_batch *b, rb_error *err)
{
    double loss;
    int good = fill_targets(f, b);
    if (!good) return true;
    if (!learn(f, b, good, &loss, err)) return false;
    if (!isfinite(loss)) return fail_numeric(f, b, loss, err);
    f->loss += loss * good;
    f->judged += good;
    return update(f, err) && log_step(f, loss, err);
}

// ---- an epoch ----------------------------------------------------------------------------------------------------

static void begin_pass(fit *f)
{
    rb_job *job = f->job;
    const rb_settings *s = job->settings;
    uint32_t seed = (uint32_t)s->training.seed, epoch = (uint32_t)job->epoch;
    rb_arena *scratch = rb_arena_open();
    rb_sampler_order(scratch, &job->data, job->part[RB_TRAIN_PART], (rb_sampler)s->data.sampler, seed, epoch, f->order,
                     f->draws);
    rb_arena_close(scratch);
    f->loss = 0;
    f->judged = 0;
    rb_loader_begin(
        job->loader,
        &(rb_pass){
            .order = f->order, .count = f->draws, .seed = seed, .epoch = epoch, .augmentation = job->augmentation});
}

static bool run_steps(fit *f, rb_bar *bar, rb_error *err)
{
    for (;;) {
        const rb_batch *b;
        if (!rb_loader_next(f->job->loader, &b, err)) return false;
        if (!b) return true;
        if (!take_step(f, b, err)) return false;
        rb_bar_show(bar, (int)b->first_draw / f->batch + 1, "  loss %.4f  lr %.2e", f->loss / f->judged, f->job->lr);
    }
}

static bool train_epoch(fit *f, rb_error *err)
{
    char title[48];
    double start_s = rb_clock_now_s();
    snprintf(title, sizeof title, "epoch %d/%d", f->job->epoch + 1, f->job->settings->training.num_epochs);
    rb_bar bar = rb_bar_begin(title, f->batches, f->batch);
    begin_pass(f);
    bool done = run_steps(f, &bar, err);
    rb_bar_clear(&bar);
    f->epoch_s = rb_clock_now_s() - start_s;
    return done;
}

// ---- validation --------------------------------------------------------------------------------------------------

static bool validate(rb_arena *scratch, const rb_job *job, rb_summary *val, double *loss, rb_error *err)
{
    rb_part_scores scores;
    if (!rb_score_part(scratch, &job->scorer, &job->data, job->part[RB_VAL_PART], &rb_loss_bce, &job->settings->bce,
                       &scores, err))
        return false;
    *val = rb_summarise(scratch, scores.readable, rb_best_hter(scratch, scores.readable).threshold);
    *loss = scores.loss;
    return true;
}

static bool log_epoch(rb_arena *scratch, const fit *f, const rb_summary *val, double val_loss, bool better,
                      rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(scratch, &job->run, "epoch", job->step, job->epoch);
    rb_json_real(j, "train/loss", f->loss / f->judged);
    rb_json_real(j, "val/loss", val_loss);
    rb_json_real(j, "val/hter", val->rates.hter);
    rb_json_real(j, "val/far", val->rates.far);
    rb_json_real(j, "val/frr", val->rates.frr);
    rb_json_real(j, "val/threshold", val->threshold);
    rb_json_real(j, "val/roc_auc", val->roc_auc);
    rb_json_real(j, "lr", job->lr);
    rb_json_bool(j, "best", better);
    rb_json_real(j, "t_images_per_s", f->draws / f->epoch_s);
    return rb_run_write(&job->run, j, err);
}

// Of every trained tensor: its values, and its gradient of the epoch's last step.
static bool log_histogram(const rb_job *job, const rb_param *p, rb_slot slot, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    double *x = RB_NEW(scratch, double, p->count);
    rb_json *j = rb_run_record(scratch, &job->run, "event", job->step, job->epoch);
    job->network.backend->get(job->network.store, p, slot, x);
    rb_json_string(j, "event", "histogram");
    rb_json_string(j, "name", rb_text_format(scratch, "%s/%s", slot == RB_GRAD ? "gradients" : "weights", p->name));
    rb_histogram_to_json(scratch, j, x, p->count);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_close(scratch);
    return done;
}

static bool log_histograms(const rb_job *job, rb_error *err)
{
    const rb_graph *g = job->network.graph;
    int every = job->settings->track.histograms;
    if (!every || (job->epoch + 1) % every) return true;
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        if (!p->trained) continue;
        if (!log_histogram(job, p, RB_VALUE, err)) return false;
        if (!p->frozen && !log_histogram(job, p, RB_GRAD, err)) return false;
    }
    return true;
}

static void print_epoch(const fit *f, const rb_summary *val, double val_loss, bool better)
{
    if (f->job->epoch == 0)
        fprintf(stderr, "%6s %10s %9s %10s %8s %10s %9s %9s\n", "epoch", "train loss", "val loss", "val HTER",
                "val AUC", "threshold", "lr", "images/s");
    fprintf(stderr, "%6d %10.4f %9.4f %9.4f%c %8.4f %10.4f %9.2e %9.0f\n", f->job->epoch + 1, f->loss / f->judged,
            val_loss, val->rates.hter, better ? '*' : ' ', val->roc_auc, val->threshold, f->job->lr,
            f->draws / f->epoch_s);
}

// `last` with the state of training in any case; the one before it stays as last.prev until the new one is complete.
static bool save(const rb_job *job, const rb_summary *val, bool better, rb_error *err)
{
    return (!better || rb_job_save(job, "best.safetensors", val, false, err)) &&
           rb_job_save(job, "last.safetensors", val, true, err);
}

static bool end_epoch(rb_arena *scratch, fit *f, bool *stop, rb_error *err)
{
    rb_job *job = f->job;
    rb_summary val;
    double loss;
    if (!validate(scratch, job, &val, &loss, err)) return false;
    bool better = val.rates.hter < job->best.at.hter;
    if (better) job->best = (rb_best){job->epoch, {val.threshold, val.rates.hter}};
    const rb_training_settings *t = &job->settings->training;
    *stop = rb_early_stop_after(&job->early_stop, val.rates.hter, t->early_stop_min_delta, t->early_stop_patience);
    print_epoch(f, &val, loss, better);
    return log_epoch(scratch, f, &val, loss, better, err) && log_histograms(job, err) && save(job, &val, better, err);
}

static bool run_epochs(fit *f, bool *stopped_early, rb_error *err)
{
    rb_job *job = f->job;
    *stopped_early = false;
    for (job->epoch = 0; job->epoch < job->settings->training.num_epochs && !*stopped_early; job->epoch++) {
        rb_arena *scratch = rb_arena_open();
        bool done = train_epoch(f, err) && end_epoch(scratch, f, stopped_early, err);
        rb_arena_close(scratch);
        if (!done) return false;
    }
    return true;
}

bool rb_job_fit(rb_job *job, bool *stopped_early, rb_error *err)
{
    fit f;
    if (!open_fit(&f, job, err)) return false;
    f.scratch = rb_arena_open();
    bool done = run_epochs(&f, stopped_early, err);
    rb_arena_close(f.scratch);
    return done;
}
