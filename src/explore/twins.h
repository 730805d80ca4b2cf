// SPDX-License-Identifier: Apache-2.0
// twins.h - pictures that are there more than once: exactly, or nearly.
//
// Exact: the same size and the same pixels once decoded, whatever the file. Near: perceptual hashes, over eight views,
// that differ in few bits, and then small grey pictures that agree everywhere but for one gain and one offset. Both
// numbers come from measurement: see the constants.
//
// Time grows with the square of the number of distinct pictures: half a minute for 100,000 on two cores.
#ifndef RB_EXPLORE_TWINS_H
#define RB_EXPLORE_TWINS_H

#include "explore/survey.h"

#define RB_TWINS_EACH 16 // near twins that a picture keeps among those after it: the nearest

typedef struct rb_twin_group {
    const int *member; // ascending sample indices
    int count;
    int files; // different files among them; 1: copies to the last byte
} rb_twin_group;

typedef struct rb_twin_pair {
    int a, b;        // sample indices, a < b; of a group of exact twins the first stands for all
    int view;        // how b has to be turned to look like a
    int distance;    // bits of the hash that differ
    double likeness; // correlation of the small pictures, at most 1
} rb_twin_pair;

typedef struct rb_twins {
    rb_twin_group *groups;
    int group_count;
    rb_twin_pair *pairs; // by a, then b
    int pair_count;
    int *cluster; // [count] pictures that hang together through groups and pairs bear one number; -1: alone
    int cluster_count;
    int flat; // pictures with too little in them to be compared
} rb_twins;

// Owner:   everything lives in `a`
// Threads: all compute threads; results do not depend on their number
rb_twins rb_twins_find(rb_arena *a, const rb_survey *s);

// Whether the pictures of a cluster have different labels; whether they are in different parts.
typedef struct rb_discord {
    bool conflict, leak;
} rb_discord;
rb_discord *rb_twins_discord(rb_arena *a, const rb_survey *s, const rb_twins *t); // [cluster_count]

#endif
