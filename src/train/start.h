// SPDX-License-Identifier: Apache-2.0
// start.h - weights that somebody else trained, as the beginning of training.
#ifndef RB_TRAIN_START_H
#define RB_TRAIN_START_H

#include "train/network.h"

// What the key `pretrained` names goes into the network, whose weights are fresh ones, and the mean and std they were
// trained with into its preprocessing: no plan may be open yet. Says what came from where. Nothing happens where
// `pretrained` is false.
//
// Errors: USAGE (no such weights), WEIGHTS (absent, damaged, of another model), IO (network, cache)
bool rb_start_pretrained(rb_network *n, const rb_settings *s, rb_error *err) RB_CHECKED;

// The same of a file of weights that is no checkpoint of ours; `*ours` true if it is one, and then nothing is done.
bool rb_start_file(rb_network *n, const char *path, bool *ours, rb_error *err) RB_CHECKED;

#endif
