// SPDX-License-Identifier: Apache-2.0
// writer.c - files that are either complete or absent: temporary name, fsync, re-read, rename, fsync of the folder.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define BUFFER ((ptrdiff_t)1 << 20)

struct rb_writer {
    rb_arena *arena;
    const char *path; // as it was named
    const char *target, *temporary, *folder;
    int fd;          // -1 once committed or given up
    bool finished;   // it only remains to be renamed
    uint8_t *buffer; // what write() has not been given yet
    ptrdiff_t buffered;
    XXH3_state_t *hash;
};

static void give_up(void *handle)
{
    rb_writer *w = handle;
    XXH3_freeState(w->hash);
    if (w->fd < 0) return;
    close(w->fd);
    unlink(w->temporary);
    w->fd = -1;
}

static bool cannot(const rb_writer *w, const char *what, rb_error *err)
{
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot %s", w->path, what);
}

// A rename puts a file in the place of whatever stands there: that may be a file, or be behind a link, and nothing
// else.
static bool find_place(rb_arena *a, const char *path, const char **out, rb_error *err)
{
    struct stat st;
    char real[PATH_MAX];
    *out = rb_text_copy(a, path);
    if (stat(path, &st)) return true; // nothing is there; whether something can be, open says
    if (!S_ISREG(st.st_mode))
        return rb_fail(err, RB_ERR_IO, "%s: is %s; name a file", path,
                       S_ISDIR(st.st_mode) ? "a folder" : "a device or a pipe");
    if (realpath(path, real)) *out = rb_text_copy(a, real);
    return true;
}

// Under a name of nobody else's: what is called "<target>.tmp" may be the user's, or another process's that writes the
// same file.
static int open_new(rb_writer *w)
{
    for (int k = 0;; k++) {
        w->temporary = rb_text_format(w->arena, "%s.%ld-%d.tmp", w->target, (long)getpid(), k);
        int fd = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
}

bool rb_writer_owns(const char *name)
{
    static const char digits[] = "0123456789";
    const char *end = strstr(name, ".tmp"), *dash = strrchr(name, '-');
    if (!end || end[4] || !dash || dash + 1 + strspn(dash + 1, digits) != end || end == dash + 1) return false;
    const char *process = dash;
    while (process > name && strchr(digits, process[-1])) process--;
    return process < dash && process > name && process[-1] == '.';
}

bool rb_writer_open(rb_arena *a, const char *path, rb_writer **out, rb_error *err)
{
    rb_writer *w = RB_NEW(a, rb_writer, 1);
    *w = (rb_writer){.arena = a, .path = rb_text_copy(a, path)};
    if (!find_place(a, path, &w->target, err)) return false;
    w->folder = rb_path_folder(a, w->target);
    w->fd = open_new(w);
    if (w->fd < 0) return cannot(w, "write here", err);
    w->buffer = RB_NEW(a, uint8_t, BUFFER);
    w->hash = XXH3_createState();
    rb_arena_defer(a, give_up, w);
    XXH3_64bits_reset(w->hash);
    *out = w;
    return true;
}

static bool write_all(rb_writer *w, const uint8_t *data, ptrdiff_t size, rb_error *err)
{
    while (size > 0) {
        ssize_t n = write(w->fd, data, (size_t)size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot(w, "write", err);
        data += n;
        size -= n;
    }
    return true;
}

static bool flush(rb_writer *w, rb_error *err)
{
    ptrdiff_t n = w->buffered;
    w->buffered = 0;
    return write_all(w, w->buffer, n, err);
}

bool rb_writer_put(rb_writer *w, const void *data, ptrdiff_t size, rb_error *err)
{
    XXH3_64bits_update(w->hash, data, (size_t)size);
    if (w->buffered + size > BUFFER && !flush(w, err)) return false;
    if (size > BUFFER) return write_all(w, data, size, err);
    memcpy(w->buffer + w->buffered, data, (size_t)size);
    w->buffered += size;
    return true;
}

bool rb_writer_print(rb_writer *w, rb_error *err, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n >= (int)sizeof text) return rb_fail(err, RB_ERR_INTERNAL, "%s: a line over %zu bytes", w->path, sizeof text);
    return rb_writer_put(w, text, n, err);
}

// What the disk gives back must be what was put: a full or failing disk may answer "written" and keep nothing.
static bool read_back(rb_writer *w, rb_error *err)
{
    uint64_t put = XXH3_64bits_digest(w->hash);
    XXH3_64bits_reset(w->hash);
    for (off_t at = 0;;) {
        ssize_t n = pread(w->fd, w->buffer, (size_t)BUFFER, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return cannot(w, "read back", err);
        if (n == 0) break;
        XXH3_64bits_update(w->hash, w->buffer, (size_t)n);
        at += n;
    }
    if (XXH3_64bits_digest(w->hash) == put) return true;
    return rb_fail(err, RB_ERR_IO, "%s: the disk does not give back what was written", w->path);
}

static bool sync_folder(rb_writer *w, rb_error *err)
{
    int fd = open(w->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cannot(w, "open its folder", err);
    bool done = !fsync(fd) || errno == EINVAL; // EINVAL: a file system without fsync for folders
    if (!done) cannot(w, "sync its folder", err);
    close(fd);
    return done;
}

bool rb_writer_finish(rb_writer *w, rb_error *err)
{
    if (w->finished) return true;
    if (!flush(w, err)) return false;
    if (fsync(w->fd)) return cannot(w, "sync", err);
    w->finished = read_back(w, err);
    return w->finished;
}

bool rb_writer_commit(rb_writer *w, rb_error *err)
{
    if (!rb_writer_finish(w, err)) return false;
    if (rename(w->temporary, w->target)) return cannot(w, "rename into place", err);
    int fd = w->fd;
    w->fd = -1;
    if (close(fd)) return cannot(w, "close", err);
    return sync_folder(w, err);
}

void rb_file_limit_is_an_error(void)
{
    signal(SIGXFSZ, SIG_IGN);
}

static bool write_whole(rb_arena *a, const char *path, const void *data, ptrdiff_t size, rb_error *err)
{
    rb_writer *w;
    return rb_writer_open(a, path, &w, err) && rb_writer_put(w, data, size, err) && rb_writer_commit(w, err);
}

bool rb_file_write(const char *path, const void *data, ptrdiff_t size, rb_error *err)
{
    rb_arena *a = rb_arena_open();
    bool done = write_whole(a, path, data, size, err);
    rb_arena_close(a);
    return done;
}
