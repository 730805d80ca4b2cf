// SPDX-License-Identifier: Apache-2.0
// quantize.h - calibration of int8: which range the bytes of each map should stand for.
#ifndef RB_TRAIN_QUANTIZE_H
#define RB_TRAIN_QUANTIZE_H

#include "train/score.h"

// Ranges [node] from what the maps of the fp32 network of `s` are on pictures order[0..count): those with the least
// squared error. 0 for nodes that have no maps of their own.
//
// Errors: as rb_scorer_run
bool rb_ranges_find(const rb_scorer *s, const int *order, int count, float *range, rb_error *err) RB_CHECKED;

// The same from one batch, for who has no pictures.
bool rb_ranges_find_in(const rb_network *n, const rb_feed *feed, float *range, rb_error *err) RB_CHECKED;

#endif
