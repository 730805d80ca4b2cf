// SPDX-License-Identifier: Apache-2.0
// job.c - opening a run: data, split, network, loader, a first look at every picture, the run folder.
#include "train/job.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "train/bar.h"

#include <math.h>
#include <string.h>

#define BAD_SHOWN 10 // pictures that are named on stderr; all are in the log

// ---- data -------------------------------------------------------------------------------------------------------

static bool two_classes(const rb_job *job, rb_error *err)
{
    if (job->data.class_count == 2) return true;
    const char *const *names = job->data.classes;
    return rb_fail(err, RB_ERR_USAGE,
                   "num_classes: 1 is for two classes, and the data has %d (%s, %s, %s%s); merge them",
                   job->data.class_count, names[0], names[1], names[2], job->data.class_count > 3 ? ", ..." : "");
}

static bool open_data(rb_job *job, rb_error *err)
{
    const rb_data_settings *d = &job->settings->data;
    if (d->val_split <= 0 && !d->manifest)
        return rb_fail(err, RB_ERR_USAGE, "val_split: 0 leaves nothing to choose the threshold on; use 0.2 or so");
    return rb_dataset_open(job->arena, d, &job->data, err) && two_classes(job, err) &&
           rb_dataset_split(job->arena, d, &job->data, err);
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
        leave_out(job, b);
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

static bool both_classes_in(const rb_job *job, rb_part part, int *counts, rb_error *err)
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
    if (!both_classes_in(job, RB_VAL_PART, counts, err) || !both_classes_in(job, RB_TRAIN_PART, counts, err))
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

// Both move the same prior: used together they push the logits twice.
static void warn_of_double_balance(const rb_job *job)
{
    double weight = job->settings->bce.pos_weight;
    if (job->settings->data.sampler != RB_SAMPLER_BALANCED || weight == 1) return;
    int counts[2];
    rb_dataset_counts(&job->data, job->part[RB_TRAIN_PART], counts);
    double drawn = log((double)counts[0] / counts[1]), weighted = log(weight);
    rb_warn("sampler balanced and pos_weight %g both balance: they shift the logit by %+.2f and %+.2f, together %+.2f",
            weight, drawn, weighted, drawn + weighted);
}

// ---- the whole ---------------------------------------------------------------------------------------------------

static bool fail_resume(const char *path, rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE,
                   "%s: holds the state of a training run, and this version cannot take a run up again; name its "
                   "best.safetensors to begin anew from those weights",
                   path);
}

static bool not_a_folder(const char *path, rb_error *err)
{
    return !rb_folder_exists(path) || fail_resume(path, err);
}

static bool open_network(rb_job *job, rb_error *err)
{
    const rb_settings *s = job->settings;
    rb_checkpoint start;
    if (!rb_network_open(job->arena, s, rb_optims[0], s->optim_cfg[0], &job->network, err)) return false;
    rb_network_init(&job->network, (uint32_t)s->training.seed);
    if (!s->checkpoint_path) return true;
    rb_arena *scratch = rb_arena_open();
    bool done = not_a_folder(s->checkpoint_path, err) && rb_checkpoint_open(scratch, s->checkpoint_path, &start, err) &&
                (!start.state || fail_resume(s->checkpoint_path, err)) &&
                (rb_network_load(&job->network, &start.tensors, err) || rb_fail_in(err, "%s", s->checkpoint_path));
    rb_arena_close(scratch);
    return done;
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
           rb_scorer_open(job->arena, &job->network, job->loader, &job->scorer, err);
}

static bool log_unreadable(rb_job *job, rb_error *err)
{
    for (int i = 0; i < job->data.count; i++) {
        if (!job->unreadable[i]) continue;
        rb_arena *scratch = rb_arena_open();
        rb_json *j = rb_run_record(scratch, &job->run, "event", -1, -1);
        rb_json_string(j, "event", "bad_image");
        rb_json_string(j, "path", job->data.samples[i].name);
        rb_json_string(j, "reason", job->unreadable[i]);
        bool done = rb_run_write(&job->run, j, err);
        rb_arena_close(scratch);
        if (!done) return false;
    }
    return true;
}

static void describe_run(const rb_job *job, rb_json *j)
{
    const rb_settings *s = job->settings;
    rb_json_real(j, "t_unix_s", rb_clock_unix_s());
    rb_json_string(j, "version", RB_VERSION);
    rb_json_string(j, "model", job->network.model);
    rb_json_integer(j, "parameters", rb_graph_trained_count(job->network.graph));
    rb_json_string(j, "backend", job->network.backend->name);
    rb_json_string(j, "precision", job->network.store->spec.precision == RB_BF16 ? "bf16" : "fp32");
    rb_json_integer(j, "threads", rb_parallel_size());
    rb_json_integer(j, "num_epochs", s->training.num_epochs);
    rb_json_integer(j, "batch_size", s->compute.batch_size);
    rb_json_integer(j, "seed", s->training.seed);
    rb_json_string(j, "data_fingerprint",
                   rb_text_format(job->arena, "%016llx", (unsigned long long)rb_dataset_fingerprint(&job->data)));
    for (int part = 0; part < RB_PARTS; part++) rb_json_integer(j, rb_part_names[part], job->part[part].count);
}

static bool open_folder(rb_job *job, rb_error *err)
{
    rb_arena *a = job->arena;
    const char *config = rb_config_dump(a, &job->settings->config, false);
    if (!rb_run_open(a, job->settings->training.checkpoint_dir, job->network.model, &job->run, err) ||
        !rb_file_write(rb_run_path(a, &job->run, "config.yaml"), config, (ptrdiff_t)strlen(config), err) ||
        !rb_dataset_write_csv(&job->data, rb_run_path(a, &job->run, "split.csv"), err))
        return false;
    rb_json *j = rb_run_record(a, &job->run, "run", -1, -1);
    describe_run(job, j);
    if (!rb_run_write(&job->run, j, err) || !log_unreadable(job, err)) return false;
    rb_track_run(a, &job->settings->track, job->trackers, job->settings->track_cfg, job->run.folder);
    return true;
}

bool rb_job_open(rb_arena *a, const rb_settings *s, rb_job *out, rb_error *err)
{
    *out = (rb_job){.arena = a, .settings = s, .best = {.epoch = -1, .at = {NAN, INFINITY}}};
    out->early_stop.best = INFINITY;
    out->schedule = rb_settings_schedule(s, err);
    if (!out->schedule.schedule || !rb_track_chosen(a, &s->track, s->track_cfg, &out->trackers, err) ||
        !open_data(out, err) || !open_network(out, err) || !open_loader(out, err) ||
        !rb_folder_make(s->training.checkpoint_dir, err))
        return false;
    out->unreadable = RB_NEW(a, const char *, out->data.count);
    if (!look_at_all(out, err)) return false;
    tell_of_unreadable(out);
    if (!find_parts(out, err)) return false;
    warn_of_double_balance(out);
    return open_folder(out, err);
}
