// SPDX-License-Identifier: Apache-2.0
#include "train/run.h"

#include "base/clock.h"

#include <errno.h>

static void close_log(void *log)
{
    fclose(log); // every line was flushed and checked when it was written
}

bool rb_run_open(rb_arena *a, const char *checkpoint_dir, const char *model, rb_run *out, rb_error *err)
{
    char stamp[16];
    rb_clock_stamp_utc(stamp);
    *out = (rb_run){.arena = a, .start_s = rb_clock_now_s()};
    const char *name = rb_path_join(a, checkpoint_dir, rb_text_format(a, "%s_%s", model, stamp));
    if (!rb_folder_make_new(a, name, &out->folder, err)) return false;
    const char *path = rb_run_path(a, out, "log.jsonl");
    out->log = fopen(path, "ab");
    if (!out->log) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    rb_arena_defer(a, close_log, out->log);
    return true;
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
    if (fprintf(r->log, "%s\n", rb_json_text(record)) >= 0 && !fflush(r->log)) return true;
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s/log.jsonl: cannot write", r->folder);
}
