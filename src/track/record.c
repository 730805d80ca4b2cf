// SPDX-License-Identifier: Apache-2.0
#include "track/record.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rb_records {
    const char *path;
    FILE *file;
    char *line;
    size_t room;
    double begun_s; // Unix time of t_s = 0
};

static void close_records(void *handle)
{
    rb_records *f = handle;
    fclose(f->file);
    free(f->line);
}

static void release_json(void *handle)
{
    json_decref(handle);
}

bool rb_records_open(rb_arena *a, const char *path, rb_records **out, rb_error *err)
{
    rb_records *f = RB_NEW(a, rb_records, 1);
    f->path = rb_text_copy(a, path);
    f->file = fopen(path, "rbe");
    if (!f->file) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    rb_arena_defer(a, close_records, f);
    *out = f;
    return true;
}

// ---- one record ----------------------------------------------------------------------------------------------------

static const struct kind {
    const char *type, *prefix;
    rb_record_kind kind;
} kinds[] = {
    {"run", "", RB_RECORD_RUN},        {"step", "step/", RB_RECORD_STEP}, {"epoch", "", RB_RECORD_EPOCH},
    {"eval", "best/", RB_RECORD_EVAL}, {"end", "", RB_RECORD_END},        {"", "", RB_RECORD_OTHER},
};

static const struct kind *kind_of(const json_t *json)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    const struct kind *k = kinds;
    while (*k->type && (!type || strcmp(k->type, type))) k++;
    return k;
}

// In the order in which a run judges them.
static int64_t part_of(const json_t *json)
{
    static const char *const parts[] = {"train", "val", "test"};
    const char *part = json_string_value(json_object_get(json, "part"));
    for (int i = 0; i < 3 && part; i++)
        if (!strcmp(parts[i], part)) return i;
    return 3;
}

static int64_t integer_at(const json_t *json, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(json, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static bool is_metric(const char *key, const json_t *value)
{
    return json_is_number(value) && isfinite(json_number_value(value)) && strcmp(key, "step") && strcmp(key, "epoch") &&
           strcmp(key, "t_s");
}

static void take_metrics(rb_arena *a, const struct kind *k, json_t *json, rb_record *out)
{
    const char *key;
    json_t *value;
    rb_metric *m = RB_NEW(a, rb_metric, (ptrdiff_t)json_object_size(json));
    out->metrics = m;
    json_object_foreach(json, key, value) if (is_metric(key, value)) *m++ =
        (rb_metric){rb_text_format(a, "%s%s", k->prefix, key), json_number_value(value)};
    out->count = (int)(m - out->metrics);
}

static void take(rb_records *f, rb_arena *a, json_t *json, rb_record *out)
{
    const struct kind *k = kind_of(json);
    double begun_s = json_number_value(json_object_get(json, "t_unix_s"));
    if (begun_s > 0) f->begun_s = begun_s - json_number_value(json_object_get(json, "t_s"));
    *out = (rb_record){.kind = k->kind,
                       .step = integer_at(json, "step", -1),
                       .epoch = (int)integer_at(json, "epoch", -1),
                       .time_s = f->begun_s + json_number_value(json_object_get(json, "t_s")),
                       .mark = -1,
                       .json = json};
    if (k->kind == RB_RECORD_STEP) out->mark = out->step;
    if (k->kind == RB_RECORD_EPOCH) out->mark = out->epoch;
    if (k->kind == RB_RECORD_EVAL) out->mark = 4 * out->step + part_of(json);
    if (out->mark >= 0) take_metrics(a, k, json, out);
}

// A line without its end is still being written: it is read again when more is there.
static bool read_line(rb_records *f, ssize_t *length, rb_error *err)
{
    off_t at = ftello(f->file);
    *length = getline(&f->line, &f->room, f->file);
    if (ferror(f->file)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", f->path);
    if (*length > 0 && f->line[*length - 1] == '\n') return true;
    *length = 0;
    clearerr(f->file);
    return !fseeko(f->file, at, SEEK_SET) || rb_fail_errno(err, RB_ERR_IO, errno, "%s", f->path);
}

bool rb_records_next(rb_records *f, rb_arena *a, rb_record *out, bool *got, rb_error *err)
{
    *got = false;
    for (;;) {
        ssize_t length;
        if (!read_line(f, &length, err)) return false;
        if (!length) return true;
        json_t *json = json_loadb(f->line, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(json)) {
            json_decref(json);
            continue;
        }
        rb_arena_defer(a, release_json, json);
        take(f, a, json, out);
        *got = true;
        return true;
    }
}
