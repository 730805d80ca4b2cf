// SPDX-License-Identifier: Apache-2.0
// interval.h - how far figures can be trusted: 95 % intervals.
#ifndef RB_METRIC_INTERVAL_H
#define RB_METRIC_INTERVAL_H

#include "metric/metric.h"

// Resamples of the judged pictures, drawn within each label, so that both keep their numbers. With groups, whole groups
// are drawn, within those of label 0, of label 1 and of both. Every draw is a function of the number of the resample:
// the same on every machine, for any number of threads.
typedef struct rb_bootstrap {
    int resamples;    // 0: none
    const int *group; // [n], 0, 1, ... without gaps; NULL: pictures are independent
} rb_bootstrap;
#define RB_RESAMPLES 2000 // where nobody says another number

// Each resample walks every class over all pictures: of many of both fewer are drawn, so that it takes seconds.
int rb_resamples_for(int n, int columns);

// Numbers for the groups that n rows name; a row without a name (NULL or "") is a group of its own. NULL: none has one.
//
// Owner: lives in `a`
int *rb_group_ids(rb_arena *a, const char *const *names, int n, int *groups);

// Of a rate that is 0 in the data (`all`: 1), over the groups that have a picture of `class` (-1: of any) and not over
// pictures: resamples of groups have no error or hit that the data have not, and would leave the interval no width.
rb_interval rb_wilson_of_groups(bool all, const int *label, const int *group, int n, int class);

// Area under the ROC curve with its variance.
//
// Source: DeLong, DeLong and Clarke-Pearson, 1988; Sun and Xu, "Fast implementation of DeLong's algorithm", 2014: one
//         sort instead of all pairs
typedef struct rb_auc {
    double auc, variance; // NAN: a class is missing; the variance wants two of each class
    rb_interval at;       // normal, within 0..1
} rb_auc;
rb_auc rb_delong(rb_arena *scratch, rb_scores s);

// The interval of the mean of k independent rates from theirs; unlike a bootstrap it has a width where no error is.
//
// Source: Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10, for two;
//         Donner & Zou, "Closed-form confidence intervals for functions of the normal mean and standard deviation",
//         2012, for more (MOVER)
rb_interval rb_mean_interval(const double *rate, const rb_interval *of, int k);

rb_interval rb_normal_interval(double centre, double variance);

// Of the recall of each of k classes, in out[k]: Wilson's, or with groups the 2.5 and 97.5 % points over the resamples,
// where a class has no hit or no error Wilson's over its groups; NAN, NAN where a class has no picture, or groups have
// no resamples.
void rb_recall_intervals(const int *label, const int *taken, int n, int k, const rb_bootstrap *b, rb_interval *out);

// What is said of one figure, and how it was found: "wilson", "delong", "bootstrap", "bootstrap by group"; for a rate
// of 0 or 1 by group "wilson over groups"; and for the HTER without resamples, or where a class has no hit or no error,
// "wilson, both rates", "wilson, each recall", "by group, both rates" or "by group, each recall".
typedef struct rb_bounded {
    const char *figure;
    double value;
    rb_interval at;
    const char *method;
} rb_bounded;

typedef struct rb_intervals {
    rb_bounded *of;
    int count;
    int resamples;
} rb_intervals;

// Intervals of FAR, FRR, accuracy and recall (Wilson), of the ROC AUC (DeLong), and by the bootstrap's 2.5 and 97.5 %
// points of HTER, ROC AUC and the other figures. With groups all of them are by group: formulas over pictures take
// those for independent. Empty where a class is missing.
//
// Owner: lives in `a`
rb_intervals rb_intervals_of(rb_arena *a, rb_scores s, double threshold, const rb_bootstrap *b);

const rb_bounded *rb_intervals_find(const rb_intervals *i, const char *figure); // lent; NULL: it has none

// One object a figure: value, low, high, method.
void rb_intervals_to_json(rb_json *j, const char *key, const rb_intervals *i);

#endif
