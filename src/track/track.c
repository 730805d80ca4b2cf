// SPDX-License-Identifier: Apache-2.0
// track.c - follows a run: what a tracker does next, when it tries again, what it keeps, when it leaves.
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "track/tracker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WINDOW            256 // records in memory at most
#define IDLE_S            0.1
#define BACKOFF_S         0.5 // before the second try; doubled up to
#define BACKOFF_AT_MOST_S 60.0
#define SEND_TRIES        4   // of `track send`, one after another
#define GRACE_S           1.0 // for a thread to see that its time is over

// Marks of one kind of record are a member of `kept`.
static const char *const mark_names[] = {
    [RB_RECORD_STEP] = "step", [RB_RECORD_EPOCH] = "epoch", [RB_RECORD_EVAL] = "eval"};

typedef struct follower {
    rb_track track;
    const rb_tracker *tracker;
    const char *log_path, *lock_path, *kept_path;
    rb_records *log; // NULL until it could be opened
    rb_arena *window_arena;
    rb_record window[WINDOW];
    int first, count; // of the window
    bool begun, warned, stopped, all_sent, sends;
    int tries;    // that failed, one after another
    rb_error why; // the last failure
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t changed;
    bool closing, gone; // what the run says, and what the thread says
    double deadline_s;  // once closing
} follower;

// ---- what is kept --------------------------------------------------------------------------------------------------

static int64_t kept_integer(const follower *f, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(f->track.kept, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

// Atomic towards a process that dies, which is what has to be survived; a machine that does may cost a repetition.
static void keep(const char *path, const json_t *kept)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary) return;
    if (!json_dump_file(kept, temporary, JSON_COMPACT | JSON_SORT_KEYS) && rename(temporary, path)) unlink(temporary);
}

void rb_track_keep(const rb_track *t)
{
    const follower *f = (const follower *)((const char *)t - offsetof(follower, track));
    if (!f->tracker->local) keep(f->kept_path, t->kept);
}

static void release_kept(void *handle)
{
    json_decref(handle);
}

static void load_kept(follower *f)
{
    json_t *kept = f->tracker->local ? NULL : json_load_file(f->kept_path, JSON_REJECT_DUPLICATES, NULL);
    f->track.unsure = json_is_object(kept);
    if (!f->track.unsure) {
        json_decref(kept);
        kept = json_object();
    }
    f->track.kept = kept;
    rb_arena_defer(f->track.arena, release_kept, kept);
}

// ---- opening -------------------------------------------------------------------------------------------------------

static void close_descriptor(void *handle)
{
    close(*(int *)handle);
}

// One process at a time tells one tracker of one run.
static bool lock_run(follower *f, rb_error *err)
{
    rb_arena *a = f->track.arena;
    if (f->tracker->local) return true;
    if (!rb_folder_make(rb_path_folder(a, f->lock_path), err)) return false;
    int *fd = RB_NEW(a, int, 1);
    *fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", f->lock_path);
    rb_arena_defer(a, close_descriptor, fd);
    return !flock(*fd, LOCK_EX | LOCK_NB) ||
           rb_fail(err, RB_ERR_IO, "%s: another process is sending this run; try again when it is done",
                   f->track.folder);
}

static bool give_up(void *context)
{
    follower *f = context;
    pthread_mutex_lock(&f->lock);
    bool over = f->closing && rb_clock_now_s() > f->deadline_s;
    pthread_mutex_unlock(&f->lock);
    return over;
}

static void close_scratch(void *handle)
{
    rb_arena_close(handle);
}

static rb_arena *open_scratch(rb_arena *a)
{
    rb_arena *scratch = rb_arena_open();
    rb_arena_defer(a, close_scratch, scratch);
    return scratch;
}

// In an arena of its own, which belongs to whoever ends it.
static follower *open_follower(const rb_tracker *tracker, const void *cfg, const char *folder)
{
    rb_arena *a = rb_arena_open();
    follower *f = RB_NEW(a, follower, 1);
    folder = rb_text_copy(a, folder);
    f->tracker = tracker;
    f->log_path = rb_path_join(a, folder, "log.jsonl");
    f->lock_path = rb_text_format(a, "%s/track/%s.lock", folder, tracker->name);
    f->kept_path = rb_text_format(a, "%s/track/%s.json", folder, tracker->name);
    f->window_arena = open_scratch(a);
    f->track = (rb_track){.arena = a,
                          .scratch = open_scratch(a),
                          .folder = folder,
                          .cfg = cfg,
                          .retry_s = NAN,
                          .give_up = give_up,
                          .context = f};
    f->track.own = tracker->own_bytes ? rb_arena_take(a, 1, (ptrdiff_t)tracker->own_bytes) : NULL;
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return f;
}

static void close_follower(follower *f)
{
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    rb_arena_close(f->track.arena);
}

// ---- waiting -------------------------------------------------------------------------------------------------------

static bool is_closing(follower *f)
{
    pthread_mutex_lock(&f->lock);
    bool closing = f->closing;
    pthread_mutex_unlock(&f->lock);
    return closing;
}

static struct timespec timespec_of(double s)
{
    double whole = floor(s);
    return (struct timespec){(time_t)whole, (long)(1e9 * (s - whole))};
}

// Until then at most; less when the run closes meanwhile, or its last moment comes.
static void wait_for(follower *f, double s)
{
    double until = rb_clock_now_s() + s;
    pthread_mutex_lock(&f->lock);
    bool closing = f->closing;
    if (closing && until > f->deadline_s) until = f->deadline_s;
    struct timespec at = timespec_of(until);
    int timed_out = 0;
    while (!timed_out && f->closing == closing) timed_out = pthread_cond_timedwait(&f->changed, &f->lock, &at);
    pthread_mutex_unlock(&f->lock);
}

static double backoff_s(const follower *f)
{
    double s = fmin(BACKOFF_S * pow(2, f->tries - 1), BACKOFF_AT_MOST_S);
    return isnan(f->track.retry_s) ? s : fmax(s, f->track.retry_s);
}

// ---- one thing after another ---------------------------------------------------------------------------------------

static bool is_new(const follower *f, const rb_record *r)
{
    return r->mark < 0 || f->tracker->local || r->mark > kept_integer(f, mark_names[r->kind], -1);
}

static bool fill_window(follower *f, rb_error *err)
{
    if (f->count) return true;
    rb_arena_reset(f->window_arena);
    f->first = 0;
    if (!f->log && !rb_records_open(f->track.arena, f->log_path, &f->log, err)) return false;
    while (f->count < WINDOW) {
        bool got;
        rb_record *r = &f->window[f->count];
        if (!rb_records_next(f->log, f->window_arena, r, &got, err)) return false;
        if (!got) return true;
        f->track.finished = r->kind == RB_RECORD_END;
        f->track.last_s = r->time_s;
        if (f->track.begun_s <= 0) f->track.begun_s = r->time_s;
        f->count += is_new(f, r);
    }
    return true;
}

static void advance(follower *f, const char *key)
{
    json_object_set_new(f->track.kept, key, json_integer(kept_integer(f, key, 0) + 1));
    rb_track_keep(&f->track);
}

static void take_records(follower *f, int taken)
{
    bool moved = false;
    for (int i = 0; i < taken; i++) {
        const rb_record *r = &f->window[f->first + i];
        if (r->mark < 0) continue;
        json_object_set_new(f->track.kept, mark_names[r->kind], json_integer(r->mark));
        moved = true;
    }
    f->first += taken;
    f->count -= taken;
    if (moved) json_object_del(f->track.kept, "ended"); // the end has changed
    if (moved) rb_track_keep(&f->track);
}

static rb_sent begin_next(follower *f, rb_error *err)
{
    rb_sent sent = f->tracker->begin(&f->track, (int)kept_integer(f, "begun", 0), err);
    if (sent == RB_SENT || sent == RB_REFUSED) advance(f, "begun");
    f->begun = sent == RB_NO_MORE;
    return sent == RB_NO_MORE ? RB_SENT : sent;
}

static rb_sent send_records(follower *f, rb_error *err)
{
    int taken = 1;
    rb_sent sent = f->tracker->records(&f->track, &f->window[f->first], f->count, &taken, err);
    if (sent == RB_SENT || sent == RB_REFUSED) take_records(f, taken);
    return sent;
}

static rb_sent end_next(follower *f, rb_error *err)
{
    f->track.ended = true;
    rb_sent sent = f->tracker->end(&f->track, (int)kept_integer(f, "ended", 0), err);
    if (sent == RB_SENT || sent == RB_REFUSED) advance(f, "ended");
    return sent;
}

// RB_NO_MORE: nothing to do, now or ever.
static rb_sent do_next(follower *f, rb_error *err)
{
    bool closing = is_closing(f); // before the log is read: what comes after its last line is the end
    if (!fill_window(f, err)) return RB_LATER;
    if (!f->begun) return begin_next(f, err);
    if (f->count) return send_records(f, err);
    if (!closing) return RB_NO_MORE;
    rb_sent sent = end_next(f, err);
    f->all_sent = sent == RB_NO_MORE;
    return sent;
}

// A tracker warns once, whatever happens to it afterwards.
static void tell(follower *f, const rb_error *err, const char *what)
{
    f->why = *err;
    if (!f->warned && !f->sends) rb_warn("%s: %s; %s", f->tracker->name, err->text, what);
    f->warned = true;
}

static void note_outcome(follower *f, rb_sent sent, const rb_error *err)
{
    const char *folder = f->track.folder;
    char kept[4200];
    snprintf(kept, sizeof kept, "the run goes on, and `rarebit track send %s` sends what is missing then", folder);
    if (sent == RB_SENT) {
        f->track.unsure = f->track.unsure && !f->track.asked; // a thing passed over says nothing of the next
        f->tries = 0;
    }
    if (sent == RB_REFUSED) tell(f, err, "it is left out there");
    if (sent == RB_STOPPED || sent == RB_LATER) tell(f, err, f->tracker->local ? "the run goes on" : kept);
    if (sent == RB_STOPPED) f->stopped = true;
    if (sent == RB_LATER) f->tries++;
}

static bool is_over(follower *f)
{
    return f->all_sent || give_up(f) || (f->stopped && is_closing(f)) || (f->sends && f->tries == SEND_TRIES);
}

static void follow(follower *f)
{
    load_kept(f);
    while (!is_over(f)) {
        rb_error err = {0};
        f->track.retry_s = NAN;
        f->track.asked = false;
        rb_sent sent = f->stopped ? RB_NO_MORE : do_next(f, &err);
        note_outcome(f, sent, &err);
        rb_arena_reset(f->track.scratch);
        if (sent == RB_LATER && !is_over(f)) wait_for(f, backoff_s(f));
        if (sent != RB_NO_MORE || f->all_sent) continue;
        if (f->tracker->idle && !f->stopped) f->tracker->idle(&f->track);
        if (!is_over(f)) wait_for(f, IDLE_S);
    }
    f->track.ended = true;
    if (f->tracker->close) f->tracker->close(&f->track, f->all_sent);
}

// ---- a run that is being made --------------------------------------------------------------------------------------

static void *thread(void *context)
{
    follower *f = context;
    rb_error err;
    if (lock_run(f, &err))
        follow(f);
    else
        tell(f, &err, "the run goes on");
    pthread_mutex_lock(&f->lock);
    f->gone = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

typedef struct tracking {
    follower **of;
    int count;
    double exit_s;
} tracking;

static void begin_closing(follower *f, double deadline_s)
{
    pthread_mutex_lock(&f->lock);
    f->closing = true;
    f->deadline_s = deadline_s;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static bool is_gone_by(follower *f, double until_s)
{
    struct timespec at = timespec_of(until_s);
    int timed_out = 0;
    pthread_mutex_lock(&f->lock);
    while (!timed_out && !f->gone) timed_out = pthread_cond_timedwait(&f->changed, &f->lock, &at);
    bool gone = f->gone;
    pthread_mutex_unlock(&f->lock);
    return gone;
}

static void tell_of_rest(const follower *f)
{
    if (!f->all_sent && !f->warned)
        rb_warn("%s: there was no time to send all of it; `rarebit track send %s` sends the rest", f->tracker->name,
                f->track.folder);
    if (f->all_sent && f->warned && !f->stopped) rb_note("%s: everything could be sent after all", f->tracker->name);
}

// A thread that a file system or a library holds on to is left where it is: the process ends without it.
static void close_tracking(void *handle)
{
    tracking *all = handle;
    double deadline_s = rb_clock_now_s() + all->exit_s;
    for (int i = 0; i < all->count; i++) begin_closing(all->of[i], deadline_s);
    for (int i = 0; i < all->count; i++) {
        if (!is_gone_by(all->of[i], deadline_s + GRACE_S)) continue;
        pthread_join(all->of[i]->thread, NULL);
        tell_of_rest(all->of[i]);
        close_follower(all->of[i]);
    }
}

// Signals are for the thread that trains; a broken connection is an error, never the signal SIGPIPE.
static int start(follower *f)
{
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int failed = pthread_create(&f->thread, NULL, thread, f);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

void rb_track_run(rb_arena *a, const rb_track_settings *s, rb_chosen_trackers which, void *const *cfg,
                  const char *folder)
{
    if (!which.count) return;
    tracking *all = RB_NEW(a, tracking, 1);
    *all = (tracking){.of = RB_NEW(a, follower *, which.count), .exit_s = s->exit_s};
    rb_arena_defer(a, close_tracking, all);
    for (int i = 0; i < which.count; i++) {
        follower *f = open_follower(rb_trackers[which.at[i]], cfg[which.at[i]], folder);
        f->track.live = true;
        if (start(f)) {
            rb_warn("%s: no thread for it; the run goes on", f->tracker->name);
            close_follower(f);
        } else {
            all->of[all->count++] = f;
        }
    }
}

// ---- a run that is over --------------------------------------------------------------------------------------------

bool rb_track_send(int tracker, const void *cfg, const char *folder, rb_error *err)
{
    follower *f = open_follower(rb_trackers[tracker], cfg, folder);
    f->sends = true;
    begin_closing(f, INFINITY);
    bool done = lock_run(f, err);
    if (done) {
        follow(f);
        done = f->all_sent || rb_fail(err, RB_ERR_IO, "%s: %s", f->tracker->name, f->why.text);
    }
    close_follower(f);
    return done;
}
