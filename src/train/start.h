// SPDX-License-Identifier: Apache-2.0
// start.h - weights that somebody else trained, as the beginning of training.
#ifndef RB_TRAIN_START_H
#define RB_TRAIN_START_H

#include "train/network.h"

// What a run's record says of where its weights began.
typedef struct rb_started {
    const char *from;   // a file, repository or URL; NULL: fresh weights
    const char *commit; // of the repository; NULL: it is none
    int backbone;       // tensors of the backbone, all from there
    bool head;          // the head is from there too
} rb_started;

// What the key `pretrained` names goes into the network, whose weights are fresh ones, and the mean and std they were
// trained with into its preprocessing: no plan may be open yet. Says what came from where. Nothing happens where
// `pretrained` is false.
//
// Owner:  texts of `out` live in `a`
// Errors: USAGE (no such weights), WEIGHTS (absent, damaged, of another model), IO (network, cache)
bool rb_start_pretrained(rb_arena *a, rb_network *n, const rb_settings *s, rb_started *out, rb_error *err) RB_CHECKED;

// The same of a file of weights that is no checkpoint of ours; `*ours` true if it is one, and then nothing is done.
bool rb_start_file(rb_arena *a, rb_network *n, const char *path, bool *ours, rb_started *out, rb_error *err) RB_CHECKED;

#endif
