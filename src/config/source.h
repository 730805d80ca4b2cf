// SPDX-License-Identifier: Apache-2.0
// source.h - the text of a configuration file, before and beside the YAML parser.
#ifndef RB_CONFIG_SOURCE_H
#define RB_CONFIG_SOURCE_H

#include "base/arena.h"

#define RB_SOURCE_LIMIT    ((ptrdiff_t)1 << 20) // bytes
#define RB_SOURCE_BRACKETS 4096                 // '[' and '{', wherever they stand
#define RB_SOURCE_BLANKS   1024                 // blanks and line ends in a row

typedef struct rb_source {
    const char *name; // of the file, for messages
    rb_bytes text;
} rb_source;

// Refuses what would cost the parser much time or memory, or what it would let pass: too many bytes, bytes that
// are not UTF-8, control characters, more brackets or blanks than a configuration has, directives, keys behind '?'.
//
// Errors: USAGE
bool rb_source_check(const rb_source *s, rb_error *err) RB_CHECKED;

// The text of a file, within the limit of bytes.
// Errors: IO (unreadable), USAGE (too many bytes)
bool rb_source_read(rb_arena *a, const char *path, rb_bytes *out, rb_error *err) RB_CHECKED;

// "FILE:LINE: <message>", then the source line and a caret; line and column begin at 1. Returns false.
bool rb_source_fail(const rb_source *s, int line, int column, const char *message, rb_error *err);

#endif
