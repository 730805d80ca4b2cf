// SPDX-License-Identifier: Apache-2.0
#include "train/measure.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "data/loader.h"
#include "data/synth.h"
#include "train/network.h"
#include "train/quantize.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_UP    3
#define MAX_ROUNDS 10000
#define PICTURES   256 // files that are drawn
#define BATCHES    8   // of a pass at least: in a pass of one, none could be read ahead while another is computed

// ---- rounds ------------------------------------------------------------------------------------------------------

typedef struct rounds {
    double *seconds;
    int count;
    double start_s, limit_s;
} rounds;

static rounds rounds_begin(rb_arena *a, double limit_s)
{
    return (rounds){RB_NEW(a, double, MAX_ROUNDS), 0, rb_clock_now_s(), limit_s};
}

static bool rounds_go_on(const rounds *r)
{
    return r->count < MAX_ROUNDS && (r->count < 2 || rb_clock_now_s() - r->start_s < r->limit_s);
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static rb_rates_seen rates_of(rounds *r, int images)
{
    qsort(r->seconds, (size_t)r->count, sizeof *r->seconds, by_size);
    const double *s = r->seconds;
    return (rb_rates_seen){images / s[r->count / 2], images / s[r->count * 3 / 4], images / s[r->count / 4], r->count};
}

// ---- stopping ----------------------------------------------------------------------------------------------------

static const int deadly[] = {SIGINT, SIGTERM, SIGHUP};
#define DEADLY ((int)(sizeof deadly / sizeof *deadly))

static void let_through(void *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

// A signal that would end the program waits until `a` has ended, and the folder of pictures with it. Those that the
// caller has the program ignore are left alone.
static void hold_signals(rb_arena *a)
{
    sigset_t held, *before = RB_NEW(a, sigset_t, 1);
    sigemptyset(&held);
    for (int i = 0; i < DEADLY; i++) {
        struct sigaction now;
        if (!sigaction(deadly[i], NULL, &now) && now.sa_handler == SIG_DFL) sigaddset(&held, deadly[i]);
    }
    pthread_sigmask(SIG_BLOCK, &held, before);
    rb_arena_defer(a, let_through, before);
}

static bool may_go_on(rb_error *err)
{
    sigset_t waiting;
    sigpending(&waiting);
    for (int i = 0; i < DEADLY; i++)
        if (sigismember(&waiting, deadly[i])) return rb_fail(err, RB_ERR_STOPPED, "stopped by a signal");
    return true;
}

// ---- pictures ----------------------------------------------------------------------------------------------------

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

static void remove_folder(void *folder)
{
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

// The loader's threads read it until its arena ends: it lives there.
typedef struct pictures {
    rb_dataset data;
    int *order; // [draws]; a large batch has every picture several times
    int draws;
    rb_loader *loader;
} pictures;

static bool draw_pictures(rb_arena *a, const rb_settings *s, pictures *out, rb_error *err)
{
    char *folder = rb_path_join(a, rb_folder_temporary(), "rarebit-bench-XXXXXX");
    hold_signals(a);
    if (!mkdtemp(folder)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make this folder", folder);
    rb_arena_defer(a, remove_folder, folder);
    int side = s->data.image_size < 32 ? 32 : s->data.image_size;
    rb_synth_settings synth = {
        .output_dir = folder, .count = PICTURES, .image_size = side, .minority = 0.12, .classes = 2};
    rb_data_settings where = s->data;
    where.root_dir = folder;
    where.manifest = where.positive_class = NULL; // of the data that a training configuration names
    where.data_format = RB_DATA_ORIGINAL;
    return rb_synth_write(&synth, err) && rb_dataset_open(a, &where, &out->data, err);
}

static bool open_pictures(rb_arena *a, const rb_settings *s, bool cached, pictures *out, rb_error *err)
{
    int batch = s->compute.batch_size, batches = (PICTURES + batch - 1) / batch;
    int draws = (batches < BATCHES ? BATCHES : batches) * batch;
    *out = (pictures){.order = RB_NEW(a, int, draws), .draws = draws};
    for (int i = 0; i < draws; i++) out->order[i] = i % PICTURES;
    rb_loader_spec spec = {.data = &out->data,
                           .channels = s->data.channels,
                           .image_size = s->data.image_size,
                           .interpolation = (rb_interpolation)s->data.interpolation,
                           .batch_size = batch,
                           .workers = s->data.workers,
                           .cache_bytes = cached ? (int64_t)s->data.cache_mb << 20 : 0};
    return draw_pictures(a, s, out, err) && rb_loader_open(a, &spec, &out->loader, err);
}

static void begin_pass(pictures *p, const rb_pipeline *augmentation)
{
    rb_loader_begin(p->loader, &(rb_pass){.order = p->order, .count = p->draws, .augmentation = augmentation});
}

// The next batch of an endless sequence of passes.
static bool next_batch(pictures *p, const rb_pipeline *augmentation, const rb_batch **out, rb_error *err)
{
    if (!rb_loader_next(p->loader, out, err)) return false;
    if (*out) return true;
    begin_pass(p, augmentation);
    return rb_loader_next(p->loader, out, err);
}

// ---- training ----------------------------------------------------------------------------------------------------

typedef struct trainer {
    const rb_settings *settings;
    pictures pictures;
    rb_pipeline augmentation[2]; // by label: of synth, 0 is the minority
    rb_network network;
    rb_plan *plan;
    float *target;
    int64_t step;
    double wait_s, update_s;
} trainer;

static bool open_trainer(rb_arena *a, const rb_settings *s, trainer *t, rb_error *err)
{
    *t = (trainer){.settings = s,
                   .augmentation = {s->augmentation.minority, s->augmentation.majority},
                   .target = RB_NEW(a, float, s->compute.batch_size)};
    rb_chosen_optim chosen = rb_settings_optim(s, err);
    if (!chosen.optim || !open_pictures(a, s, true, &t->pictures, err) ||
        !rb_network_open(a, s, chosen.optim, chosen.cfg, &t->network, err))
        return false;
    rb_network_init(&t->network, 0);
    rb_plan_spec spec = rb_network_plan_spec(&t->network, RB_TRAIN, s->compute.batch_size);
    spec.loss = &rb_loss_bce;
    spec.loss_cfg = &s->bce;
    begin_pass(&t->pictures, t->augmentation);
    return t->network.backend->plan(a, t->network.store, &spec, &t->plan, err);
}

static bool train_once(trainer *t, rb_error *err)
{
    const rb_backend *b = t->network.backend;
    const rb_training_settings *s = &t->settings->training;
    const rb_batch *batch;
    double start_s = rb_clock_now_s(), loss;
    if (!next_batch(&t->pictures, t->augmentation, &batch, err)) return false;
    double loaded_s = rb_clock_now_s();
    for (int i = 0; i < batch->n; i++) t->target[i] = (float)t->pictures.data.samples[batch->sample[i]].label;
    rb_feed feed = {.n = batch->n, .pixels = batch->pixels, .targets = t->target, .scale = 1.0 / batch->n};
    if (!b->forward(t->plan, &feed, err) || !b->read(t->plan, &loss, NULL, err) || !b->backward(t->plan, false, err))
        return false;
    double learned_s = rb_clock_now_s();
    rb_update u = {.lr = s->lr, .momentum = 0.9, .weight_decay = s->weight_decay, .step = ++t->step};
    bool done = b->update(t->network.store, &u, err);
    t->wait_s += loaded_s - start_s;
    t->update_s += rb_clock_now_s() - learned_s;
    return done;
}

static void collect(const trainer *t, int steps, double all_s, rb_training_seen *out)
{
    out->step_s = all_s / steps;
    out->update_s = t->update_s / steps;
    out->wait_s = t->wait_s / steps;
    for (int i = 0; i < t->plan->work_count; i++) {
        t->plan->work[i].seconds /= steps;
        out->work_s[t->plan->work[i].work] += t->plan->work[i].seconds;
    }
    out->graph = t->network.graph;
    out->items = t->plan->work;
    out->item_count = t->plan->work_count;
}

bool rb_measure_training(rb_arena *a, const rb_settings *s, double seconds, rb_training_seen *out, rb_error *err)
{
    trainer *t = RB_NEW(a, trainer, 1);
    *out = (rb_training_seen){0};
    if (!open_trainer(a, s, t, err)) return false;
    for (int i = 0; i < WARM_UP; i++)
        if (!train_once(t, err)) return false;
    t->plan->timed = true;
    t->wait_s = t->update_s = 0;
    rounds r = rounds_begin(a, seconds);
    double all_s = 0;
    while (rounds_go_on(&r)) {
        double start_s = rb_clock_now_s();
        if (!may_go_on(err) || !train_once(t, err)) return false;
        all_s += r.seconds[r.count++] = rb_clock_now_s() - start_s;
    }
    collect(t, r.count, all_s, out);
    out->rate = rates_of(&r, s->compute.batch_size);
    return true;
}

// ---- inference and decoding --------------------------------------------------------------------------------------

// What int8 would learn from pictures: here the ranges of the same fresh weights on the same noise.
static bool find_ranges(const rb_settings *s, const rb_feed *feed, float *range, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_settings exact = *s;
    rb_network n;
    rb_note("precision int8: ranges are those of the noise that is judged here; speed does not depend on them");
    exact.compute.precision = RB_FP32;
    bool done = rb_network_open(scratch, &exact, NULL, NULL, &n, err);
    if (done) rb_network_init(&n, 0);
    done = done && rb_ranges_find_in(&n, feed, range, err);
    rb_arena_close(scratch);
    return done;
}

bool rb_measure_inference(rb_arena *a, const rb_settings *s, int batch, double seconds, rb_rates_seen *out,
                          rb_error *err)
{
    rb_settings one = *s;
    rb_network n;
    rb_plan *plan;
    one.compute.batch_size = batch;
    if (!rb_network_open(a, &one, NULL, NULL, &n, err)) return false;
    rb_network_init(&n, 0);
    ptrdiff_t bytes = (ptrdiff_t)batch * s->data.channels * s->data.image_size * s->data.image_size;
    uint8_t *pixels = RB_NEW(a, uint8_t, bytes);
    for (ptrdiff_t i = 0; i < bytes; i++) pixels[i] = (uint8_t)((uint32_t)i * 2654435761u >> 13);
    double *logits = RB_NEW(a, double, (ptrdiff_t)batch *n.graph->output->shape.c);
    rb_feed feed = {.n = batch, .pixels = pixels};
    if (n.range && !find_ranges(&one, &feed, n.range, err)) return false;
    rb_plan_spec spec = rb_network_plan_spec(&n, RB_EVALUATE, batch);
    if (!n.backend->plan(a, n.store, &spec, &plan, err)) return false;
    rounds r = {0};
    for (int i = 0; i < WARM_UP || rounds_go_on(&r); i++) {
        if (i == WARM_UP) r = rounds_begin(a, seconds);
        double start_s = rb_clock_now_s();
        if (!n.backend->forward(plan, &feed, err) || !n.backend->read(plan, NULL, logits, err)) return false;
        if (i >= WARM_UP) r.seconds[r.count++] = rb_clock_now_s() - start_s;
    }
    *out = rates_of(&r, batch);
    return true;
}

bool rb_measure_decoding(rb_arena *a, const rb_settings *s, double seconds, rb_rates_seen *out, rb_error *err)
{
    pictures *p = RB_NEW(a, pictures, 1);
    if (!open_pictures(a, s, false, p, err)) return false;
    rounds r = rounds_begin(a, seconds);
    while (rounds_go_on(&r)) {
        const rb_batch *batch = NULL;
        double start_s = rb_clock_now_s();
        begin_pass(p, NULL);
        do
            if (!may_go_on(err) || !rb_loader_next(p->loader, &batch, err)) return false;
        while (batch);
        r.seconds[r.count++] = rb_clock_now_s() - start_s;
    }
    *out = rates_of(&r, p->draws);
    return true;
}
