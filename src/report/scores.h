// SPDX-License-Identifier: Apache-2.0
// scores.h - figures that show how scores and labels go together, each with a reading computed from its numbers.
//
// Label 1 is the one that is accepted. FAR: share of class 0 that is accepted; FRR: share of class 1 that is rejected.
#ifndef RB_REPORT_SCORES_H
#define RB_REPORT_SCORES_H

#include "metric/classes.h"
#include "report/page.h"

// Scores that get a line: of a run, of a part of the data, or of one class against the rest.
typedef struct rb_result {
    const char *name;
    int colour;
    bool dashed; // beside the first one, for comparison
    rb_scores scores;
    double threshold;     // NAN: a class against the rest, where the most probable one is taken:
    rb_confusion decided; // then this is what was decided
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

// ---- more than two classes ----------------------------------------------------------------------------------------

typedef struct rb_class_result {
    const char *name; // NULL: it stands alone
    int colour;
    rb_class_scores scores;
    const rb_class_summary *summary; // of them
    const char *const *classes;
} rb_class_result;

// Of one result a line for each class against the rest, of many classes their mean and the worst; of several results
// their means. Where a class has no pictures there is no line of it, and no mean.
void rb_show_class_roc(rb_page *p, const rb_class_result *results, int count);
void rb_show_class_precision(rb_page *p, const rb_class_result *results, int count);

// Of one result. Of many classes the most frequent mistakes are a table, as a matrix would have no cells to see.
void rb_show_class_confusion(rb_page *p, const rb_class_result *r);
void rb_show_class_histogram(rb_page *p, const rb_class_result *r); // how sure it is where it is right, and where wrong
void rb_show_class_reliability(rb_page *p, const rb_class_result *r, const char *calibration);
void rb_show_class_coverage(rb_page *p, const rb_class_result *r);

// ---- what their files share; private to the report module -----------------------------------------------------------

// The line of a ROC curve and the point that was decided for, two series for each result. Whether y is a share of
// misses or of hits.
rb_series *rb_trade_offs(rb_arena *a, const rb_result *results, int count, bool misses);

// Precision over recall of label 1 of `s`, in the name and colour of `r`.
rb_series rb_precision_line(rb_arena *a, const rb_result *r, rb_scores s);

// How sure a decision is: how far from another one, in logits, where far and near mean the same everywhere. Of a score
// from its threshold; of k probabilities, which also tells the most probable class but the one taken.
double rb_far_from(double score, double threshold);
double rb_lead_of(const double *p, int k, int taken, int *second);

// "Greatest WHAT has A, x; B y.", the best named first.
const char *rb_ranking(rb_arena *a, const char *what, const rb_result *results, const double *value, int count,
                       bool least, const char *(*say)(rb_arena *a, double value));
const char *rb_say_area(rb_arena *a, double area);

// "7.0 %", "7.0 % [5.1, 9.4]"; without the interval where there is none. In `a`.
const char *rb_percent(rb_arena *a, double share);
const char *rb_percent_within(rb_arena *a, double share, rb_interval i);
const char *rb_points_within(rb_arena *a, double share, rb_interval i); // "7.0 [5.1, 9.4]", in per cent
const char *rb_within(rb_arena *a, double value, rb_interval i);        // "0.9468 [0.921, 0.968]"

// "[5.1, 9.4] · REST", in per cent, and "[0.921, 0.968] · REST"; the rest alone where there is no interval.
const char *rb_points_before(rb_arena *a, rb_interval i, const char *rest);
const char *rb_interval_before(rb_arena *a, rb_interval i, const char *rest);

// "1 picture", "12 pictures".
const char *rb_counted(rb_arena *a, int64_t n, const char *one, const char *many);

#endif
