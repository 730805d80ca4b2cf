// SPDX-License-Identifier: Apache-2.0
// safetensors_write.c - the same bytes for the same tensors, whatever their order; complete or absent.
#include "weights/header.h"

#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static int by_alignment_then_name(const void *x, const void *y)
{
    const rb_tensor *s = *(const rb_tensor *const *)x, *t = *(const rb_tensor *const *)y;
    int falling = rb_dtype_bytes(t->dtype) - rb_dtype_bytes(s->dtype);
    return falling ? falling : strcmp(s->name, t->name);
}

static const rb_tensor **file_order(rb_arena *a, const rb_tensors *t)
{
    const rb_tensor **order = RB_NEW(a, const rb_tensor *, t->count);
    for (int i = 0; i < t->count; i++) order[i] = &t->tensor[i];
    qsort(order, (size_t)t->count, sizeof *order, by_alignment_then_name);
    return order;
}

static void put_entry(rb_json *j, const rb_tensor *t, int64_t begin)
{
    rb_json_open(j, t->name, '{');
    rb_json_string(j, "dtype", rb_dtype_name(t->dtype));
    rb_json_open(j, "shape", '[');
    for (int i = 0; i < t->rank; i++) rb_json_integer(j, NULL, t->dims[i]);
    rb_json_close(j);
    rb_json_open(j, "data_offsets", '[');
    rb_json_integer(j, NULL, begin);
    rb_json_integer(j, NULL, begin + rb_tensor_bytes(t));
    rb_json_close(j);
    rb_json_close(j);
}

static const char *header_text(rb_arena *a, const rb_tensors *t, const rb_tensor *const *order)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    if (t->metadata_count) {
        rb_json_open(j, "__metadata__", '{');
        for (int i = 0; i < t->metadata_count; i++) rb_json_string(j, t->metadata[i].key, t->metadata[i].value);
        rb_json_close(j);
    }
    int64_t begin = 0;
    for (int i = 0; i < t->count; i++) {
        put_entry(j, order[i], begin);
        begin += rb_tensor_bytes(order[i]);
    }
    rb_json_close(j);
    return rb_json_text(j);
}

// The length in 8 bytes, the text, and spaces up to a multiple of 8, so that the data behind it is aligned.
static uint8_t *head_new(rb_arena *a, const char *text, ptrdiff_t *size)
{
    ptrdiff_t used = (ptrdiff_t)strlen(text), padded = (used + 7) / 8 * 8;
    uint8_t *head = RB_NEW(a, uint8_t, 8 + padded);
    for (int i = 0; i < 8; i++) head[i] = (uint8_t)(padded >> 8 * i);
    memset(head + 8, ' ', (size_t)padded);
    memcpy(head + 8, text, (size_t)used);
    *size = 8 + padded;
    return head;
}

static rb_bytes bytes_of(rb_arena *scratch, const rb_tensor *t)
{
    if (!t->strides) return (rb_bytes){t->data, rb_tensor_bytes(t)};
    uint8_t *packed = RB_NEW(scratch, uint8_t, rb_tensor_bytes(t));
    rb_tensor_to_bytes(t, packed);
    return (rb_bytes){packed, rb_tensor_bytes(t)};
}

// `part` is the whole file, its first the head.
static void fill_in_hash(const rb_tensors *t, uint8_t *head, const rb_bytes *part, ptrdiff_t count)
{
    const char *rarebit = rb_tensors_metadata(t, "rarebit"), *text = (const char *)head + 8;
    if (!rarebit) return;
    ptrdiff_t place = rb_content_hash_place((rb_piece){text, (const char *)head + part->size}, rarebit);
    if (place < 0) return;
    char digits[RB_HASH_DIGITS];
    memset(head + 8 + place, '0', sizeof digits);
    rb_content_hash(part, count, digits);
    memcpy(head + 8 + place, digits, sizeof digits);
}

bool rb_safetensors_write(rb_arena *scratch, const char *path, const rb_tensors *t, rb_error *err)
{
    const rb_tensor **order = file_order(scratch, t);
    rb_bytes *part = RB_NEW(scratch, rb_bytes, (ptrdiff_t)t->count + 1);
    uint8_t *head = head_new(scratch, header_text(scratch, t, order), &part->size);
    part->data = head;
    for (int i = 0; i < t->count; i++) part[i + 1] = bytes_of(scratch, order[i]);
    fill_in_hash(t, head, part, (ptrdiff_t)t->count + 1);

    rb_writer *w;
    if (!rb_writer_open(scratch, path, &w, err)) return false;
    for (int i = 0; i <= t->count; i++)
        if (part[i].size && !rb_writer_put(w, part[i].data, part[i].size, err)) return false;
    return rb_writer_commit(w, err);
}
