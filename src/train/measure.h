// SPDX-License-Identifier: Apache-2.0
// measure.h - how fast this machine trains, infers and reads pictures, and where a training step's time goes.
//
// Pictures are synthetic JPEG files in a temporary folder, read by the real loader; the network has fresh weights.
#ifndef RB_TRAIN_MEASURE_H
#define RB_TRAIN_MEASURE_H

#include "train/settings.h"

// Rates of single rounds (a step, a forward pass, a pass over the pictures): the middle one and the quartiles.
typedef struct rb_rates_seen {
    double median, low, high; // images/s
    int rounds;
} rb_rates_seen;

typedef struct rb_training_seen {
    rb_rates_seen rate;
    double step_s;             // mean of a whole step
    double work_s[RB_WORKS];   // of it, by kind, as the plan's own parts say
    double update_s, wait_s;   // the optimiser; waiting for the loader
    const rb_graph *graph;     // that the parts belong to
    const rb_work_item *items; // parts of the plan, seconds a step; NULL where the backend does not tell
    int item_count;
} rb_training_seen;

// Each runs for about `seconds` after a warm-up.
//
// Owner:  lists live in `a`
// Errors: as rb_network_open and the loader; IO (temporary folder, in TMPDIR or /tmp); STOPPED (SIGINT, SIGTERM or
//         SIGHUP, which the process gets when `a` ends and the folder is gone)
bool rb_measure_training(rb_arena *a, const rb_settings *s, double seconds, rb_training_seen *out,
                         rb_error *err) RB_CHECKED;
bool rb_measure_inference(rb_arena *a, const rb_settings *s, int batch, double seconds, rb_rates_seen *out,
                          rb_error *err) RB_CHECKED;
bool rb_measure_decoding(rb_arena *a, const rb_settings *s, double seconds, rb_rates_seen *out,
                         rb_error *err) RB_CHECKED;

#endif
