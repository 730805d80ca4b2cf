// SPDX-License-Identifier: Apache-2.0
#include "hub/download.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES    5 // of a download whose connection breaks
#define PAUSE_S  1
#define SHOW_S   0.1
#define MEGABYTE 1e6

// ---- progress -----------------------------------------------------------------------------------------------------

typedef struct progress {
    const char *shown;
    int64_t have, begun_at, size; // bytes; size -1: unknown
    bool terminal;
    double start_s, shown_s;
} progress;

static void show(progress *p)
{
    double now = rb_clock_now_s(), rate = (double)(p->have - p->begun_at) / (now - p->start_s + 1e-9);
    if (!p->terminal || now - p->shown_s < SHOW_S) return;
    p->shown_s = now;
    fprintf(stderr, "\r%s  %.1f MB", p->shown, (double)p->have / MEGABYTE);
    if (p->size > 0) fprintf(stderr, " of %.1f MB, %d %%", (double)p->size / MEGABYTE, (int)(100 * p->have / p->size));
    fprintf(stderr, "  %.1f MB/s", rate / MEGABYTE);
    if (p->size > 0 && rate > 0) {
        int left_s = (int)((double)(p->size - p->have) / rate + 0.5);
        fprintf(stderr, "  ETA %d:%02d", left_s / 60, left_s % 60);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

static void clear(const progress *p)
{
    if (p->terminal && p->shown_s > 0) fputs("\r\033[K", stderr);
}

// ---- what was expected --------------------------------------------------------------------------------------------

static bool check_size(const rb_expected *e, const char *path, rb_error *err)
{
    struct stat s;
    if (stat(path, &s)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    return e->size < 0 || s.st_size == e->size ||
           rb_fail(err, RB_ERR_WEIGHTS, "has %" PRId64 " bytes, not the %" PRId64 " that were announced",
                   (int64_t)s.st_size, e->size);
}

bool rb_expected_check(const rb_expected *e, const char *path, rb_error *err)
{
    char sum[RB_DIGEST_TEXT];
    if (!check_size(e, path, err)) return false;
    if (!e->digest[0]) return true;
    if (!rb_digest_file(path, e->kind, sum, err)) return false;
    for (int i = 0; i < 2 && e->digest[i]; i++)
        if (!strncmp(sum, e->digest[i], strlen(e->digest[i]))) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "its %s is %s, not %s%s", e->kind == RB_SHA256 ? "SHA-256" : "git digest", sum,
                   e->digest[0], strlen(e->digest[0]) < strlen(sum) ? "..." : "");
}

bool rb_download_refused(const rb_fetch_answer *a, rb_error *err)
{
    const char *code = rb_fetch_header(a, "x-error-code");
    switch (a->status) {
    case 401:
    case 403:
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "%s: not allowed (%d): it is gated, private or not there; check the name, accept its terms in a "
                       "browser and set HF_TOKEN to a token that may read it",
                       a->url, a->status);
    case 404:
    case 410:
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: there is no such file (%d%s%s); check the name", a->url, a->status,
                       code ? ", " : "", code ? code : "");
    case 429:
        return rb_fail(err, RB_ERR_IO, "%s: too many requests (429); wait, or set HF_TOKEN", a->url);
    default:
        return rb_fail(err, RB_ERR_IO, "%s: the server answers %d; try again later", a->url, a->status);
    }
}

// ---- one try ------------------------------------------------------------------------------------------------------

typedef struct transfer {
    const rb_download *d;
    int fd;
    progress progress;
} transfer;

static bool fail_write(const transfer *t, rb_error *err)
{
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot write", t->d->part);
}

// "bytes 100-199/200" -> 100; -1 if it is nothing of the kind.
static int64_t range_begin(const char *text)
{
    int64_t from;
    return text && sscanf(text, "bytes %" SCNd64 "-", &from) == 1 ? from : -1;
}

// A server that cannot go on sends everything again.
static bool begin(void *context, const rb_fetch_answer *a, rb_error *err)
{
    transfer *t = context;
    progress *p = &t->progress;
    const char *length = rb_fetch_header(a, "content-length");
    if (a->status == 206 && range_begin(rb_fetch_header(a, "content-range")) != p->have)
        return rb_fail(err, RB_ERR_IO, "%s: the server sends another part than was asked for", a->url);
    if (a->status != 206) p->have = 0;
    p->begun_at = p->have;
    if (ftruncate(t->fd, p->have) || lseek(t->fd, p->have, SEEK_SET) < 0) return fail_write(t, err);
    if (p->size < 0 && length) p->size = p->have + strtoll(length, NULL, 10);
    return true;
}

static bool take(void *context, const void *data, ptrdiff_t size, rb_error *err)
{
    transfer *t = context;
    const char *from = data;
    while (size > 0) {
        ssize_t n = write(t->fd, from, (size_t)size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_write(t, err);
        from += n, size -= n, t->progress.have += n;
    }
    int64_t most = t->d->expected.size;
    if (most >= 0 && t->progress.have > most)
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: sends more than the %" PRId64 " bytes that were announced", t->d->url,
                       most);
    show(&t->progress);
    return true;
}

static bool try_once(rb_fetcher *h, transfer *t, rb_fetch_answer *a, rb_error *err)
{
    rb_fetch_request r = {
        .url = t->d->url, .token = t->d->token, .from = t->progress.have, .begin = begin, .body = take, .context = t};
    return rb_fetch_send(h, &r, a, err) && (a->status / 100 == 2 || rb_download_refused(a, err));
}

// Goes on after a connection that broke, as long as there are tries.
static bool transfer_all(rb_fetcher *h, transfer *t, rb_error *err)
{
    progress *p = &t->progress;
    for (int tries = 1;; tries++) {
        rb_fetch_answer a = {0};
        if (p->have == t->d->expected.size || try_once(h, t, &a, err)) return true;
        clear(p);
        if (a.status == 416 && p->have > 0) {
            p->have = 0; // what is there is no part of the file
            continue;
        }
        if (!a.cut) return false;
        if (tries >= TRIES) return rb_fail_in(err, "cut %d times; the next call goes on from there", tries);
        rb_note("%s: cut after %.1f MB, going on", t->d->shown, (double)p->have / MEGABYTE);
        sleep(PAUSE_S);
    }
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static bool open_part(transfer *t, rb_error *err)
{
    struct stat s;
    const rb_expected *e = &t->d->expected;
    t->fd = open(t->d->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (t->fd < 0 || fstat(t->fd, &s)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot write", t->d->part);
    bool goes_on = e->digest[0] && (e->size < 0 || s.st_size <= e->size);
    t->progress.have = goes_on ? s.st_size : 0;
    return true;
}

static bool finish(const transfer *t, rb_error *err)
{
    const rb_download *d = t->d;
    if (fsync(t->fd)) return fail_write(t, err);
    if (!rb_expected_check(&d->expected, d->part, err)) {
        bool spoilt = err->kind == RB_ERR_WEIGHTS;
        rb_fail_in(err, "%s: what was fetched is damaged and was removed", d->url);
        if (spoilt) unlink(d->part);
        return false;
    }
    if (rename(d->part, d->path)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make", d->path);
    return true;
}

bool rb_download_run(rb_fetcher *h, const rb_download *d, rb_error *err)
{
    transfer t = {.d = d, .fd = -1};
    t.progress = (progress){d->shown, 0, 0, d->expected.size, rb_log_draws(), rb_clock_now_s(), 0};
    bool done = open_part(&t, err) && transfer_all(h, &t, err);
    clear(&t.progress);
    done = done && finish(&t, err);
    if (t.fd >= 0) {
        struct stat s;
        if (!done && !fstat(t.fd, &s) && s.st_size == 0) unlink(d->part); // nothing to go on with
        close(t.fd);
    }
    return done;
}
