// SPDX-License-Identifier: Apache-2.0
// loader.c - worker threads that fill a short ring of batches, one picture at a time in the order of the draws.
//
// A job is one picture, so that few threads balance. A worker writes nothing but its row of its batch; what it writes
// depends on the draw alone, and so the batches do not depend on the threads.
#include "data/loader.h"

#include "base/file.h"
#include "data/cache.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define SLOTS   3                    // one at the consumer, two on their way
#define SCRATCH ((ptrdiff_t)2 << 20) // bytes a worker keeps from picture to picture

typedef struct slot {
    uint8_t *pixels; // [batch_size h w c]
    int *sample;     // [batch_size], as are the next three
    bool *bad;
    const char **reason; // into `error`, or NULL
    rb_error *error;
    int left; // rows not done yet
} slot;

struct rb_loader {
    rb_loader_spec spec;
    ptrdiff_t row_bytes;
    rb_cache *cache;
    pthread_t *threads;
    int started;

    pthread_mutex_t lock;      // of what follows, but for the rows that are a worker's
    pthread_cond_t work, done; // a job can be taken; a row is done
    rb_pass pass;
    int next;    // draw to be taken
    int wanted;  // batch that the consumer has, or is to get next
    int running; // jobs taken, not done
    bool closing;
    slot slots[SLOTS];

    bool lent; // the consumer has batch `wanted`; its own, as is the next
    rb_batch batch;
};

typedef struct job {
    int draw, row;
    slot *slot;
} job;

// ---- one picture -------------------------------------------------------------------------------------------------

static bool read_picture(rb_loader *l, int sample, rb_arena *scratch, uint8_t *row, rb_error *err)
{
    const char *path = l->spec.data->samples[sample].path;
    int side = l->spec.image_size, c = l->spec.channels;
    rb_bytes file;
    rb_image read, resized = {row, side, side, c};
    if (!rb_file_read(scratch, path, RB_IMAGE_MAX_FILE, &file, err)) return false;
    if (!rb_image_decode(scratch, file, c, &read, err)) return rb_fail_in(err, "%s", path);
    rb_image_resize(scratch, &read, l->spec.interpolation, &resized);
    return true;
}

static bool cached_picture(rb_loader *l, int sample, rb_arena *scratch, uint8_t *row, rb_error *err)
{
    const uint8_t *kept = rb_cache_find(l->cache, sample);
    if (kept) {
        memcpy(row, kept, (size_t)l->row_bytes);
        return true;
    }
    if (!read_picture(l, sample, scratch, row, err)) return false;
    rb_cache_keep(l->cache, sample, row);
    return true;
}

static void augment(const rb_loader *l, int sample, int draw, rb_arena *scratch, uint8_t *row)
{
    const rb_pass *pass = &l->pass;
    const rb_pipeline *p = &pass->augmentation[l->spec.data->samples[sample].label];
    rb_image image = {row, l->spec.image_size, l->spec.image_size, l->spec.channels};
    rb_pipeline_run(p, pass->seed, (uint32_t)draw, pass->epoch, scratch, &image);
    if (image.pixels != row) memcpy(row, image.pixels, (size_t)l->row_bytes);
}

static void run_job(rb_loader *l, job j, rb_arena *scratch)
{
    int sample = l->pass.order[j.draw];
    uint8_t *row = j.slot->pixels + j.row * l->row_bytes;
    rb_error *err = &j.slot->error[j.row];
    bool good = cached_picture(l, sample, scratch, row, err);
    if (!good)
        memset(row, 0, (size_t)l->row_bytes);
    else if (l->pass.augmentation)
        augment(l, sample, j.draw, scratch, row);
    j.slot->sample[j.row] = sample;
    j.slot->bad[j.row] = !good;
    j.slot->reason[j.row] = good ? NULL : rb_error_reason(err, l->spec.data->samples[sample].path);
}

// ---- workers -----------------------------------------------------------------------------------------------------

static int rows_of(const rb_loader *l, int batch)
{
    int left = l->pass.count - batch * l->spec.batch_size;
    return left < l->spec.batch_size ? left : l->spec.batch_size;
}

static bool job_waits(const rb_loader *l)
{
    return l->next < l->pass.count && l->next / l->spec.batch_size < l->wanted + SLOTS;
}

static job take_job(rb_loader *l)
{
    int batch = l->next / l->spec.batch_size;
    job j = {.draw = l->next, .row = l->next % l->spec.batch_size, .slot = &l->slots[batch % SLOTS]};
    if (j.row == 0) j.slot->left = rows_of(l, batch);
    l->next++;
    l->running++;
    return j;
}

static void *work(void *handle)
{
    rb_loader *l = handle;
    rb_arena *scratch = rb_arena_open();
    rb_arena_take(scratch, SCRATCH, 1); // a reset keeps the first chunk: let it be a large one
    rb_arena_reset(scratch);
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->closing && !job_waits(l)) pthread_cond_wait(&l->work, &l->lock);
        if (l->closing) break;
        job j = take_job(l);
        pthread_mutex_unlock(&l->lock);
        run_job(l, j, scratch);
        rb_arena_reset(scratch);
        pthread_mutex_lock(&l->lock);
        l->running--;
        j.slot->left--;
        pthread_cond_signal(&l->done);
    }
    pthread_mutex_unlock(&l->lock);
    rb_arena_close(scratch);
    return NULL;
}

// ---- opening and closing -----------------------------------------------------------------------------------------

static void close_loader(void *handle)
{
    rb_loader *l = handle;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->started; i++) pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->done);
    pthread_mutex_destroy(&l->lock);
}

static void slot_init(rb_arena *a, const rb_loader *l, slot *s)
{
    int n = l->spec.batch_size;
    s->pixels = RB_NEW(a, uint8_t, n * l->row_bytes);
    s->sample = RB_NEW(a, int, n);
    s->bad = RB_NEW(a, bool, n);
    s->reason = RB_NEW(a, const char *, n);
    s->error = RB_NEW(a, rb_error, n);
}

// Signals are for the thread that trains, never for a worker.
static int start_threads(rb_loader *l)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (!failed && l->started < l->spec.workers) {
        failed = pthread_create(&l->threads[l->started], NULL, work, l);
        if (!failed) l->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

bool rb_loader_open(rb_arena *a, const rb_loader_spec *spec, rb_loader **out, rb_error *err)
{
    assert(spec->workers >= 1 && spec->batch_size >= 1 && (spec->channels == 1 || spec->channels == 3));
    rb_loader *l = RB_NEW(a, rb_loader, 1);
    l->spec = *spec;
    l->row_bytes = (ptrdiff_t)spec->image_size * spec->image_size * spec->channels;
    if (!rb_cache_open(a, spec->data->count, l->row_bytes, spec->cache_bytes, &l->cache, err)) return false;
    for (int i = 0; i < SLOTS; i++) slot_init(a, l, &l->slots[i]);
    l->threads = RB_NEW(a, pthread_t, spec->workers);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->done, NULL);
    rb_arena_defer(a, close_loader, l);
    int failed = start_threads(l);
    if (failed)
        return rb_fail_errno(err, RB_ERR_INTERNAL, failed, "workers: only %d of %d threads could be started",
                             l->started, spec->workers);
    *out = l;
    return true;
}

// ---- the consumer ------------------------------------------------------------------------------------------------

void rb_loader_begin(rb_loader *l, const rb_pass *pass)
{
    assert(pass->start % l->spec.batch_size == 0);
    pthread_mutex_lock(&l->lock);
    l->pass.count = 0; // no further job of the pass before
    while (l->running) pthread_cond_wait(&l->done, &l->lock);
    l->pass = *pass;
    l->next = pass->start;
    l->wanted = pass->start / l->spec.batch_size;
    l->lent = false;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->lock);
}

// The wanted batch when all its rows are done, or NULL after the last.
static slot *wait_for_batch(rb_loader *l, int *n)
{
    pthread_mutex_lock(&l->lock);
    if (l->lent) {
        l->wanted++;
        l->lent = false;
        pthread_cond_broadcast(&l->work);
    }
    int first = l->wanted * l->spec.batch_size;
    slot *s = &l->slots[l->wanted % SLOTS];
    *n = rows_of(l, l->wanted);
    while (*n > 0 && (l->next < first + *n || s->left)) pthread_cond_wait(&l->done, &l->lock);
    pthread_mutex_unlock(&l->lock);
    return *n > 0 ? s : NULL;
}

bool rb_loader_next(rb_loader *l, const rb_batch **out, rb_error *err)
{
    int n;
    *out = NULL;
    slot *s = wait_for_batch(l, &n);
    if (!s) return true;
    for (int i = 0; i < n; i++)
        if (s->bad[i] && l->spec.on_bad_image == RB_BAD_ERROR) {
            *err = s->error[i];
            return false;
        }
    memset(s->pixels + n * l->row_bytes, 0, (size_t)((l->spec.batch_size - n) * l->row_bytes));
    l->batch = (rb_batch){n, (uint32_t)(l->wanted * l->spec.batch_size), s->pixels, s->sample, s->bad, s->reason};
    l->lent = true;
    *out = &l->batch;
    return true;
}
