// SPDX-License-Identifier: Apache-2.0
#include "track/events.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// Field numbers of tensorboard's messages.
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_IMAGE = 4, VALUE_HISTOGRAM = 5, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum { METADATA_PLUGIN = 1, PLUGIN_NAME = 1, PLUGIN_CONTENT = 2 };
enum { TENSOR_TYPE = 1, TENSOR_SHAPE = 2, TENSOR_CONTENT = 4, TENSOR_STRING = 8, TYPE_FLOAT = 1, TYPE_STRING = 7 };
enum { SHAPE_DIM = 2, DIM_SIZE = 1 };

// ---- records -------------------------------------------------------------------------------------------------------

// Bit by bit over a reflected polynomial; a table would save a microsecond an event.
uint32_t rb_crc32c(const void *data, ptrdiff_t size)
{
    uint32_t crc = 0xffffffffu;
    const uint8_t *byte = data;
    for (ptrdiff_t i = 0; i < size; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1u)));
    }
    return ~crc;
}

uint32_t rb_crc32c_masked(const void *data, ptrdiff_t size)
{
    uint32_t crc = rb_crc32c(data, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_little(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> 8 * i);
}

static bool put_record(rb_events *e, const rb_proto *event, rb_error *err)
{
    uint8_t head[12], foot[4];
    put_little(head, (uint64_t)event->size, 8);
    put_little(head + 8, rb_crc32c_masked(head, 8), 4);
    put_little(foot, rb_crc32c_masked(event->data, event->size), 4);
    if (fwrite(head, 1, sizeof head, e->file) == sizeof head &&
        fwrite(event->data, 1, (size_t)event->size, e->file) == (size_t)event->size &&
        fwrite(foot, 1, sizeof foot, e->file) == sizeof foot)
        return true;
    return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot write", e->path);
}

// ---- files ---------------------------------------------------------------------------------------------------------

static void close_file(void *file)
{
    fclose(file);
}

// A reader that has seen events of an earlier file forgets them: all steps from 0 on are told again here.
static bool put_start(rb_arena *a, rb_events *e, double time_s, rb_error *err)
{
    rb_proto version = rb_proto_new(a), start = rb_proto_new(a), status = rb_proto_new(a);
    rb_proto_double(&version, EVENT_TIME, time_s);
    rb_proto_text(&version, EVENT_VERSION, "brain.Event:2");
    rb_proto_int(&status, SESSION_STATUS, SESSION_START);
    rb_proto_double(&start, EVENT_TIME, time_s);
    rb_proto_int(&start, EVENT_STEP, 0);
    rb_proto_message(&start, EVENT_SESSION, &status);
    return put_record(e, &version, err) && put_record(e, &start, err);
}

// The name sorts behind that of every earlier file, as readers go by it.
static const char *new_name(rb_arena *a, const char *folder, double time_s)
{
    for (int64_t second = (int64_t)time_s;; second++) {
        const char *path =
            rb_text_format(a, "%s/events.out.tfevents.%010lld.rarebit.%d.0", folder, (long long)second, (int)getpid());
        if (access(path, F_OK)) return path;
    }
}

bool rb_events_open(rb_arena *a, const char *folder, double time_s, rb_events *out, rb_error *err)
{
    if (!rb_folder_make(folder, err)) return false;
    out->path = new_name(a, folder, time_s);
    out->file = fopen(out->path, "wbe");
    if (!out->file) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", out->path);
    rb_arena_defer(a, close_file, out->file);
    return put_start(a, out, time_s, err);
}

bool rb_events_put(rb_arena *scratch, rb_events *e, rb_moment at, const rb_summary_event *s, rb_error *err)
{
    rb_proto event = rb_proto_new(scratch);
    rb_proto_double(&event, EVENT_TIME, at.time_s);
    rb_proto_int(&event, EVENT_STEP, at.step);
    rb_proto_message(&event, EVENT_SUMMARY, &s->values);
    return put_record(e, &event, err);
}

// ---- values --------------------------------------------------------------------------------------------------------

rb_summary_event rb_summary_new(rb_arena *a)
{
    return (rb_summary_event){rb_proto_new(a)};
}

static rb_proto begin_value(const rb_summary_event *s, const char *tag)
{
    rb_proto value = rb_proto_new(s->values.arena);
    rb_proto_text(&value, VALUE_TAG, tag);
    return value;
}

static void end_value(rb_summary_event *s, const rb_proto *value)
{
    rb_proto_message(&s->values, SUMMARY_VALUE, value);
}

static void put_plugin(rb_proto *value, const char *name, const rb_proto *content)
{
    rb_proto plugin = rb_proto_new(value->arena), metadata = rb_proto_new(value->arena);
    rb_proto_text(&plugin, PLUGIN_NAME, name);
    if (content) rb_proto_message(&plugin, PLUGIN_CONTENT, content);
    rb_proto_message(&metadata, METADATA_PLUGIN, &plugin);
    rb_proto_message(value, VALUE_METADATA, &metadata);
}

// A tensor without its content.
static rb_proto begin_tensor(rb_arena *a, int type, const int *dims, int rank)
{
    rb_proto tensor = rb_proto_new(a), shape = rb_proto_new(a);
    for (int i = 0; i < rank; i++) {
        rb_proto dim = rb_proto_new(a);
        rb_proto_int(&dim, DIM_SIZE, dims[i]);
        rb_proto_message(&shape, SHAPE_DIM, &dim);
    }
    rb_proto_int(&tensor, TENSOR_TYPE, type);
    rb_proto_message(&tensor, TENSOR_SHAPE, &shape);
    return tensor;
}

void rb_summary_scalar(rb_summary_event *s, const char *tag, double value)
{
    rb_proto v = begin_value(s, tag);
    rb_proto_float(&v, VALUE_SIMPLE, (float)value);
    end_value(s, &v);
}

void rb_summary_text(rb_summary_event *s, const char *tag, const char *markdown)
{
    rb_proto v = begin_value(s, tag), tensor = begin_tensor(s->values.arena, TYPE_STRING, (const int[]){1}, 1);
    rb_proto_text(&tensor, TENSOR_STRING, markdown);
    rb_proto_message(&v, VALUE_TENSOR, &tensor);
    put_plugin(&v, "text", NULL);
    end_value(s, &v);
}

void rb_summary_histogram(rb_summary_event *s, const char *tag, const rb_histogram *h)
{
    const double numbers[] = {h->min, h->max, h->number, h->sum, h->squares};
    rb_proto v = begin_value(s, tag), histogram = rb_proto_new(s->values.arena);
    for (int i = 0; i < 5; i++) rb_proto_double(&histogram, i + 1, numbers[i]);
    rb_proto_doubles(&histogram, 6, h->edge, h->buckets);
    rb_proto_doubles(&histogram, 7, h->count, h->buckets);
    rb_proto_message(&v, VALUE_HISTOGRAM, &histogram);
    end_value(s, &v);
}

void rb_summary_png(rb_summary_event *s, const char *tag, int h, int w, int c, rb_bytes png)
{
    rb_proto v = begin_value(s, tag), image = rb_proto_new(s->values.arena);
    rb_proto_int(&image, 1, h);
    rb_proto_int(&image, 2, w);
    rb_proto_int(&image, 3, c);
    rb_proto_bytes(&image, 4, png.data, png.size);
    rb_proto_message(&v, VALUE_IMAGE, &image);
    end_value(s, &v);
}

void rb_summary_pr_curve(rb_summary_event *s, const char *tag, const float *rows)
{
    rb_arena *a = s->values.arena;
    rb_proto v = begin_value(s, tag), content = rb_proto_new(a);
    rb_proto tensor = begin_tensor(a, TYPE_FLOAT, (const int[]){RB_PR_ROWS, RB_PR_THRESHOLDS}, 2);
    uint8_t bytes[4 * RB_PR_ROWS * RB_PR_THRESHOLDS];
    for (int i = 0; i < RB_PR_ROWS * RB_PR_THRESHOLDS; i++) {
        uint32_t bits;
        memcpy(&bits, &rows[i], sizeof bits);
        put_little(bytes + 4 * i, bits, 4);
    }
    rb_proto_bytes(&tensor, TENSOR_CONTENT, bytes, sizeof bytes);
    rb_proto_message(&v, VALUE_TENSOR, &tensor);
    rb_proto_int(&content, 2, RB_PR_THRESHOLDS);
    put_plugin(&v, "pr_curves", &content);
    end_value(s, &v);
}

void rb_summary_hparams(rb_summary_event *s, const char *tag, int field, const rb_proto *info)
{
    rb_proto v = begin_value(s, tag), content = rb_proto_new(s->values.arena);
    rb_proto_message(&content, field, info);
    put_plugin(&v, "hparams", &content);
    end_value(s, &v);
}
