// SPDX-License-Identifier: Apache-2.0
// csv.h - comma-separated rows, one at a time.
//
// Quoted fields, doubled quotes, line ends inside quotes, LF or CRLF, a UTF-8 byte order mark. Blank lines are skipped.
//
// Owner:  fields live in the arena of rb_csv_open
// Errors: DATA, with "FILE:LINE: "
// Source: RFC 4180
#ifndef RB_DATA_CSV_H
#define RB_DATA_CSV_H

#include "base/arena.h"

typedef struct rb_csv {
    const char *path;
    char *at, *end; // what is left; *end is zero
    int line;       // where the row that was read last begins, from 1
    int next;       // the line that `at` is on
} rb_csv;

// Errors: IO (unreadable, over `limit` bytes), DATA (zero bytes: not a text)
bool rb_csv_open(rb_arena *a, const char *path, ptrdiff_t limit, rb_csv *out, rb_error *err) RB_CHECKED;

bool rb_csv_more(rb_csv *c); // another row follows

// Cuts the next row into at most `room` fields.
bool rb_csv_row(rb_csv *c, char **field, int room, int *count, rb_error *err) RB_CHECKED;

// `text` as a field: in quotes, their own doubled, where that is needed.
const char *rb_csv_quoted(rb_arena *a, const char *text);

#endif
