// SPDX-License-Identifier: Apache-2.0
// neighbours.h - the nearest points of a set, by trying all.
#ifndef RB_EXPLORE_NEIGHBOURS_H
#define RB_EXPLORE_NEIGHBOURS_H

#include "base/arena.h"

// Points in rows of `d` numbers.
typedef struct rb_points {
    const float *at;
    int n, d;
} rb_points;

typedef struct rb_neighbours {
    int k;          // of each point: fewer than asked for where there are not so many
    int *index;     // [n k] into `among`, nearest first, of equals the lower
    double *square; // [n k] squared distance
} rb_neighbours;

// The k nearest of `among` to each of `points`. `self` (may be NULL) names for each point the one of `among` that it is
// itself, -1 for none: that one does not count.
//
// Owner:   lists live in `a`
// Threads: all compute threads; results do not depend on their number
rb_neighbours rb_neighbours_find(rb_arena *a, rb_points points, rb_points among, const int *self, int k);

#endif
