// SPDX-License-Identifier: Apache-2.0
// bar.h - how far a loop has come, on stderr: a line that is drawn over on a terminal, records for programs that want
// them (base/log.h), nothing elsewhere.
//
// Threads: one
#ifndef RB_TRAIN_BAR_H
#define RB_TRAIN_BAR_H

#include "base/error.h"

typedef struct rb_bar {
    const char *title;
    int total, per_item; // items of the loop, 0: not known; pictures in one, for the rate
    bool terminal;
    double start_s, shown_s;
} rb_bar;

// `title` must outlive the bar.
rb_bar rb_bar_begin(const char *title, int total, int per_item);

// Draws anew, at most ten times a second, or makes a record, once a second at most, `done` of `total`; `format` adds
// figures of the loop.
void rb_bar_show(rb_bar *b, int done, const char *format, ...) RB_PRINTF(3, 4);

// Takes the line away, so that others may write there.
void rb_bar_clear(rb_bar *b);

#endif
