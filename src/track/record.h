// SPDX-License-Identifier: Apache-2.0
// record.h - log.jsonl read record by record while it is being written; private to the track module.
#ifndef RB_TRACK_RECORD_H
#define RB_TRACK_RECORD_H

#include "base/arena.h"

#include <jansson.h>

typedef enum rb_record_kind {
    RB_RECORD_OTHER,
    RB_RECORD_RUN,
    RB_RECORD_STEP,
    RB_RECORD_EPOCH,
    RB_RECORD_EVAL,
    RB_RECORD_END
} rb_record_kind;

typedef struct rb_metric {
    const char *name; // as trackers show it: of a step "step/...", of the best checkpoint "best/..."
    double value;     // finite
} rb_metric;

typedef struct rb_record {
    rb_record_kind kind;
    int64_t step;  // -1: it says none
    int epoch;     // from 0; -1: it says none
    double time_s; // Unix time
    // Grows within a kind: a step's step, an epoch's number, of an eval its step and part. A run that was taken up
    // again comes past the same marks with the same values, so that what was sent once need not be sent again. -1: no
    // mark.
    int64_t mark;
    const rb_metric *metrics;
    int count;
    const json_t *json; // the whole; belongs to the arena
} rb_record;

// A log at hand. Errors: IO
typedef struct rb_records rb_records;
bool rb_records_open(rb_arena *a, const char *path, rb_records **out, rb_error *err) RB_CHECKED;

// The next whole line, in `a`; `got` is false when there is none yet. A line that is no record is passed over.
bool rb_records_next(rb_records *f, rb_arena *a, rb_record *out, bool *got, rb_error *err) RB_CHECKED;

#endif
