// SPDX-License-Identifier: Apache-2.0
// columns.h - text files with a value a line: labels, scores, words.
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

// The same for labels 0..classes-1.
bool rb_class_labels_read(rb_arena *a, const char *path, int classes, int **out, int *count, rb_error *err) RB_CHECKED;

// Real numbers, as many on each line, between blanks or commas. A line with `nan` among them (in any case), or that
// word alone, stands for a picture that could not be read.
#define RB_COLUMNS_LIMIT 4096
typedef struct rb_rows {
    const double **row; // [rows] of [columns]; NULL: could not be read
    int rows, columns;  // without a line of numbers there is one column
} rb_rows;
bool rb_rows_read(rb_arena *a, const char *path, rb_rows *out, rb_error *err) RB_CHECKED;

// Of two classes a file holds the probability of label 1 alone: which of two columns is label 1 would be a guess.
bool rb_rows_of_two(const char *path, int columns, rb_error *err) RB_CHECKED;

// Whether a line's numbers are probabilities: each in 0..1, and those of several classes with the sum 1, which printed
// digits may miss a little.
bool rb_row_is_probable(const char *path, int line, const double *row, int columns, rb_error *err) RB_CHECKED;

// The same of one column; NAN: could not be read.
bool rb_reals_read(rb_arena *a, const char *path, double **out, int *count, rb_error *err) RB_CHECKED;

// Lines as they are, without blanks behind; within the file they may be empty.
bool rb_words_read(rb_arena *a, const char *path, const char ***out, int *count, rb_error *err) RB_CHECKED;

#endif
