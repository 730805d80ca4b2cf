// SPDX-License-Identifier: Apache-2.0
// pictures.h - the pictures that a call names, some at a time: of a folder, by name, or from a list on standard input
// that may have no end; private to the commands.
#ifndef RB_CLI_PART_PICTURES_H
#define RB_CLI_PART_PICTURES_H

#include "data/data.h"

typedef struct rb_pictures {
    rb_dataset known; // those of a folder, or named
    bool listed;      // on standard input
    int next;         // of the known ones
    char *text;       // of the list: text[from..to) was read and not taken
    ptrdiff_t from, to;
    int64_t line; // the last one taken, from 1
    bool ended;
} rb_pictures;

// `folder` or operands; the operand "-" is the list.
//
// Owner:  what is known lives in `a`
// Errors: USAGE (neither, both); those of rb_dataset_from_folder
bool rb_pictures_open(rb_arena *a, const char *folder, rb_words operands, rb_pictures *out, rb_error *err) RB_CHECKED;

// How many there are; 0: not known.
int rb_pictures_total(const rb_pictures *p);

// The next ones, at most `most`; 0 after the last. Paths from the list live in `a`; of those it takes as many as are
// there, and waits where there are none.
//
// Errors: DATA, with the line's number (no path, or what is none); IO (standard input)
bool rb_pictures_next(rb_arena *a, rb_pictures *p, int most, rb_sample *out, int *count, rb_error *err) RB_CHECKED;

#endif
