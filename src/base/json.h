// SPDX-License-Identifier: Apache-2.0
// json.h - writes JSON text piece by piece into an arena; values keep the order in which they were added.
//
// Bytes of a text that are not UTF-8 become U+FFFD. Doubles are printed with the fewest digits that read back equal;
// NaN and infinities become null. Reading is jansson's, where it is needed.
//
// Owner:  text lives in the arena given to rb_json_new
#ifndef RB_BASE_JSON_H
#define RB_BASE_JSON_H

#include "base/arena.h"

typedef struct rb_json rb_json;

rb_json *rb_json_new(rb_arena *a);
const char *rb_json_text(rb_json *j);

// `key` is NULL inside a list and for the outermost value.
void rb_json_open(rb_json *j, const char *key, char bracket); // '{' or '['
void rb_json_close(rb_json *j);                               // the innermost open one
void rb_json_string(rb_json *j, const char *key, const char *value);
void rb_json_integer(rb_json *j, const char *key, int64_t value);
void rb_json_real(rb_json *j, const char *key, double value);
void rb_json_bool(rb_json *j, const char *key, bool value);
void rb_json_null(rb_json *j, const char *key);
void rb_json_raw(rb_json *j, const char *key, const char *json); // text that is JSON already

// The fewest digits of a double that read back equal, as "%.17g" would at worst. Returns `out`.
const char *rb_real_text(double value, char out[32]);

#endif
