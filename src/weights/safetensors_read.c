// SPDX-License-Identifier: Apache-2.0
// safetensors_read.c - from the bytes of a file to a table of tensors; nothing in the file is trusted.
#include "weights/header.h"

#include "base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LIMIT  1024
#define ENTRY_LIMIT 4096 // the JSON of one tensor; a rank of 8 in long numbers takes a tenth of it
#define ENTRY_DEPTH 2    // an object with lists in it

// The shortest that an entry or a metadata pair can be; what a header can hold at most follows from its length.
#define SHORTEST_ENTRY ((ptrdiff_t)sizeof "'':{'dtype':'U8','shape':[],'data_offsets':[0,0]}" - 1)
#define SHORTEST_PAIR  ((ptrdiff_t)sizeof "'':''" - 1)

typedef struct reading {
    rb_arena *arena;
    rb_bytes data; // behind the header
    char *text;    // the header's strings, unescaped: never longer than the header, as each had two quotes
    rb_tensors *out;
} reading;

// A name as a message may show it: control characters are escaped.
static const char *quoted(const reading *r, const char *name)
{
    rb_json *j = rb_json_new(r->arena);
    rb_json_string(j, NULL, name);
    return rb_json_text(j);
}

// What jansson says may quote the file, control characters and all.
static bool not_json(const json_error_t *why, rb_error *err)
{
    rb_fail(err, RB_ERR_WEIGHTS, "%s", why->text);
    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    return false;
}

static bool read_text(reading *r, rb_piece p, const char **out, rb_error *err)
{
    if (p.at == p.end || *p.at != '"') return rb_fail(err, RB_ERR_WEIGHTS, "must be a string");
    json_error_t why;
    json_t *string = json_loadb(p.at, (size_t)(p.end - p.at), JSON_DECODE_ANY, &why);
    if (!string) return not_json(&why, err);
    size_t size = json_string_length(string) + 1;
    *out = memcpy(r->text, json_string_value(string), size);
    r->text += size;
    json_decref(string);
    return true;
}

// ---- one tensor --------------------------------------------------------------------------------------------------

static const char *const not_ours[] = {"F4",          "F6_E2M3",     "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0",
                                       "F8_E4M3FNUZ", "F8_E5M2FNUZ", "U16",     "U32",     "U64",     "C64"};

static bool read_dtype(const reading *r, const char *name, rb_tensor *t, rb_error *err)
{
    for (int d = 0; d < RB_DTYPES; d++)
        if (!strcmp(name, rb_dtype_name((rb_dtype)d))) {
            t->dtype = (rb_dtype)d;
            return true;
        }
    for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
        if (!strcmp(name, not_ours[i]))
            return rb_fail(err, RB_ERR_WEIGHTS, "values of dtype %s cannot be read here: convert them to F32 first",
                           name);
    return rb_fail(err, RB_ERR_WEIGHTS, "unknown dtype %.40s", quoted(r, name));
}

// An integer as JSON has it: 1.0 and 1e0 are none.
static bool whole(const json_t *number, int64_t *out)
{
    *out = json_integer_value(number);
    return json_is_integer(number) && *out >= 0;
}

static bool read_shape(const json_t *shape, rb_tensor *t, rb_error *err)
{
    if (!json_is_array(shape)) return rb_fail(err, RB_ERR_WEIGHTS, "shape must be a list");
    size_t rank = json_array_size(shape);
    if (rank > RB_RANK_LIMIT) return rb_fail(err, RB_ERR_WEIGHTS, "rank %zu is over %d", rank, RB_RANK_LIMIT);

    t->rank = (int)rank;
    bool empty = false;
    int64_t bytes = rb_dtype_bytes(t->dtype);
    for (int i = 0; i < t->rank; i++) {
        if (!whole(json_array_get(shape, (size_t)i), &t->dims[i]))
            return rb_fail(err, RB_ERR_WEIGHTS, "shape must be integers from 0 up");
        empty |= t->dims[i] == 0;
        // Zeros left out, so that whoever multiplies in another order cannot overflow either.
        if (t->dims[i] && __builtin_mul_overflow(bytes, t->dims[i], &bytes))
            return rb_fail(err, RB_ERR_WEIGHTS, "shape has more values than 64 bits can count");
    }
    t->count = empty ? 0 : bytes / rb_dtype_bytes(t->dtype);
    return true;
}

static bool read_offsets(const reading *r, const json_t *offsets, rb_tensor *t, rb_error *err)
{
    int64_t begin, end;
    if (json_array_size(offsets) != 2 || !whole(json_array_get(offsets, 0), &begin) ||
        !whole(json_array_get(offsets, 1), &end))
        return rb_fail(err, RB_ERR_WEIGHTS, "data_offsets must be two integers from 0 up");
    if (begin > end || end > r->data.size)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "data_offsets [%" PRId64 ", %" PRId64
                       "] do not lie in the data (%td bytes): was the file cut short?",
                       begin, end, r->data.size);
    if (end - begin != rb_tensor_bytes(t))
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "data_offsets [%" PRId64 ", %" PRId64 "] are %" PRId64
                       " bytes, but its shape and dtype make %td",
                       begin, end, end - begin, rb_tensor_bytes(t));
    t->data = r->data.data + begin;
    return true;
}

static bool read_fields(const reading *r, json_t *entry, rb_tensor *t, rb_error *err)
{
    json_error_t why;
    const char *dtype;
    json_t *shape, *offsets;
    if (json_unpack_ex(entry, &why, JSON_STRICT, "{s:s, s:o, s:o}", "dtype", &dtype, "shape", &shape, "data_offsets",
                       &offsets))
        return not_json(&why, err);
    return read_dtype(r, dtype, t, err) && read_shape(shape, t, err) && read_offsets(r, offsets, t, err);
}

static bool read_tensor(reading *r, const rb_members *m, const char *name, rb_error *err)
{
    ptrdiff_t size = m->value.end - m->value.at;
    if (strlen(name) > NAME_LIMIT) return rb_fail(err, RB_ERR_WEIGHTS, "its name is over %d bytes", NAME_LIMIT);
    if (m->depth > ENTRY_DEPTH) return rb_fail(err, RB_ERR_WEIGHTS, "its entry is nested %d deep", m->depth);
    if (size > ENTRY_LIMIT) return rb_fail(err, RB_ERR_WEIGHTS, "its entry is over %d bytes", ENTRY_LIMIT);

    json_error_t why;
    json_t *entry = json_loadb(m->value.at, (size_t)size, JSON_REJECT_DUPLICATES, &why);
    if (!entry) return not_json(&why, err);
    rb_tensor *t = &r->out->tensor[r->out->count];
    *t = (rb_tensor){.name = name};
    bool done = read_fields(r, entry, t, err);
    json_decref(entry);
    r->out->count += done;
    return done;
}

// ---- metadata ----------------------------------------------------------------------------------------------------

static int by_key(const void *x, const void *y)
{
    return strcmp(((const rb_text_pair *)x)->key, ((const rb_text_pair *)y)->key);
}

static bool sort_metadata(const reading *r, rb_error *err)
{
    rb_text_pair *pair = r->out->metadata;
    int count = r->out->metadata_count;
    qsort(pair, (size_t)count, sizeof *pair, by_key);
    for (int i = 1; i < count; i++)
        if (!strcmp(pair[i - 1].key, pair[i].key))
            return rb_fail(err, RB_ERR_WEIGHTS, "%.100s is there twice", quoted(r, pair[i].key));
    return true;
}

static bool read_metadata(reading *r, rb_piece object, rb_error *err)
{
    rb_tensors *out = r->out;
    if (out->metadata) return rb_fail(err, RB_ERR_WEIGHTS, "is there twice");
    out->metadata = RB_NEW(r->arena, rb_text_pair, (object.end - object.at) / SHORTEST_PAIR + 1);
    rb_members m = rb_members_of(object, err);
    while (rb_members_next(&m)) {
        rb_text_pair *pair = &out->metadata[out->metadata_count];
        if (!read_text(r, m.key, &pair->key, err)) return false;
        if (!read_text(r, m.value, &pair->value, err)) return rb_fail_in(err, "%.100s", quoted(r, pair->key));
        out->metadata_count++;
    }
    return !m.failed && sort_metadata(r, err);
}

// ---- the whole ---------------------------------------------------------------------------------------------------

static bool read_header(reading *r, rb_piece header, rb_error *err)
{
    rb_members m = rb_members_of(header, err);
    while (rb_members_next(&m)) {
        const char *name = "";
        if (!read_text(r, m.key, &name, err))
            return rb_fail_in(err, "the name at byte %td of the header", m.key.at - header.at);
        if (strcmp(name, "__metadata__")) {
            if (!read_tensor(r, &m, name, err)) return rb_fail_in(err, "tensor %.100s", quoted(r, name));
        } else if (!read_metadata(r, m.value, err)) {
            return rb_fail_in(err, "__metadata__");
        }
    }
    return !m.failed || rb_fail_in(err, "header");
}

static int by_place(const void *x, const void *y)
{
    const rb_tensor *s = x, *t = y;
    const uint8_t *from_s = s->data, *from_t = t->data, *to_s = from_s + rb_tensor_bytes(s),
                  *to_t = from_t + rb_tensor_bytes(t);
    return from_s != from_t ? (from_s > from_t) - (from_s < from_t) : (to_s > to_t) - (to_s < to_t);
}

// Each begins where the one before it ended, and the last ends where the file does: no byte is in two tensors or none.
static bool check_cover(const reading *r, rb_error *err)
{
    rb_tensors *out = r->out;
    qsort(out->tensor, (size_t)out->count, sizeof *out->tensor, by_place);
    ptrdiff_t reached = 0;
    for (int i = 0; i < out->count; i++) {
        const rb_tensor *t = &out->tensor[i];
        ptrdiff_t begin = (const uint8_t *)t->data - r->data.data;
        if (begin != reached)
            return rb_fail(err, RB_ERR_WEIGHTS,
                           "tensor %.100s: begins at byte %td of the data, %s: the ones before end at %td",
                           quoted(r, t->name), begin, begin < reached ? "an overlap" : "behind a hole", reached);
        reached += rb_tensor_bytes(t);
    }
    if (reached == r->data.size) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "the last %td bytes belong to no tensor", r->data.size - reached);
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_tensor *)x)->name, ((const rb_tensor *)y)->name);
}

static bool sort_tensors(const reading *r, rb_error *err)
{
    rb_tensor *t = r->out->tensor;
    qsort(t, (size_t)r->out->count, sizeof *t, by_name);
    for (int i = 1; i < r->out->count; i++)
        if (!strcmp(t[i - 1].name, t[i].name))
            return rb_fail(err, RB_ERR_WEIGHTS, "tensor %.100s: is there twice", quoted(r, t[i].name));
    return true;
}

bool rb_safetensors_parse(rb_arena *a, rb_bytes file, rb_tensors *out, rb_error *err)
{
    rb_piece header;
    if (!rb_header_find(file, &header, err)) return false;
    ptrdiff_t size = header.end - header.at;
    *out = (rb_tensors){.tensor = RB_NEW(a, rb_tensor, size / SHORTEST_ENTRY + 1)};
    reading r = {
        .arena = a, .data = {file.data + 8 + size, file.size - 8 - size}, .text = RB_NEW(a, char, size), .out = out};
    return read_header(&r, header, err) && check_cover(&r, err) && sort_tensors(&r, err);
}
