// SPDX-License-Identifier: Apache-2.0
// job.c - opening a run: data, split, network, loader, a first look at every picture, the run folder.
#include "train/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "train/bar.h"
#include "train/shards.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define BAD_SHOWN 10 // pictures that are named on stderr; all are in the log

// ---- data -------------------------------------------------------------------------------------------------------

static bool classes_agree(const rb_job *job, rb_error *err)
{
    int there = job->data.class_count, asked = job->settings->model.num_classes;
    const char *const *names = job->data.classes;
    if (there == 2 ? asked <= 2 : asked == there) return true;
    return rb_fail(
        err, RB_ERR_USAGE,
        "num_classes: %d, but the data has %d classes (%s, %s%s%s%s); say num_classes: %d, or mend the labels", asked,
        there, names[0], names[1], there > 2 ? ", " : "", there > 2 ? names[2] : "", there > 3 ? ", ..." : "",
        there == 2 ? 1 : there);
}

static bool open_data(rb_job *job, rb_error *err)
{
    const rb_data_settings *d = &job->settings->data;
    if (d->val_split <= 0 && !d->manifest)
        return rb_fail(err, RB_ERR_USAGE, "val_split: 0 leaves nothing to choose the threshold on; use 0.2 or so");
    if (!rb_dataset_open(job->arena, d, &job->data, err) || !classes_agree(job, err) ||
        !rb_dataset_split(job->arena, d, &job->data, err))
        return false;
    job->fingerprint = rb_dataset_fingerprint(&job->data);
    return true;
}

// ---- the first look ------------------------------------------------------------------------------------------------

static void leave_out(rb_job *job, const rb_batch *b)
{
    for (int i = 0; i < b->n; i++) {
        if (!b->bad[i]) continue;
        job->unreadable[b->sample[i]] = rb_text_copy(job->arena, b->reason[i]);
        job->data.samples[b->sample[i]].part = RB_NO_PART;
    }
}

// A run that goes on leaves out what it left out before, whatever can be read today.
static void leave_out_again(rb_job *job, const rb_state *from)
{
    for (int i = 0; i < job->data.count; i++) {
        rb_sample *s = &job->data.samples[i];
        bool bad = rb_is_one_of(s->name, from->bad);
        if (bad || rb_is_one_of(s->name, from->lost)) job->unreadable[i] = "could not be read before the run went on";
        if (bad) s->part = RB_NO_PART;
    }
}

// Fills the cache, and finds the bad pictures of a run that begins.
static bool look_at_all(rb_job *job, rb_error *err)
{
    rb_indices all = rb_dataset_part(job->arena, &job->data, RB_NO_PART);
    rb_bar bar = rb_bar_begin("reading pictures", all.count, 1);
    rb_loader_begin(job->loader, &(rb_pass){.order = all.at, .count = all.count});
    for (;;) {
        const rb_batch *b;
        bool done = rb_loader_next(job->loader, &b, err);
        if (!done || !b) rb_bar_clear(&bar);
        if (!done) return false;
        if (!b) return true;
        if (rb_stop_asked())
            return rb_fail(err, RB_ERR_STOPPED, "stopped by %s before training began: nothing was written",
                           rb_stop_asked());
        if (!job->resumed) leave_out(job, b);
        rb_bar_show(&bar, (int)b->first_draw + b->n, "%s", "");
    }
}

static void tell_of_unreadable(const rb_job *job)
{
    int count = 0;
    for (int i = 0; i < job->data.count; i++) {
        if (!job->unreadable[i] || ++count > BAD_SHOWN) continue;
        rb_warn("%s: %s: left out", job->data.samples[i].path, job->unreadable[i]);
    }
    if (count > BAD_SHOWN) rb_warn("%d more pictures are left out; log.jsonl names them all", count - BAD_SHOWN);
}

// ---- parts -------------------------------------------------------------------------------------------------------

static bool all_classes_in(const rb_job *job, rb_part part, int *counts, rb_error *err)
{
    rb_dataset_counts(&job->data, job->part[part], counts);
    for (int k = 0; k < job->data.class_count; k++)
        if (!counts[k])
            return rb_fail(err, RB_ERR_DATA, "the %s split has no picture of class %s", rb_part_names[part],
                           job->data.classes[k]);
    return true;
}

static bool find_parts(rb_job *job, rb_error *err)
{
    int classes = job->data.class_count, *counts = RB_NEW(job->arena, int, classes);
    for (int part = 0; part < RB_PARTS; part++)
        job->part[part] = rb_dataset_part(job->arena, &job->data, (rb_part)part);
    if (!all_classes_in(job, RB_VAL_PART, counts, err) || !all_classes_in(job, RB_TRAIN_PART, counts, err))
        return false;
    bool *minority = RB_NEW(job->arena, bool, classes);
    for (int k = 0; k < classes; k++) minority[k] = rb_is_minority(counts, classes, k);
    for (int k = 0; k < classes; k++)
        rb_note("class %s: %d of %d training pictures (%.1f %%)%s", job->data.classes[k], counts[k],
                job->part[RB_TRAIN_PART].count, 100.0 * counts[k] / job->part[RB_TRAIN_PART].count,
                minority[k] ? ", the minority" : "");
    return rb_augmentation_by_label(job->arena, &job->settings->augmentation, job->data.classes, minority, classes,
                                    &job->augmentation, err);
}

// ---- the loss ------------------------------------------------------------------------------------------------------

static bool prepare_loss(rb_job *job, rb_error *err)
{
    int classes = job->data.class_count, *counts = RB_NEW(job->arena, int, classes);
    rb_dataset_counts(&job->data, job->part[RB_TRAIN_PART], counts);
    return job->loss.loss->prepare(job->arena, job->loss.settings, (rb_class_counts){counts, classes}, &job->loss_cfg,
                                   err);
}

static double loss_shift(const rb_job *job, int class)
{
    const rb_loss *l = job->loss.loss;
    return l->shift ? l->shift(job->loss_cfg, class) - l->shift(job->loss_cfg, 0) : 0;
}

// Balanced draws move the prior from that of the pictures to equal shares, or by sampler_power part of the way.
static double sampler_shift(const rb_job *job, const int *counts, int class)
{
    const rb_data_settings *d = &job->settings->data;
    return d->sampler == RB_SAMPLER_BALANCED ? d->sampler_power * log((double)counts[0] / counts[class]) : 0;
}

// The class whose logit, beside that of class 0, the loss moves most: of two classes label 1.
static int most_shifted(const rb_job *job)
{
    int most = 1;
    for (int k = 2; k < job->data.class_count; k++)
        if (fabs(loss_shift(job, k)) > fabs(loss_shift(job, most))) most = k;
    return most;
}

// Both move the same prior: used together they push the logits twice.
static void weigh_shifts(rb_job *job)
{
    const rb_loss *l = job->loss.loss;
    int *counts = RB_NEW(job->arena, int, job->data.class_count), class = most_shifted(job);
    rb_dataset_counts(&job->data, job->part[RB_TRAIN_PART], counts);
    double drawn = sampler_shift(job, counts, class), weighted = loss_shift(job, class);
    double *shift = RB_NEW(job->arena, double, job->data.class_count);
    for (int k = 1; k < job->data.class_count; k++) shift[k] = sampler_shift(job, counts, k) + loss_shift(job, k);
    job->shift = shift;
    job->most_shift = shift[class];
    if (drawn == 0 || weighted == 0) return;
    const char *what = l == &rb_loss_bce ? rb_text_format(job->arena, "pos_weight %g", exp(weighted))
                                         : rb_text_format(job->arena, "loss %s", l->name);
    const char *whose = job->data.class_count == 2 ? "" : rb_text_format(job->arena, " of class %d", class);
    rb_warn("sampler balanced and %s both balance: they shift the logit%s by %+.2f and %+.2f, together %+.2f", what,
            whose, drawn, weighted, job->most_shift);
}

// ---- the whole ---------------------------------------------------------------------------------------------------

static bool fail_resume(const char *path, rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE,
                   "%s: holds the state of a training run, but is not in its folder: put it beside config.yaml and "
                   "log.jsonl, or name best.safetensors to begin anew from weights",
                   path);
}

static bool not_a_folder(const char *path, rb_error *err)
{
    return !rb_folder_exists(path) || fail_resume(path, err);
}

static bool begin_from_ours(rb_job *job, const char *path, rb_error *err)
{
    rb_checkpoint start;
    rb_arena *scratch = rb_arena_open();
    bool done = rb_checkpoint_open(scratch, path, &start, err) && (!start.state || fail_resume(path, err)) &&
                (rb_network_load(&job->network, &start.tensors, err) || rb_fail_in(err, "%s", path));
    const rb_preprocessing *p = &start.preprocessing;
    if (done) rb_network_take_colours(&job->network, p->mean, p->std, p->channels);
    if (done) job->started = (rb_started){path, NULL, rb_model_head_from(job->network.graph), true};
    rb_arena_close(scratch);
    return done;
}

static bool begin(rb_job *job, rb_error *err)
{
    const rb_settings *s = job->settings;
    const char *path = s->checkpoint_path;
    bool ours;
    rb_network_init(&job->network, (uint32_t)s->training.seed);
    if (!path) return rb_start_pretrained(job->arena, &job->network, s, &job->started, err);
    if (!not_a_folder(path, err) || !rb_start_file(job->arena, &job->network, path, &ours, &job->started, err))
        return false;
    return !ours || begin_from_ours(job, path, err);
}

int rb_job_thaw_block(const rb_job *job, int thaw)
{
    return job->settings->training.unfreeze_every ? thaw + 1 : rb_graph_blocks(job->network.graph);
}

static bool go_on(rb_job *job, const rb_resume *from, rb_error *err)
{
    const rb_checkpoint *c = &from->checkpoint;
    for (int i = 0; i < job->at.thaws; i++)
        rb_graph_thaw(job->network.graph, rb_job_thaw_block(job, i), job->at.thawed[i]);
    rb_network_take_colours(&job->network, c->preprocessing.mean, c->preprocessing.std, c->preprocessing.channels);
    return rb_network_resume(&job->network, &c->tensors, err) || rb_fail_in(err, "%s", from->folder);
}

static bool open_network(rb_job *job, const rb_resume *from, rb_error *err)
{
    const rb_settings *s = job->settings;
    if (!rb_network_open(job->arena, s, job->optim.optim, job->optim.cfg, &job->network, err)) return false;
    rb_graph_share_rates(job->network.graph, s->training.layer_decay);
    if (from) return go_on(job, from, err);
    if (!begin(job, err)) return false;
    rb_network_begin_average(&job->network);
    return true;
}

static bool open_loader(rb_job *job, rb_error *err)
{
    const rb_data_settings *d = &job->settings->data;
    rb_loader_spec spec = {.data = &job->data,
                           .channels = d->channels,
                           .image_size = d->image_size,
                           .interpolation = (rb_interpolation)d->interpolation,
                           .batch_size = job->settings->compute.batch_size,
                           .workers = d->workers,
                           .cache_bytes = (int64_t)d->cache_mb << 20,
                           .on_bad_image = (rb_on_bad_image)d->on_bad_image};
    return rb_loader_open(job->arena, &spec, &job->loader, err) &&
           rb_scorer_open(job->arena, &job->network, job->settings->compute.batch_size, &job->data, job->loader,
                          &job->scorer, err);
}

static bool log_bad_image(const rb_job *job, int sample, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_json *j = rb_run_record(scratch, &job->run, "event", -1, -1);
    rb_json_string(j, "event", "bad_image");
    rb_json_string(j, "path", job->data.samples[sample].name);
    rb_json_string(j, "reason", job->unreadable[sample]);
    bool done = rb_run_write(&job->run, j, err);
    rb_arena_close(scratch);
    return done;
}

static bool log_unreadable(const rb_job *job, rb_error *err)
{
    for (int i = 0; i < job->data.count; i++)
        if (job->unreadable[i] && !log_bad_image(job, i, err)) return false;
    return true;
}

bool rb_job_bad_image(rb_job *job, int sample, const char *reason, rb_error *err)
{
    if (job->unreadable[sample]) return true;
    job->unreadable[sample] = rb_text_copy(job->arena, reason);
    rb_warn("%s: %s: left out, though it could be read before", job->data.samples[sample].path, reason);
    return log_bad_image(job, sample, err);
}

bool rb_job_score(rb_arena *a, rb_job *job, rb_part part, rb_part_scores *out, rb_error *err)
{
    rb_indices which = job->part[part];
    if (!rb_score_part(a, &job->scorer, which, job->loss.loss, job->loss_cfg, out, err)) return false;
    for (int i = 0; i < which.count; i++)
        if (out->reason[i] && !rb_job_bad_image(job, which.at[i], out->reason[i], err)) return false;
    return true;
}

static void describe_start(const rb_started *s, rb_json *j)
{
    if (!s->from) return;
    rb_json_string(j, "weights_from", s->from);
    if (s->commit) rb_json_string(j, "weights_commit", s->commit);
    rb_json_integer(j, "weights_backbone", s->backbone);
    rb_json_bool(j, "weights_head", s->head);
}

static void describe_run(const rb_job *job, rb_json *j)
{
    const rb_settings *s = job->settings;
    rb_json_real(j, "t_unix_s", rb_clock_unix_s());
    rb_json_string(j, "version", RB_VERSION);
    rb_json_string(j, "model", job->network.model);
    rb_json_integer(j, "parameters", rb_graph_trained_count(job->network.graph));
    rb_json_string(j, "backend", job->network.backend->name);
    rb_json_string(j, "precision", rb_precision_names[job->network.store->spec.precision]);
    rb_json_integer(j, "threads", rb_parallel_size());
    describe_start(&job->started, j);
    rb_json_integer(j, "num_epochs", s->training.num_epochs);
    rb_json_integer(j, "batch_size", s->compute.batch_size);
    rb_json_integer(j, "seed", s->training.seed);
    rb_json_string(j, "loss", job->loss.loss->name);
    rb_json_real(j, "logit_shift", job->most_shift);
    rb_json_string(j, "calibration", rb_calibration_names[s->training.calibration]);
    rb_json_string(j, "optimizer", job->optim.optim->name);
    rb_json_string(j, "scheduler", job->schedule.schedule->name);
    rb_json_string(j, "data_fingerprint", rb_text_format(job->arena, "%016llx", (unsigned long long)job->fingerprint));
    rb_json_open(j, "classes", '[');
    for (int k = 0; k < job->data.class_count; k++) rb_json_string(j, NULL, job->data.classes[k]);
    rb_json_close(j);
    for (int part = 0; part < RB_PARTS; part++) rb_json_integer(j, rb_part_names[part], job->part[part].count);
}

// As it is now: what a resume changed holds for the next one, too.
static bool write_config(const rb_job *job, rb_error *err)
{
    const char *text = rb_config_dump(job->arena, &job->settings->config, false);
    return rb_file_write(rb_run_path(job->arena, &job->run, "config.yaml"), text, (ptrdiff_t)strlen(text), err);
}

static bool open_folder(rb_job *job, rb_error *err)
{
    rb_arena *a = job->arena;
    if (!rb_run_open(a, job->settings->training.checkpoint_dir, job->network.model, &job->run, err) ||
        !write_config(job, err) || !rb_dataset_write_csv(&job->data, rb_run_path(a, &job->run, "split.csv"), err))
        return false;
    rb_json *j = rb_run_record(a, &job->run, "run", -1, -1);
    describe_run(job, j);
    return rb_run_write(&job->run, j, err) && log_unreadable(job, err);
}

// The data that the run was begun with, and the threads by which sums are split.
static bool check_resume(const rb_job *job, const rb_resume *from, rb_error *err)
{
    if (job->fingerprint != from->checkpoint.data_fingerprint)
        return rb_fail(err, RB_ERR_DATA,
                       "the pictures, their labels or their split are not those that %s was begun with: "
                       "fingerprint %016llx, not %016llx",
                       from->folder, (unsigned long long)job->fingerprint,
                       (unsigned long long)from->checkpoint.data_fingerprint);
    if (job->settings->compute.threads != from->state.threads)
        rb_warn(
            "threads: %d instead of %d: from here on the last bits of sums differ from those of an uninterrupted run",
            job->settings->compute.threads, from->state.threads);
    return true;
}

static void announce_resume(const rb_job *job)
{
    const rb_state *at = &job->at;
    if (at->finished)
        rb_note("%s: is trained; it is judged again", job->run.folder);
    else
        rb_note("%s: goes on after step %lld, in epoch %d", job->run.folder, (long long)at->step, at->epoch + 1);
}

// What the run said of itself when it had ended before is no longer so once it goes on.
static bool remove_results(const rb_job *job, rb_error *err)
{
    static const char *const names[] = {"metrics.json", "train.proba", "val.proba", "test.proba", "report.html"};
    rb_arena *scratch = rb_arena_open();
    bool done = true;
    for (size_t i = 0; done && !job->at.finished && i < sizeof names / sizeof *names; i++) {
        const char *path = rb_run_path(scratch, &job->run, names[i]);
        if (unlink(path) && errno != ENOENT) done = rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot remove", path);
    }
    rb_arena_close(scratch);
    return done;
}

static bool open_again(rb_job *job, const rb_resume *from, rb_error *err)
{
    job->run = from->run;
    if (!rb_run_resume(&job->run, from->state.log_lines, err) ||
        !rb_top_clean(&job->run, &job->monitor, &job->at.top, err) || !remove_results(job, err) ||
        !write_config(job, err))
        return false;
    announce_resume(job);
    return true;
}

static bool open_run(rb_job *job, const rb_resume *from, rb_error *err)
{
    if (!(from ? open_again(job, from, err) : open_folder(job, err))) return false;
    rb_track_run(job->arena, &job->settings->track, job->trackers, job->settings->track_cfg, job->run.folder);
    return true;
}

// How many epochs there are, and how long patience lasts, may have changed since the state was written.
static void reconsider_end(rb_job *job)
{
    const rb_training_settings *t = &job->settings->training;
    bool enough = t->early_stop_patience > 0 && job->at.early_stop.wait >= t->early_stop_patience;
    job->at.stopped_early = enough && job->at.epoch < t->num_epochs;
    job->at.finished = enough || job->at.epoch >= t->num_epochs;
}

static bool calibration_fits(const rb_settings *s, rb_error *err)
{
    int method = s->training.calibration;
    return s->model.num_classes <= 2 || method <= RB_CALIBRATE_TEMPERATURE ||
           rb_fail(err, RB_ERR_USAGE, "calibration: %s is for two classes; temperature is for more",
                   rb_calibration_names[method]);
}

static bool choose(rb_job *job, rb_settings *s, rb_error *err)
{
    job->schedule = rb_settings_schedule(s, err);
    if (!job->schedule.schedule) return false;
    job->optim = rb_settings_optim(s, err);
    if (!job->optim.optim) return false;
    job->loss = rb_settings_loss(s, err);
    const rb_training_settings *t = &s->training;
    return job->loss.loss && calibration_fits(s, err) && rb_threshold_rule_read(&s->threshold, &job->rule, err) &&
           rb_monitor_find(t->monitor, (rb_monitor_mode)t->monitor_mode, s->model.num_classes, &job->monitor, err) &&
           rb_shards_check(t->shards, s->compute.batch_size, err) && rb_settings_resolve(job->arena, s, err) &&
           rb_track_chosen(job->arena, &s->track, s->track_cfg, &job->trackers, err);
}

bool rb_job_open(rb_arena *a, rb_settings *s, const rb_resume *from, rb_job *out, rb_error *err)
{
    *out = (rb_job){.arena = a, .settings = s, .at = from ? from->state : rb_state_fresh(), .resumed = from};
    if (from) reconsider_end(out);
    if (!choose(out, s, err) || !open_data(out, err) || (from && !check_resume(out, from, err)) ||
        !open_network(out, from, err) || !open_loader(out, err) ||
        (!from && !rb_folder_make(s->training.checkpoint_dir, err)))
        return false;
    out->unreadable = RB_NEW(a, const char *, out->data.count);
    if (from) leave_out_again(out, &from->state);
    if (!look_at_all(out, err)) return false;
    if (!from) tell_of_unreadable(out);
    if (!find_parts(out, err) || !prepare_loss(out, err)) return false;
    if (out->at.draw > out->part[RB_TRAIN_PART].count)
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: its state has %d draws of an epoch that has %d", from->folder,
                       out->at.draw, out->part[RB_TRAIN_PART].count);
    weigh_shifts(out);
    return open_run(out, from, err);
}
