// SPDX-License-Identifier: Apache-2.0
// fit.c - the epochs: draw, step, validate, keep the best.
#include "train/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "train/bar.h"
#include "train/curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// What the loop needs beside the job.
typedef struct fit {
    rb_job *job;
    rb_plan *full, *rest; // for a whole batch, and for the last, smaller one; NULL where there is none
    rb_arena *scratch;    // of one step; a reset keeps its memory
    int batch, draws, batches;
    int *order;     // [draws] samples of the epoch
    int *label;     // [batch]
    float *target;  // [batch k] smoothed; NULL: labels are meant as they are
    float *weight;  // [batch]
    double *row;    // [k]
    float *buffers; // running statistics before the step; NULL: a step that fails ends the run
    rb_arena *kept; // metrics of the last validation
    double start_s;
    double epoch_s; // seconds the steps of the epoch took
    int epoch_from; // first draw of the epoch that was made here
    bool headed;    // the table has its head
} fit;

// ---- opening -----------------------------------------------------------------------------------------------------

static bool open_plan(fit *f, int batch, rb_plan **out, rb_error *err)
{
    rb_job *job = f->job;
    rb_plan_spec spec = rb_network_plan_spec(&job->network, RB_TRAIN, batch);
    spec.loss = job->loss.loss;
    spec.loss_cfg = job->loss_cfg;
    spec.seed = (uint32_t)job->settings->training.seed;
    return job->network.backend->plan(job->arena, job->network.store, &spec, out, err);
}

static bool open_plans(fit *f, rb_error *err)
{
    if (f->draws >= f->batch && !open_plan(f, f->batch, &f->full, err)) return false;
    return !(f->draws % f->batch) || open_plan(f, f->draws % f->batch, &f->rest, err);
}

// Which implementation each convolution got: two runs can only be the same where these are.
static bool log_algorithms(const fit *f, rb_error *err)
{
    const rb_job *job = f->job;
    const rb_plan *p = f->full ? f->full : f->rest;
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
    int k = job->network.graph->output->shape.c;
    f->label = RB_NEW(job->arena, int, batch);
    f->row = RB_NEW(job->arena, double, k);
    if (job->settings->training.label_smoothing > 0) f->target = RB_NEW(job->arena, float, (ptrdiff_t)batch *k);
    f->weight = RB_NEW(job->arena, float, batch);
    if (job->settings->training.on_nan == RB_NAN_SKIP)
        f->buffers = RB_NEW(job->arena, float, rb_network_buffer_count(&job->network));
    return open_plans(f, err) && (job->resumed || log_algorithms(f, err));
}

// Plans know what is frozen, so that they are made anew; the small ones of the head stay until the run ends.
static bool thaw(fit *f, rb_error *err)
{
    rb_job *job = f->job;
    int from = job->settings->training.unfreeze_epoch;
    if (!job->settings->model.freeze || !from || job->at.epoch + 1 < from || job->at.thawed >= 0) return true;
    job->at.thawed = job->at.step;
    rb_graph_thaw(job->network.graph, job->at.thawed);
    rb_note("epoch %d: the backbone trains from here on", job->at.epoch + 1);
    return open_plans(f, err) && log_algorithms(f, err);
}

// ---- a step ------------------------------------------------------------------------------------------------------

static void smooth_target(const fit *f, int row)
{
    int k = f->job->network.graph->output->shape.c;
    rb_label_target(f->label[row], k, f->row);
    rb_target_smooth(f->job->settings->training.label_smoothing, k, f->row);
    for (int c = 0; c < k; c++) f->target[row * k + c] = (float)f->row[c];
}

// Labels or targets, and weights of a batch, and what it counts for. A picture that went bad since the first look has
// no part in the loss; its zero pixels still count in the statistics of batch normalisation.
static bool fill_targets(fit *f, const rb_batch *b, double *mass, rb_error *err)
{
    const rb_job *job = f->job;
    for (int i = 0; i < b->n; i++) {
        f->label[i] = job->data.samples[b->sample[i]].label;
        f->weight[i] = b->bad[i] ? 0 : 1;
        f->job->at.judged += !b->bad[i];
        if (f->target) smooth_target(f, i);
        if (b->bad[i] && !rb_job_bad_image(f->job, b->sample[i], b->reason[i], err)) return false;
    }
    rb_judged_batch judged = {.n = b->n,
                              .k = job->network.graph->output->shape.c,
                              .labels = f->target ? NULL : f->label,
                              .targets = f->target,
                              .weights = f->weight};
    *mass = rb_loss_mass(job->loss.loss, job->loss_cfg, &judged, f->row);
    return true;
}

static bool learn(fit *f, const rb_batch *b, double mass, double *loss, rb_error *err)
{
    const rb_job *job = f->job;
    const rb_backend *backend = job->network.backend;
    rb_plan *plan = b->n == f->batch ? f->full : f->rest;
    rb_feed feed = {.n = b->n,
                    .pixels = b->pixels,
                    .labels = f->target ? NULL : f->label,
                    .targets = f->target,
                    .weights = f->weight,
                    .scale = 1 / mass,
                    .epoch = (uint32_t)job->at.epoch,
                    .draw = b->first_draw};
    return backend->forward(plan, &feed, err) && backend->read(plan, loss, NULL, err) &&
           backend->backward(plan, false, err);
}

// "step 8 of epoch 2, in the batch that begins with x.jpg: <err>; lower lr, or look at the pictures". Returns false.
static bool fail_numeric(const fit *f, const rb_batch *b, rb_error *err)
{
    const rb_job *job = f->job;
    rb_error why = *err;
    return rb_fail(err, RB_ERR_NUMERIC,
                   "step %lld of epoch %d, in the batch that begins with %s: %.500s; lower lr, or look at the pictures",
                   (long long)job->at.step + 1, job->at.epoch + 1, job->data.samples[b->sample[0]].path, why.text);
}

static rb_progress progress_of(const fit *f)
{
    const rb_job *job = f->job;
    const rb_training_settings *t = &job->settings->training;
    return (rb_progress){job->at.step, (int64_t)f->batches * t->num_epochs, f->batches, t->lr, &job->at.memory};
}

static bool update(fit *f, rb_error *err)
{
    rb_job *job = f->job;
    const rb_training_settings *t = &job->settings->training;
    rb_rate rate = job->schedule.schedule->rate(job->schedule.cfg, progress_of(f));
    rb_update u = {.lr = rate.lr,
                   .momentum = rate.momentum,
                   .weight_decay = t->weight_decay,
                   .spare = !t->weight_decay_all,
                   .step = job->at.step + 1,
                   .clip = t->clip_grad_norm};
    if (!job->network.backend->update(job->network.store, &u, err)) return false;
    job->at.lr = rate.lr;
    job->at.step++;
    return true;
}

static bool log_step(const fit *f, double loss, rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(f->scratch, &job->run, "step", job->at.step, job->at.epoch);
    rb_json_real(j, "train/loss", loss);
    rb_json_real(j, "lr", job->at.lr);
    if (job->settings->training.clip_grad_norm > 0) rb_json_real(j, "train/grad_norm", job->network.store->grad_norm);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_reset(f->scratch);
    return done;
}

// Forward, backward, update: of weights that stay finite, or not at all.
static bool try_step(fit *f, const rb_batch *b, double mass, double *loss, rb_error *err)
{
    if (!learn(f, b, mass, loss, err)) return false;
    if (!isfinite(*loss)) return rb_fail(err, RB_ERR_NUMERIC, "the loss is %g", *loss);
    return update(f, err);
}

static bool log_skipped(const fit *f, const rb_batch *b, const rb_error *why, rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(f->scratch, &job->run, "event", job->at.step, job->at.epoch);
    rb_json_string(j, "event", "nan");
    rb_json_integer(j, "draw", b->first_draw);
    rb_json_string(j, "reason", why->text);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_reset(f->scratch);
    return done;
}

// The forward pass has moved running statistics already: they go back to what they were.
static bool skip_step(fit *f, const rb_batch *b, rb_error *err)
{
    rb_error why = *err;
    rb_warn("%s: the step is left out", why.text);
    rb_network_put_buffers(&f->job->network, f->buffers);
    return log_skipped(f, b, &why, err);
}

static bool take_step(fit *f, const rb_batch *b, rb_error *err)
{
    double loss, mass;
    if (!fill_targets(f, b, &mass, err)) return false;
    if (!(mass > 0)) return true; // nothing to learn from: no step
    if (f->buffers) rb_network_get_buffers(&f->job->network, f->buffers);
    if (!try_step(f, b, mass, &loss, err)) {
        if (err->kind != RB_ERR_NUMERIC) return false;
        fail_numeric(f, b, err);
        return f->buffers ? skip_step(f, b, err) : false;
    }
    f->job->at.loss += loss * mass;
    f->job->at.mass += mass;
    return log_step(f, loss, err);
}

// ---- an epoch ----------------------------------------------------------------------------------------------------

static void begin_pass(fit *f)
{
    rb_job *job = f->job;
    const rb_settings *s = job->settings;
    uint32_t seed = (uint32_t)s->training.seed, epoch = (uint32_t)job->at.epoch;
    rb_arena *scratch = rb_arena_open();
    rb_sampler_order(scratch, &job->data, job->part[RB_TRAIN_PART], (rb_sampler)s->data.sampler, seed, epoch, f->order,
                     f->draws);
    rb_arena_close(scratch);
    rb_loader_begin(job->loader, &(rb_pass){.order = f->order,
                                            .count = f->draws,
                                            .start = job->at.draw,
                                            .seed = seed,
                                            .epoch = epoch,
                                            .augmentation = job->augmentation});
}

// Over the draws of the epoch that could be read.
static double mean_loss(const fit *f)
{
    const rb_state *at = &f->job->at;
    return at->mass > 0 ? at->loss / at->mass : (double)NAN;
}

// Saves what a resume needs, and fails as somebody wished.
static bool stop(const fit *f, const char *why, rb_error *err)
{
    return rb_job_save(f->job, "last.safetensors", true, err) && rb_job_stopped(f->job, why, err);
}

static bool save_is_due(const rb_job *job)
{
    const rb_training_settings *t = &job->settings->training;
    bool steps = t->checkpoint_every > 0 && job->at.step - job->saved_step >= t->checkpoint_every;
    return steps || (t->checkpoint_every_s > 0 && rb_clock_now_s() - job->saved_s >= t->checkpoint_every_s);
}

static bool between_steps(fit *f, rb_error *err)
{
    double max_s = f->job->settings->training.max_time;
    if (rb_stop_asked()) return stop(f, rb_stop_asked(), err);
    if (max_s > 0 && rb_clock_now_s() - f->start_s >= max_s) return stop(f, "max_time", err);
    return !save_is_due(f->job) || rb_job_save(f->job, "last.safetensors", true, err);
}

static bool run_steps(fit *f, rb_bar *bar, rb_error *err)
{
    for (;;) {
        const rb_batch *b;
        if (!rb_loader_next(f->job->loader, &b, err)) return false;
        if (!b) return true;
        if (!take_step(f, b, err)) return false;
        f->job->at.draw += b->n;
        rb_bar_show(bar, (int)b->first_draw / f->batch + 1, "  loss %.4f  lr %.2e", mean_loss(f), f->job->at.lr);
        if (!between_steps(f, err)) return false;
    }
}

static bool train_epoch(fit *f, rb_error *err)
{
    char title[48];
    rb_job *job = f->job;
    double start_s = rb_clock_now_s();
    snprintf(title, sizeof title, "epoch %d/%d", job->at.epoch + 1, job->settings->training.num_epochs);
    rb_bar bar = rb_bar_begin(title, f->batches, f->batch);
    f->epoch_from = job->at.draw;
    bool done = true;
    if (job->at.draw < f->draws) { // a run that stopped in its validation has none left
        begin_pass(f);
        done = run_steps(f, &bar, err);
    }
    rb_bar_clear(&bar);
    f->epoch_s = rb_clock_now_s() - start_s;
    if (!done || job->at.judged) return done;
    return rb_fail(err, RB_ERR_DATA, "%s: none of its %d pictures could be read", title, f->draws);
}

// ---- validation --------------------------------------------------------------------------------------------------

static bool validate(rb_arena *scratch, rb_job *job, rb_summary *val, double *loss, rb_error *err)
{
    rb_part_scores scores;
    if (!rb_job_score(scratch, job, RB_VAL_PART, &scores, err)) return false;
    *val = rb_summarise(scratch, scores.readable, rb_best_hter(scratch, scores.readable).threshold);
    *loss = scores.loss;
    if (val->positives && val->negatives) return true;
    return rb_fail(err, RB_ERR_DATA, "of the val pictures that can still be read none is of class %s",
                   job->data.classes[val->positives ? 0 : 1]);
}

// What a schedule that listens is told of the epoch.
static void tell_schedule(rb_job *job, const rb_summary *val, double val_loss)
{
    const struct {
        const char *name;
        double value;
    } metrics[] = {{"hter", val->rates.hter}, {"loss", val_loss}, {"roc_auc", val->roc_auc}};
    const rb_chosen_schedule *c = &job->schedule;
    if (!c->schedule->observe) return;
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (!strcmp(metrics[i].name, c->schedule->monitor(c->cfg)))
            c->schedule->observe(c->cfg, job->settings->training.lr, metrics[i].value, &job->at.memory);
}

static double images_per_s(const fit *f)
{
    return (f->draws - f->epoch_from) / f->epoch_s;
}

static bool log_epoch(rb_arena *scratch, const fit *f, const rb_summary *val, double val_loss, bool better,
                      rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(scratch, &job->run, "epoch", job->at.step, job->at.epoch);
    rb_json_real(j, "train/loss", mean_loss(f));
    rb_json_real(j, "val/loss", val_loss);
    rb_json_real(j, "val/hter", val->rates.hter);
    rb_json_real(j, "val/far", val->rates.far);
    rb_json_real(j, "val/frr", val->rates.frr);
    rb_json_real(j, "val/threshold", val->threshold);
    rb_json_real(j, "val/roc_auc", val->roc_auc);
    rb_json_real(j, "lr", job->at.lr);
    rb_json_bool(j, "best", better);
    rb_json_real(j, "t_images_per_s", images_per_s(f));
    return rb_run_write(&job->run, j, err);
}

static void print_epoch(fit *f, const rb_summary *val, double val_loss, bool better)
{
    if (!f->headed)
        fprintf(stderr, "%6s %10s %9s %10s %8s %10s %9s %9s\n", "epoch", "train loss", "val loss", "val HTER",
                "val AUC", "threshold", "lr", "images/s");
    f->headed = true;
    fprintf(stderr, "%6d %10.4f %9.4f %9.4f%c %8.4f %10.4f %9.2e %9.0f\n", f->job->at.epoch + 1, mean_loss(f), val_loss,
            val->rates.hter, better ? '*' : ' ', val->roc_auc, val->threshold, f->job->at.lr, images_per_s(f));
}

// `last` with the state of training in any case; the one before it is kept as last.prev.
static bool save(rb_job *job, bool better, rb_error *err)
{
    return (!better || rb_job_save(job, "best.safetensors", false, err)) &&
           rb_job_save(job, "last.safetensors", true, err);
}

// What the epoch's checkpoints say of its validation.
static void keep_metrics(fit *f, const rb_summary *val)
{
    rb_arena_reset(f->kept);
    rb_json *j = rb_json_new(f->kept);
    rb_json_open(j, NULL, '{');
    rb_summary_to_json(j, "val", val);
    rb_json_close(j);
    f->job->at.metrics = rb_json_text(j);
    f->job->at.threshold = val->threshold;
}

static void go_to_next_epoch(rb_job *job, bool stop)
{
    rb_state *at = &job->at;
    at->epoch++;
    at->draw = at->judged = 0;
    at->loss = at->mass = 0;
    at->stopped_early = stop && at->epoch < job->settings->training.num_epochs;
    at->finished = stop || at->epoch >= job->settings->training.num_epochs;
}

static bool end_epoch(rb_arena *scratch, fit *f, rb_error *err)
{
    rb_job *job = f->job;
    rb_summary val;
    double loss;
    if (!validate(scratch, job, &val, &loss, err))
        return err->kind == RB_ERR_STOPPED ? stop(f, rb_stop_asked(), err) : false;
    bool better = val.rates.hter < job->at.best.at.hter;
    if (better) job->at.best = (rb_best){job->at.epoch, job->at.step, {val.threshold, val.rates.hter}};
    const rb_training_settings *t = &job->settings->training;
    bool enough =
        rb_early_stop_after(&job->at.early_stop, val.rates.hter, t->early_stop_min_delta, t->early_stop_patience);
    tell_schedule(job, &val, loss);
    print_epoch(f, &val, loss, better);
    if (!log_epoch(scratch, f, &val, loss, better, err) || !rb_job_log_histograms(job, err)) return false;
    keep_metrics(f, &val);
    go_to_next_epoch(job, enough);
    return save(job, better, err);
}

static bool run_epochs(fit *f, rb_error *err)
{
    while (!f->job->at.finished) {
        rb_arena *scratch = rb_arena_open();
        bool done = thaw(f, err) && train_epoch(f, err) && end_epoch(scratch, f, err);
        rb_arena_close(scratch);
        if (!done) return false;
    }
    return true;
}

bool rb_job_fit(rb_job *job, rb_error *err)
{
    fit f;
    if (job->at.finished) return true;
    if (!open_fit(&f, job, err)) return false;
    rb_curve_show(job->schedule.schedule, job->schedule.cfg, progress_of(&f));
    f.scratch = rb_arena_open();
    f.kept = rb_arena_open();
    f.start_s = job->saved_s = rb_clock_now_s();
    bool done = run_epochs(&f, err);
    job->at.metrics = NULL;
    rb_arena_close(f.kept);
    rb_arena_close(f.scratch);
    return done;
}
