// SPDX-License-Identifier: Apache-2.0
// text.h - what the files of this folder do with text: show it in a message, let it grow.
#ifndef RB_CONFIG_TEXT_H
#define RB_CONFIG_TEXT_H

#include "base/arena.h"
#include "base/utf8.h"

// `text` as a message may quote it: one line, cut where it is long.
const char *rb_text_shown(rb_arena *a, const char *text);

// A text that grows at its end; `at` is always ended by a zero byte.
typedef struct rb_text {
    rb_arena *arena;
    char *at;
    ptrdiff_t used, room;
} rb_text;

rb_text rb_text_new(rb_arena *a);
void rb_text_put(rb_text *t, const char *bytes, ptrdiff_t count);
void rb_text_add_quoted(rb_text *t, const char *text); // as YAML's double-quoted scalar; valid UTF-8
void rb_text_add(rb_text *t, const char *format, ...) RB_PRINTF(2, 3);

#endif
