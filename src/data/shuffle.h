// SPDX-License-Identifier: Apache-2.0
// shuffle.h - the first entries of a random permutation; private to the data module.
#ifndef RB_DATA_SHUFFLE_H
#define RB_DATA_SHUFFLE_H

#include "base/rng.h"

// Puts a uniform choice of `count` of the n entries, in random order, in front (Fisher and Yates, cut short).
void rb_shuffle(rb_rng *random, int *at, int n, int count);

#endif
