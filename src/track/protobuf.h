// SPDX-License-Identifier: Apache-2.0
// protobuf.h - writes protocol buffers field by field into a growing buffer; private to the track module.
//
// Source: protobuf.dev, "Encoding": varints, wire types 0, 1, 2 and 5
#ifndef RB_TRACK_PROTOBUF_H
#define RB_TRACK_PROTOBUF_H

#include "base/arena.h"

typedef struct rb_proto {
    rb_arena *arena;
    uint8_t *data;
    ptrdiff_t size, room;
} rb_proto;

rb_proto rb_proto_new(rb_arena *a);
void rb_proto_int(rb_proto *p, int field, int64_t value); // int32, int64, uint32, enum and bool alike
void rb_proto_float(rb_proto *p, int field, float value);
void rb_proto_double(rb_proto *p, int field, double value);
void rb_proto_bytes(rb_proto *p, int field, const void *data, ptrdiff_t size);
void rb_proto_text(rb_proto *p, int field, const char *text);
void rb_proto_message(rb_proto *p, int field, const rb_proto *inner);
void rb_proto_doubles(rb_proto *p, int field, const double *values, int count); // packed

#endif
