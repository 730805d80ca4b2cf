// SPDX-License-Identifier: Apache-2.0
#include "track/comet_archive.h"

#include "base/file.h"
#include "base/json.h"
#include "track/comet_items.h"
#include "track/folder.h"
#include "track/record.h"
#include "track/zip_write.h"

#include <string.h>

typedef struct archive {
    rb_arena *arena;
    const char *folder;
    const rb_comet_archive *what;
    rb_zip_writer *zip;
    double begun_s, ended_s; // Unix time of the first and the last record
    char *messages;          // messages.json so far
    ptrdiff_t used, room;
} archive;

static int64_t ms(double s)
{
    return (int64_t)(1e3 * s);
}

// ---- messages ------------------------------------------------------------------------------------------------------

static void append(archive *z, const char *text)
{
    ptrdiff_t n = (ptrdiff_t)strlen(text);
    if (z->used + n + 2 > z->room) {
        z->room = 2 * (z->used + n + 2);
        char *wider = RB_NEW(z->arena, char, z->room);
        if (z->used) memcpy(wider, z->messages, (size_t)z->used);
        z->messages = wider;
    }
    memcpy(z->messages + z->used, text, (size_t)n);
    z->used += n;
    z->messages[z->used++] = '\n';
}

static rb_json *begin_message(rb_arena *scratch, const char *type, double time_s)
{
    rb_json *j = rb_json_new(scratch);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "type", type);
    rb_json_open(j, "payload", '{');
    rb_json_integer(j, "local_timestamp", ms(time_s));
    return j;
}

static void end_message(archive *z, rb_json *j)
{
    rb_json_close(j);
    rb_json_close(j);
    append(z, rb_json_text(j));
}

static void put_metrics(archive *z, rb_arena *scratch, const rb_record *r)
{
    for (int i = 0; i < r->count; i++) {
        rb_json *j = begin_message(scratch, "ws_msg", r->time_s);
        rb_json_open(j, "metric", '{');
        rb_json_string(j, "metricName", r->metrics[i].name);
        rb_json_real(j, "metricValue", r->metrics[i].value);
        rb_json_integer(j, "step", r->step);
        rb_json_integer(j, "epoch", r->epoch);
        rb_json_close(j);
        end_message(z, j);
    }
}

static bool put_records(archive *z, rb_error *err)
{
    rb_records *log;
    rb_arena *scratch = rb_arena_open();
    bool done = rb_records_open(z->arena, rb_path_join(z->arena, z->folder, "log.jsonl"), &log, err), got = done;
    while (done && got) {
        rb_record r;
        rb_arena_reset(scratch);
        done = rb_records_next(log, scratch, &r, &got, err);
        if (!done || !got) break;
        if (z->begun_s <= 0) z->begun_s = r.time_s;
        z->ended_s = r.time_s;
        put_metrics(z, scratch, &r);
    }
    rb_arena_close(scratch);
    return done;
}

static void put_setting(archive *z, const rb_setting *s)
{
    rb_json *j = begin_message(z->arena, "ws_msg", z->begun_s);
    rb_json_open(j, "param", '{');
    rb_json_string(j, "paramName", s->key);
    rb_json_string(j, "paramValue", s->text);
    rb_json_close(j);
    end_message(z, j);
}

static void put_other(archive *z, const char *key, const char *value)
{
    rb_json *j = begin_message(z->arena, "ws_msg", z->begun_s);
    rb_json_open(j, "log_other", '{');
    rb_json_string(j, "key", key);
    rb_json_string(j, "val", value);
    rb_json_close(j);
    end_message(z, j);
}

static bool put_settings(archive *z, rb_error *err)
{
    rb_setting_list s;
    if (!rb_folder_settings(z->arena, z->folder, &s, err)) return false;
    for (int i = 0; i < s.count; i++) put_setting(z, &s.at[i]);
    put_other(z, "Name", rb_path_name(z->folder));
    put_other(z, "Created by", "rarebit " RB_VERSION);
    return true;
}

// ---- files ---------------------------------------------------------------------------------------------------------

static void put_upload(archive *z, rb_arena *scratch, const rb_comet_item *item, int number)
{
    const char *dot = strrchr(item->name, '.');
    rb_json *j = begin_message(scratch, "file_upload", z->ended_s);
    rb_json_string(j, "file_path", item->name);
    rb_json_string(j, "upload_type", item->type);
    rb_json_bool(j, "clean", true);
    rb_json_null(j, "metadata");
    rb_json_open(j, "additional_params", '{');
    rb_json_string(j, "assetId", rb_text_format(scratch, "%.24s%08x", z->what->id, number));
    rb_json_string(j, "fileName", item->name);
    rb_json_string(j, "extension", dot ? dot + 1 : "json");
    rb_json_bool(j, "overwrite", false);
    rb_json_string(j, "type", item->type);
    if (item->grouping) rb_json_string(j, "groupingName", item->grouping);
    rb_json_close(j);
    end_message(z, j);
}

static bool put_item(archive *z, rb_arena *scratch, int number, bool *more, rb_error *err)
{
    rb_comet_item item;
    if (!rb_comet_item_at(scratch, z->folder, number, &item, more, err)) return false;
    if (!item.type) return true;
    if (!(item.path ? rb_zip_writer_add_file(z->zip, item.name, item.path, err)
                    : rb_zip_writer_add(z->zip, item.name, item.text, err)))
        return false;
    put_upload(z, scratch, &item, number);
    return true;
}

// Each item reads the files it is made of: they go with it.
static bool put_items(archive *z, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool more = true, done = true;
    for (int i = 0; more && done; i++, rb_arena_reset(scratch)) done = put_item(z, scratch, i, &more, err);
    rb_arena_close(scratch);
    return done;
}

static bool put_head(archive *z, rb_error *err)
{
    rb_json *j = rb_json_new(z->arena);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "offline_id", z->what->id);
    if (z->what->project) rb_json_string(j, "project_name", z->what->project);
    if (z->what->workspace) rb_json_string(j, "workspace", z->what->workspace);
    rb_json_integer(j, "start_time", ms(z->begun_s));
    rb_json_integer(j, "stop_time", ms(z->ended_s));
    rb_json_open(j, "tags", '[');
    rb_json_close(j);
    rb_json_close(j);
    const char *text = rb_json_text(j);
    return rb_zip_writer_add(z->zip, "experiment.json", (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)},
                             err);
}

bool rb_comet_archive_write(rb_arena *scratch, const char *folder, const rb_comet_archive *what, const char *path,
                            rb_error *err)
{
    archive z = {.arena = scratch, .folder = folder, .what = what};
    return rb_zip_writer_open(scratch, path, &z.zip, err) && put_records(&z, err) && put_head(&z, err) &&
           put_settings(&z, err) && put_items(&z, err) &&
           rb_zip_writer_add(z.zip, "messages.json", (rb_bytes){(const uint8_t *)z.messages, z.used}, err) &&
           rb_zip_writer_commit(z.zip, err);
}
