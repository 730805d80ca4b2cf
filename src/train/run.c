// SPDX-License-Identifier: Apache-2.0
#include "train/run.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void close_log(void *log)
{
    fclose(log); // every line was flushed and checked when it was written
}

// A second run in the same folder would tear the log and the checkpoints of both.
static bool lock(const rb_run *r, int fd, rb_error *err)
{
    if (!flock(fd, LOCK_EX | LOCK_NB)) return true;
    if (errno == EWOULDBLOCK)
        return rb_fail(err, RB_ERR_USAGE, "%s: another process trains in this folder; wait for it, or end it",
                       r->folder);
    return errno == ENOLCK || errno == EOPNOTSUPP || // a file system without locks
           rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot lock", r->folder);
}

static bool open_log(rb_arena *a, rb_run *r, rb_error *err)
{
    const char *path = rb_run_path(a, r, "log.jsonl");
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    r->log = fdopen(fd, "ab+");
    if (!r->log) {
        close(fd);
        return rb_fail_errno(err, RB_ERR_INTERNAL, errno, "%s", path);
    }
    rb_arena_defer(a, close_log, r->log);
    r->lines = RB_NEW(a, int64_t, 1);
    return lock(r, fd, err);
}

// What a dead process wrote after its last checkpoint is written again.
static bool cut_log(const rb_run *r, int64_t lines, rb_error *err)
{
    rewind(r->log);
    for (int c; *r->lines < lines && (c = getc(r->log)) != EOF;) *r->lines += c == '\n';
    if (*r->lines < lines)
        return rb_fail(err, RB_ERR_IO,
                       "%s/log.jsonl: has %lld lines, and had %lld when the checkpoint was written; put "
                       "it back",
                       r->folder, (long long)*r->lines, (long long)lines);
    off_t end = ftello(r->log);
    if (end >= 0 && !ftruncate(fileno(r->log), end) && !fseeko(r->log, 0, SEEK_END)) return true;
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s/log.jsonl: cannot cut", r->folder);
}

bool rb_run_open(rb_arena *a, const char *checkpoint_dir, const char *model, rb_run *out, rb_error *err)
{
    char stamp[16];
    rb_clock_stamp_utc(stamp);
    *out = (rb_run){.arena = a, .start_s = rb_clock_now_s()};
    const char *name = rb_path_join(a, checkpoint_dir, rb_text_format(a, "%s_%s", model, stamp));
    return rb_folder_make_new(a, name, &out->folder, err) && open_log(a, out, err);
}

static bool remove_unfinished(rb_arena *scratch, const rb_run *r, rb_error *err)
{
    rb_names names;
    if (!rb_folder_list(scratch, r->folder, &names, err)) return false;
    for (int i = 0; i < names.count; i++) {
        const char *path = rb_run_path(scratch, r, names.name[i]);
        if (rb_writer_owns(names.name[i]) && unlink(path))
            return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot remove", path);
    }
    return true;
}

bool rb_run_lock(rb_arena *a, const char *folder, rb_run *out, rb_error *err)
{
    *out = (rb_run){.arena = a, .folder = rb_text_copy(a, folder), .start_s = rb_clock_now_s()};
    return open_log(a, out, err);
}

bool rb_run_resume(const rb_run *r, int64_t log_lines, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = cut_log(r, log_lines, err) && remove_unfinished(scratch, r, err);
    rb_arena_close(scratch);
    return done;
}

const char *rb_run_path(rb_arena *a, const rb_run *r, const char *name)
{
    return rb_path_join(a, r->folder, name);
}

rb_json *rb_run_record(rb_arena *scratch, const rb_run *r, const char *type, int64_t step, int epoch)
{
    rb_json *j = rb_json_new(scratch);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "type", type);
    if (step >= 0) rb_json_integer(j, "step", step);
    if (epoch >= 0) rb_json_integer(j, "epoch", epoch);
    rb_json_real(j, "t_s", rb_clock_now_s() - r->start_s);
    return j;
}

bool rb_run_write(const rb_run *r, rb_json *record, rb_error *err)
{
    rb_json_close(record);
    if (fprintf(r->log, "%s\n", rb_json_text(record)) >= 0 && !fflush(r->log)) {
        ++*r->lines;
        return true;
    }
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s/log.jsonl: cannot write", r->folder);
}
