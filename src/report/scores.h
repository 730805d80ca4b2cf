// SPDX-License-Identifier: Apache-2.0
// scores.h - figures that show how scores and labels go together, each with a reading computed from its numbers.
//
// Label 1 is the one that is accepted. FAR: share of class 0 that is accepted; FRR: share of class 1 that is rejected.
#ifndef RB_REPORT_SCORES_H
#define RB_REPORT_SCORES_H

#include "metric/metric.h"
#include "report/page.h"

// Scores that get a line: of a run, or of a part of the data.
typedef struct rb_result {
    const char *name;
    int colour;
    bool dashed; // beside the first one, for comparison
    rb_scores scores;
    double threshold;
} rb_result;

// The first result is the one that readings are about, where they are about one.
void rb_show_roc(rb_page *p, const rb_result *results, int count);
void rb_show_det(rb_page *p, const rb_result *results, int count);
void rb_show_precision_recall(rb_page *p, const rb_result *results, int count, const char *const classes[2]);
void rb_show_hter_sweep(rb_page *p, const rb_result *results, int count);

// Of one result.
void rb_show_confusion(rb_page *p, const rb_result *r, const char *const classes[2]);
void rb_show_sweep(rb_page *p, const rb_result *r);
void rb_show_reliability(rb_page *p, const rb_result *r, const char *calibration); // its method; NULL: none
void rb_show_coverage(rb_page *p, const rb_result *r); // errors when the least sure are looked at by a person
void rb_show_histogram(rb_page *p, const rb_result *r, const char *const classes[2]);

// "7.0 %", "7.0 % [5.1, 9.4]"; without the interval where there is none. In `a`.
const char *rb_percent(rb_arena *a, double share);
const char *rb_percent_within(rb_arena *a, double share, rb_interval i);
const char *rb_points_within(rb_arena *a, double share, rb_interval i); // "7.0 [5.1, 9.4]", in per cent
const char *rb_within(rb_arena *a, double value, rb_interval i);        // "0.9468 [0.921, 0.968]"

// "1 picture", "12 pictures".
const char *rb_counted(rb_arena *a, int64_t n, const char *one, const char *many);

#endif
