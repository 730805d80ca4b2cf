// SPDX-License-Identifier: Apache-2.0
// columns.h - text files with one value a line: labels and scores.
//
// LF or CRLF, a UTF-8 byte order mark, blanks behind a value and blank lines at the end are taken as they come.
//
// Owner:  the values live in `a`
// Errors: IO (unreadable, over 64 MiB); DATA with "FILE:LINE: "
#ifndef RB_DATA_COLUMNS_H
#define RB_DATA_COLUMNS_H

#include "base/arena.h"

// Labels 0, 1 ... RB_LABEL_MAX, also written with a fraction of zeros ("1.0").
#define RB_LABEL_MAX 999
bool rb_labels_read(rb_arena *a, const char *path, int **out, int *count, rb_error *err) RB_CHECKED;

// Real numbers; `nan` (in any case) stands for a picture that could not be read.
bool rb_reals_read(rb_arena *a, const char *path, double **out, int *count, rb_error *err) RB_CHECKED;

#endif
