// SPDX-License-Identifier: Apache-2.0
#include "track/protobuf.h"

#include <string.h>

enum { VARINT = 0, EIGHT = 1, LENGTH = 2, FOUR = 5 };

rb_proto rb_proto_new(rb_arena *a)
{
    return (rb_proto){.arena = a};
}

static void put(rb_proto *p, const void *data, ptrdiff_t size)
{
    if (p->size + size > p->room) {
        p->room = 2 * (p->size + size) + 64;
        uint8_t *wider = RB_NEW(p->arena, uint8_t, p->room);
        if (p->size) memcpy(wider, p->data, (size_t)p->size);
        p->data = wider;
    }
    if (size) memcpy(p->data + p->size, data, (size_t)size);
    p->size += size;
}

static void put_varint(rb_proto *p, uint64_t value)
{
    uint8_t bytes[10];
    int n = 0;
    for (; value > 127; value >>= 7) bytes[n++] = (uint8_t)(value | 128);
    bytes[n++] = (uint8_t)value;
    put(p, bytes, n);
}

static void put_key(rb_proto *p, int field, int wire)
{
    put_varint(p, (uint64_t)field << 3 | (uint64_t)wire);
}

static void put_little(rb_proto *p, uint64_t bits, int bytes)
{
    uint8_t out[8];
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(bits >> 8 * i);
    put(p, out, bytes);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void rb_proto_int(rb_proto *p, int field, int64_t value)
{
    put_key(p, field, VARINT);
    put_varint(p, (uint64_t)value);
}

void rb_proto_float(rb_proto *p, int field, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(p, field, FOUR);
    put_little(p, bits, 4);
}

void rb_proto_double(rb_proto *p, int field, double value)
{
    put_key(p, field, EIGHT);
    put_little(p, bits_of(value), 8);
}

void rb_proto_bytes(rb_proto *p, int field, const void *data, ptrdiff_t size)
{
    put_key(p, field, LENGTH);
    put_varint(p, (uint64_t)size);
    put(p, data, size);
}

void rb_proto_text(rb_proto *p, int field, const char *text)
{
    rb_proto_bytes(p, field, text, (ptrdiff_t)strlen(text));
}

void rb_proto_message(rb_proto *p, int field, const rb_proto *inner)
{
    rb_proto_bytes(p, field, inner->data, inner->size);
}

void rb_proto_doubles(rb_proto *p, int field, const double *values, int count)
{
    put_key(p, field, LENGTH);
    put_varint(p, 8 * (uint64_t)count);
    for (int i = 0; i < count; i++) put_little(p, bits_of(values[i]), 8);
}
