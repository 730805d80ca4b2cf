// SPDX-License-Identifier: Apache-2.0
// out.h - a text that grows, and the ways in which words get into HTML; private to the report module.
//
// Owner: the text lives in the arena given to rb_out_new
#ifndef RB_REPORT_OUT_H
#define RB_REPORT_OUT_H

#include "base/arena.h"

typedef struct rb_out {
    rb_arena *arena;
    char *text; // ends with a zero byte
    ptrdiff_t used, room;
} rb_out;

rb_out rb_out_new(rb_arena *a);
void rb_out_bytes(rb_out *o, const char *text, ptrdiff_t size);
void rb_out_put(rb_out *o, const char *text);                             // as it is
void rb_out_print(rb_out *o, const char *format, ...) RB_PRINTF(2, 3);    // as it is
void rb_out_escaped(rb_out *o, const char *text);                         // for HTML and SVG, also within quotes
void rb_out_escapedf(rb_out *o, const char *format, ...) RB_PRINTF(2, 3); // the whole is escaped
void rb_out_base64(rb_out *o, rb_bytes data);

// "data:<type>;base64,..." of a JPEG or PNG file.
void rb_out_data_uri(rb_out *o, rb_bytes picture);

#endif
