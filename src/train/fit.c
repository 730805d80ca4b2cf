// SPDX-License-Identifier: Apache-2.0
// fit.c - the epochs: draw, step, validate, keep the best.
#include "train/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "optim/average.h"
#include "train/bar.h"
#include "train/curve.h"
#include "train/shards.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// What the loop needs beside the job.
typedef struct fit {
    rb_job *job;
    rb_shards shards;  // plans for a whole batch, and for the last, smaller one
    rb_arena *plans;   // those of shards; they end when others take their place
    rb_arena *scratch; // of one step; a reset keeps its memory
    int batch, draws, batches;
    int *order;     // [draws] samples of the epoch
    int *label;     // [batch]
    float *target;  // [batch k] smoothed or mixed; NULL: labels are meant as they are
    uint8_t *mixed; // [batch h w c]; NULL: pictures are never mixed
    float *weight;  // [batch]
    double *row;    // [k]
    float *buffers; // running statistics before the step; NULL: a step that fails ends the run
    rb_arena *kept; // metrics of the last validation
    double start_s;
    double epoch_s; // seconds the steps of the epoch took
    double wait_s;  // of them, those in which no batch was ready
    int epoch_from; // first draw of the epoch that was made here
    bool headed;    // the table has its head
} fit;

// ---- opening -----------------------------------------------------------------------------------------------------

static bool open_plans(fit *f, rb_error *err)
{
    rb_job *job = f->job;
    rb_plan_spec spec = rb_network_plan_spec(&job->network, RB_TRAIN, f->batch);
    spec.loss = job->loss.loss;
    spec.loss_cfg = job->loss_cfg;
    spec.seed = (uint32_t)job->settings->training.seed;
    int whole = f->draws / f->batch ? f->batch : 0, rest = f->draws % f->batch;
    if (f->plans) rb_arena_close(f->plans);
    f->plans = rb_arena_open();
    f->shards = (rb_shards){.shards = job->settings->training.shards};
    return (!whole || rb_shards_open(f->plans, job->network.store, &spec, whole, &f->shards, err)) &&
           (!rest || rb_shards_open(f->plans, job->network.store, &spec, rest, &f->shards, err));
}

// Which implementation each convolution got: two runs can only be the same where these are.
static bool log_algorithms(const fit *f, rb_error *err)
{
    const rb_job *job = f->job;
    const rb_plan *p = f->shards.plan[0];
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
    bool mixes = rb_mix_wanted(&job->settings->mix);
    rb_shape in = job->network.graph->input->shape;
    if (mixes) f->mixed = RB_NEW(job->arena, uint8_t, (ptrdiff_t)batch * in.c * in.h * in.w);
    if (mixes || job->settings->training.label_smoothing > 0)
        f->target = RB_NEW(job->arena, float, (ptrdiff_t)batch *k);
    f->weight = RB_NEW(job->arena, float, batch);
    if (job->settings->training.on_nan == RB_NAN_SKIP)
        f->buffers = RB_NEW(job->arena, float, rb_network_buffer_count(&job->network));
    return open_plans(f, err) && (job->resumed || log_algorithms(f, err));
}

// How often the backbone is to have thawed before the epoch at hand.
static int thaws_due(const rb_job *job)
{
    const rb_training_settings *t = &job->settings->training;
    int since = job->at.epoch + 1 - t->unfreeze_epoch, blocks = rb_graph_blocks(job->network.graph);
    if (!job->settings->model.freeze || !t->unfreeze_epoch || since < 0) return 0;
    if (!t->unfreeze_every) return 1;
    return 1 + since / t->unfreeze_every < blocks ? 1 + since / t->unfreeze_every : blocks;
}

// Plans know what is frozen, so that they are made anew.
static bool thaw(fit *f, rb_error *err)
{
    rb_job *job = f->job;
    rb_state *at = &job->at;
    int before = at->thaws, due = thaws_due(job), blocks = rb_graph_blocks(job->network.graph);
    for (; at->thaws < due && at->thaws < RB_THAWS_MOST; at->thaws++) {
        at->thawed[at->thaws] = at->step;
        rb_graph_thaw(job->network.graph, rb_job_thaw_block(job, at->thaws), at->step);
    }
    if (at->thaws == before) return true;
    int reached = rb_job_thaw_block(job, at->thaws - 1);
    if (reached == blocks)
        rb_note("epoch %d: the backbone trains from here on", at->epoch + 1);
    else
        rb_note("epoch %d: of the backbone's %d blocks the last %d train", at->epoch + 1, blocks, reached);
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

// Mixes targets, and returns the pixels that go with them.
static const uint8_t *mix(const fit *f, const rb_batch *b)
{
    const rb_settings *s = f->job->settings;
    rb_shape in = f->job->network.graph->input->shape;
    if (!f->mixed) return b->pixels;
    rb_mix m = rb_mix_draw(&s->mix, (uint32_t)s->training.seed, (uint32_t)f->job->at.epoch, b->first_draw, in.h, in.w);
    rb_mixed_batch batch = {b->n, in.h, in.w, in.c, b->pixels, b->bad};
    if (m.own == 1) return b->pixels;
    rb_mix_pixels(&m, &batch, f->mixed);
    rb_mix_targets(&m, &batch, f->job->network.graph->output->shape.c, f->target);
    return f->mixed;
}

// Labels or targets, and weights of a batch, what it counts for and its pixels. A picture that went bad since the first
// look has no part in the loss; its zero pixels still count in the statistics of batch normalisation.
static bool fill_targets(fit *f, const rb_batch *b, const uint8_t **pixels, double *mass, rb_error *err)
{
    const rb_job *job = f->job;
    for (int i = 0; i < b->n; i++) {
        f->label[i] = job->data.samples[b->sample[i]].label;
        f->weight[i] = b->bad[i] ? 0 : 1;
        f->job->at.judged += !b->bad[i];
        if (f->target) smooth_target(f, i);
        if (b->bad[i] && !rb_job_bad_image(f->job, b->sample[i], b->reason[i], err)) return false;
    }
    *pixels = mix(f, b);
    rb_judged_batch judged = {.n = b->n,
                              .k = job->network.graph->output->shape.c,
                              .labels = f->target ? NULL : f->label,
                              .targets = f->target,
                              .weights = f->weight};
    *mass = rb_loss_mass(job->loss.loss, job->loss_cfg, &judged, f->row);
    return true;
}

static bool learn(fit *f, const rb_batch *b, const uint8_t *pixels, double mass, double *loss, rb_error *err)
{
    rb_feed feed = {.n = b->n,
                    .pixels = pixels,
                    .labels = f->target ? NULL : f->label,
                    .targets = f->target,
                    .weights = f->weight,
                    .scale = 1 / mass,
                    .epoch = (uint32_t)f->job->at.epoch,
                    .draw = b->first_draw};
    return rb_shards_learn(&f->shards, &feed, loss, err);
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
                   .clip = t->clip_grad_norm,
                   .kept = rb_average_kept(t->ema_decay, t->ema_warmup, job->at.step + 1)};
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
static bool try_step(fit *f, const rb_batch *b, const uint8_t *pixels, double mass, double *loss, rb_error *err)
{
    if (!learn(f, b, pixels, mass, loss, err)) return false;
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
    const uint8_t *pixels;
    if (!fill_targets(f, b, &pixels, &mass, err)) return false;
    if (!(mass > 0)) return true; // nothing to learn from: no step
    if (f->buffers) rb_network_get_buffers(&f->job->network, f->buffers);
    if (!try_step(f, b, pixels, mass, &loss, err)) {
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
    rb_drawing by = {(rb_sampler)s->data.sampler, s->data.sampler_power};
    rb_arena *scratch = rb_arena_open();
    rb_sampler_order(scratch, &job->data, job->part[RB_TRAIN_PART], by, seed, epoch, f->order, f->draws);
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

static bool next_batch(fit *f, const rb_batch **b, rb_error *err)
{
    double start_s = rb_clock_now_s();
    bool done = rb_loader_next(f->job->loader, b, err);
    f->wait_s += rb_clock_now_s() - start_s;
    return done;
}

static bool run_steps(fit *f, rb_bar *bar, rb_error *err)
{
    for (;;) {
        const rb_batch *b;
        if (!next_batch(f, &b, err)) return false;
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
    f->wait_s = 0;
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

// What a schedule that listens is told of the epoch.
static void tell_schedule(rb_job *job, const rb_logged *logged)
{
    char name[64];
    const rb_chosen_schedule *c = &job->schedule;
    if (!c->schedule->observe) return;
    snprintf(name, sizeof name, "val/%s", c->schedule->monitor(c->cfg));
    c->schedule->observe(c->cfg, job->settings->training.lr, rb_logged_find(logged, name), &job->at.memory);
}

static double images_per_s(const fit *f)
{
    return (f->draws - f->epoch_from) / f->epoch_s;
}

static bool log_epoch(rb_arena *scratch, const fit *f, const rb_logged *logged, bool better, rb_error *err)
{
    const rb_job *job = f->job;
    rb_json *j = rb_run_record(scratch, &job->run, "epoch", job->at.step, job->at.epoch);
    rb_json_real(j, "train/loss", mean_loss(f));
    rb_logged_put(j, logged);
    rb_json_real(j, "lr", job->at.lr);
    rb_json_bool(j, "best", better);
    rb_json_real(j, "t_images_per_s", images_per_s(f));
    rb_json_real(j, "t_wait_s", f->wait_s);
    if (!rb_run_write(&job->run, j, err)) return false;
    rb_log_record(rb_json_text(j));
    return true;
}

static void print_epoch(fit *f, const rb_validation *v, bool better)
{
    const rb_figures *val = &v->figures;
    if (!rb_log_tells(RB_LOG_TEXT)) return;
    if (!f->headed)
        fprintf(stderr, "%6s %10s %9s %10s %8s %10s %9s %9s\n", "epoch", "train loss", "val loss", "val HTER",
                "val AUC", "threshold", "lr", "images/s");
    f->headed = true;
    char threshold[32] = "-"; // more than two classes
    if (!isnan(val->threshold)) snprintf(threshold, sizeof threshold, "%.4f", val->threshold);
    fprintf(stderr, "%6d %10.4f %9.4f %9.4f%c %8.4f %10s %9.2e %9.0f\n", f->job->at.epoch + 1, mean_loss(f), v->loss,
            val->hter, better ? '*' : ' ', val->roc_auc, threshold, f->job->at.lr, images_per_s(f));
}

// `last` with the state of training in any case; the one before it is kept as last.prev. What falls out of the best
// goes when it is in no state any more.
static bool save(rb_job *job, bool better, rb_top_epoch epoch, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_top_epoch out_of = RB_TOP_NONE;
    int most = job->settings->training.save_top_k;
    bool among = most > 1 && rb_top_enter(&job->at.top, most, epoch, &out_of);
    bool done = (!better || rb_job_save(job, "best.safetensors", false, err)) &&
                (!among || rb_job_save(job, rb_top_name(scratch, &job->monitor, epoch), false, err)) &&
                rb_job_save(job, "last.safetensors", true, err) && rb_top_remove(&job->run, &job->monitor, out_of, err);
    rb_arena_close(scratch);
    return done;
}

// What the epoch's checkpoints say of its validation.
static void keep_validation(fit *f, const rb_validation *val)
{
    rb_state *at = &f->job->at;
    rb_arena_reset(f->kept);
    rb_json *metrics = rb_json_new(f->kept), *calibration = rb_json_new(f->kept);
    rb_json_open(metrics, NULL, '{');
    rb_figures_to_json(metrics, "val", &val->figures);
    rb_json_close(metrics);
    rb_calibration_to_json(calibration, NULL, &val->calibration);
    at->metrics = rb_json_text(metrics);
    at->calibration = rb_json_text(calibration);
    at->scores = rb_score_record_text(f->kept, &val->scores);
    at->threshold = val->figures.threshold;
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
    rb_validation val;
    if (!rb_job_validate(scratch, job, &val, err))
        return err->kind == RB_ERR_STOPPED ? stop(f, rb_stop_asked(), err) : false;
    rb_logged logged = rb_logged_of(scratch, rb_part_names[RB_VAL_PART], &val.figures, val.loss);
    rb_top_epoch epoch = {job->at.epoch, rb_monitor_cost(&job->monitor, &logged)};
    bool better = job->at.best.epoch < 0 || epoch.cost < job->at.best.cost;
    if (better) job->at.best = (rb_best){job->at.epoch, job->at.step, epoch.cost};
    const rb_training_settings *t = &job->settings->training;
    bool enough = rb_early_stop_after(&job->at.early_stop, epoch.cost, t->early_stop_min_delta, t->early_stop_patience);
    tell_schedule(job, &logged);
    print_epoch(f, &val, better);
    if (!log_epoch(scratch, f, &logged, better, err) || !rb_job_log_histograms(job, err)) return false;
    keep_validation(f, &val);
    go_to_next_epoch(job, enough);
    return save(job, better, epoch, err);
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
    fit f = {0};
    if (job->at.finished) return true;
    bool done = open_fit(&f, job, err);
    f.scratch = rb_arena_open();
    f.kept = rb_arena_open();
    f.start_s = job->saved_s = rb_clock_now_s();
    if (done) rb_curve_show(job->schedule.schedule, job->schedule.cfg, progress_of(&f));
    done = done && run_epochs(&f, err);
    job->at.metrics = job->at.calibration = job->at.scores = NULL;
    rb_arena_close(f.kept);
    rb_arena_close(f.scratch);
    if (f.plans) rb_arena_close(f.plans);
    return done;
}
