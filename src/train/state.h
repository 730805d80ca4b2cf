// SPDX-License-Identifier: Apache-2.0
// state.h - where a run stands: what its last.safetensors carries beside tensors, so that a resume goes on as if
// nothing had been. Random numbers need no place in it: each is a function of the seed and of where it is drawn.
#ifndef RB_TRAIN_STATE_H
#define RB_TRAIN_STATE_H

#include "schedule/schedule.h"
#include "train/early_stop.h"
#include "train/top.h"

// The best epoch so far, by what is monitored; a tie stays with the earlier one.
typedef struct rb_best {
    int epoch;    // -1 before the first
    int64_t step; // updates made by its end
    double cost;  // monitor.h
} rb_best;

#define RB_THAWS_MOST 128 // more blocks than any model has

typedef struct rb_state {
    int epoch;                     // from 0; num_epochs or less
    int draw;                      // draws of this epoch that are done
    int64_t step;                  // updates made
    int64_t thawed[RB_THAWS_MOST]; // updates made when blocks of the backbone began to train, from the head up
    int thaws;
    double lr;   // of the last update
    double loss; // of the epoch so far: a sum over what its draws count for, which is
    double mass; // 1 each, unless the loss weighs its mean
    int judged;  // draws of the epoch that could be read
    rb_best best;
    rb_top top; // the best ones, where more than one is kept
    rb_early_stop early_stop;
    rb_memory memory;        // of a schedule that listens to validation
    double threshold;        // of the last validation; NAN before the first
    const char *metrics;     // its metrics as a JSON object, or NULL
    const char *calibration; // fitted to it, as a JSON object, or NULL
    const char *scores;      // what its scores were, as a JSON object, or NULL
    bool finished;           // no epoch is left
    bool stopped_early;
    int threads;             // the library splits its sums by them
    int64_t log_lines;       // of log.jsonl
    const char *const *bad;  // NULL-ended: pictures that could not be read at the first look, and have no part;
    const char *const *lost; // and those that could be read then, and not later
} rb_state;

rb_state rb_state_fresh(void);

// As a JSON object, without threshold, metrics, calibration and scores, which have a place of their own in a
// checkpoint; and back.
//
// Owner:  everything lives in `a`
// Errors: WEIGHTS
const char *rb_state_text(rb_arena *a, const rb_state *s);
bool rb_state_read(rb_arena *a, const char *text, rb_state *out, rb_error *err) RB_CHECKED;

#endif
