// SPDX-License-Identifier: Apache-2.0
// early_stop.h - when what an epoch costs has not fallen for too long.
//
// Source: Lightning's EarlyStopping (mode min): better is value < best - min_delta; stop when `patience` values in a
// row were not better
#ifndef RB_TRAIN_EARLY_STOP_H
#define RB_TRAIN_EARLY_STOP_H

#include <stdbool.h>

typedef struct rb_early_stop {
    double best; // INFINITY before the first value
    int wait;    // values since the best one
} rb_early_stop;

// Takes a value in; true when it is time to stop. patience 0: never.
bool rb_early_stop_after(rb_early_stop *e, double value, double min_delta, int patience);

#endif
