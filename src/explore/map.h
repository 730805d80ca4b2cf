// SPDX-License-Identifier: Apache-2.0
// map.h - pictures as points: what a network, or simple features, make of them, on a plane.
#ifndef RB_EXPLORE_MAP_H
#define RB_EXPLORE_MAP_H

#include "explore/pca.h"
#include "explore/survey.h"

#define RB_MAP_DIRECTIONS 30 // principal components that neighbours and t-SNE work with
#define RB_MAP_NEAREST    10 // neighbours whose mean distance is a picture's distance from the others

// What stands for each picture: [count of data, d]; rows of unreadable pictures are not looked at.
typedef struct rb_map_features {
    const char *source; // for people: "penultimate layer of best.safetensors, 512 numbers"
    const float *at;
    int d;
    bool standardised; // numbers of several units: each is divided by its standard deviation first
} rb_map_features;

// The simple features of a survey.
rb_map_features rb_map_simple(const rb_survey *s);

typedef struct rb_map {
    rb_map_features features;
    int *sample; // [n] the pictures on the map, ascending
    int n;
    float *pca;       // [n 2]
    float *tsne;      // [n 2]
    double share[2];  // of all variance, along the two axes of pca
    double *distance; // [count of data] mean to the RB_MAP_NEAREST nearest pictures of the map; NULL: too few of them
    double *kinship;  // [class_count] of those nearest, the share with the picture's own label; as distance
} rb_map;

// At most `most` pictures are drawn, each readable one as likely as any other, by (seed, place in the data set) alone.
//
// Owner:  lives in `a`
// Errors: STOPPED
bool rb_map_make(rb_arena *a, const rb_survey *s, rb_map_features features, int most, uint32_t seed, rb_map *out,
                 rb_error *err) RB_CHECKED;

#endif
