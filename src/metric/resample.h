// SPDX-License-Identifier: Apache-2.0
// resample.h - the machinery of the bootstrap: what is drawn, and what is counted; private to the metric module.
//
// A resample is a weight for each unit: how often it was drawn. Rows are sorted once, for all resamples.
//
// Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, ch. 13
#ifndef RB_METRIC_RESAMPLE_H
#define RB_METRIC_RESAMPLE_H

#include "metric/cuts.h"
#include "metric/interval.h"

// What is drawn as one: a row, or a group of rows. Units of a stratum are neighbours; each stratum keeps its number.
typedef struct rb_units {
    int *of_row; // [n]
    int *first;  // [strata + 1] the unit that a stratum begins with
    int strata, count;
} rb_units;

// Strata are the labels 0..k-1, and for groups with rows of several labels one more.
rb_units rb_units_of(rb_arena *a, const int *label, const int *group, int n, int k);

// Writes `figures` numbers about the resample with these weights [units].
typedef void rb_figures_of(const void *judged, const uint32_t *weight, double *out);

// The 2.5 and 97.5 % points of each figure over the resamples. Threads: spreads over the pool.
void rb_resample(const rb_units *u, int resamples, rb_figures_of *judge, const void *judged, int figures,
                 rb_interval *out);

// Whether a rate is 0 or 1. Resamples must not speak of it: none has a hit or an error that the data have not, and the
// interval would have no width.
static inline bool rb_is_one_sided(int64_t hits, int64_t n)
{
    return !hits || hits == n;
}

// ---- two classes --------------------------------------------------------------------------------------------------

typedef enum rb_resampled {
    RB_HTER,
    RB_FAR,
    RB_FRR,
    RB_ACCURACY,
    RB_PRECISION,
    RB_RECALL,
    RB_F1,
    RB_MCC,
    RB_ROC_AUC,
    RB_AVERAGE_PRECISION,
    RB_EER,
    RB_LOG_LOSS,
    RB_BRIER,
    RB_RESAMPLED
} rb_resampled;
extern const char *const rb_resampled_names[RB_RESAMPLED];

// Scores in falling order, ready to be weighed.
typedef struct rb_weighable {
    int n;
    int above;             // rows at or above the threshold
    int *unit;             // [n]
    uint32_t *positive;    // [n] all bits or none
    bool *last;            // [n] of a run of equal scores
    double *loss, *square; // [n] what a row adds to log loss and Brier score; NULL: ranks alone
} rb_weighable;

// Owner: both live in `a`, and nothing but what they hold. Ranks alone take a third of the memory.
rb_weighable rb_weighable_of(rb_arena *a, rb_scores s, double threshold, const rb_units *u);
rb_weighable rb_ranks_of(rb_arena *a, rb_scores s, double threshold, const rb_units *u);

rb_figures_of rb_weigh; // of an rb_weighable with losses: the RB_RESAMPLED figures

// Of ranks the area alone, and in `at` (may be NULL) the decisions at the threshold: half the time.
double rb_weigh_auc(const rb_weighable *w, const uint32_t *weight, rb_confusion *at);

#endif
