// SPDX-License-Identifier: Apache-2.0
// findings.h - all that an exploration found, as one struct that JSON, table and page are made from.
#ifndef RB_EXPLORE_FINDINGS_H
#define RB_EXPLORE_FINDINGS_H

#include "base/json.h"
#include "explore/map.h"
#include "explore/outliers.h"
#include "explore/survey.h"
#include "explore/twins.h"

typedef struct rb_class_count {
    int part[RB_PARTS + 1]; // RB_NO_PART: in none
    int all, unreadable;
} rb_class_count;

// How a statistic lies within a class.
typedef struct rb_spread {
    int n;
    double mean, std, p05, p25, median, p75, p95;
} rb_spread;

typedef struct rb_kind_tally {
    rb_image_kind kind;
    int count;
} rb_kind_tally;

typedef struct rb_size_tally {
    int h, w, count;
} rb_size_tally;

typedef struct rb_findings {
    const rb_survey *survey;
    bool split;              // pictures have parts
    rb_class_count *classes; // [class_count]
    rb_kind_tally *kinds;    // the most frequent first, as are sizes
    int kind_count;
    rb_size_tally *sizes;
    int size_count;
    int64_t bytes;          // of all readable files
    double mean[3], std[3]; // of pixels in 0..1, every picture counting the same; of training pictures where split
    rb_spread *spread[RB_STATISTICS]; // [class_count] each
    double auc[RB_STATISTICS]; // how well the statistic alone ranks label 1 above 0; NAN unless there are two classes
    rb_twins twins;
    rb_discord *discord;                 // [twins.cluster_count]
    int conflicts, leaks, twin_pictures; // clusters of either kind; pictures in clusters
    rb_map map;
    rb_outliers outliers;
} rb_findings;

// Everything but the map, from the survey alone.
//
// Owner: lives in `a`, beside the survey
void rb_findings_gather(rb_arena *a, const rb_survey *s, bool split, rb_findings *out);

// Takes the map in, and with it the outliers.
void rb_findings_place(rb_arena *a, const rb_map *m, rb_findings *f);

// Whether the two pictures of a pair have different labels; whether they are in different parts.
rb_discord rb_pair_discord(const rb_survey *s, const rb_twin_pair *p);

// All of it as a JSON object; names are those of split.csv.
void rb_findings_to_json(rb_json *j, const rb_findings *f);

#endif
