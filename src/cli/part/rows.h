// SPDX-License-Identifier: Apache-2.0
// rows.h - what infer writes about each picture, in the form that is asked for: lines of labels, CSV, or JSON, an
// object a line; private to the commands.
//
// A row is never left out: of a picture that cannot be read it says why, of one that is left to a person that it is.
//
// Source: RFC 4180, with lines that end in LF; JSON Lines 1.0
#ifndef RB_CLI_PART_ROWS_H
#define RB_CLI_PART_ROWS_H

#include "train/score.h"

// In the place of a label.
#define RB_UNREADABLE (-1)
#define RB_REJECTED   (-2)

typedef struct rb_row {
    const char *path;
    const float *p; // [columns]
    int decision;
    const char *reason; // of an unreadable one, whose p are not looked at
} rb_row;

typedef struct rb_rows {
    const rb_output_settings *settings;
    rb_output_format format;
    const rb_checkpoint *of; // names of classes
    int columns;             // probabilities
    rb_writer *main, *proba; // main NULL: standard output; proba NULL: not asked for
    rb_arena *scratch;       // of one row
    int64_t mended;          // paths that are not UTF-8
} rb_rows;

// Errors: USAGE (probabilities without a name to go beside), IO
bool rb_rows_open(rb_arena *a, const rb_output_settings *s, const rb_checkpoint *of, int columns, rb_rows *out,
                  rb_error *err) RB_CHECKED;

bool rb_rows_put(rb_rows *r, const rb_row *row, rb_error *err) RB_CHECKED;

// Rows on standard output are there from here on; a file is only ever there as a whole.
bool rb_rows_flush(const rb_rows *r, rb_error *err) RB_CHECKED;

// All files or, where one cannot be finished, none.
bool rb_rows_commit(rb_rows *r, rb_error *err) RB_CHECKED;

#endif
