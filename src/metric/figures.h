// SPDX-License-Identifier: Apache-2.0
// figures.h - what a classifier says of pictures and how it is judged, be it of two classes or of more.
//
// Of two classes it says one number, the probability of label 1, which decides with a threshold; of K > 2 it says K
// numbers, and the class taken is the most probable one, of equals the first.
#ifndef RB_METRIC_FIGURES_H
#define RB_METRIC_FIGURES_H

#include "metric/classes.h"
#include "metric/interval.h"
#include "metric/shift.h"
#include "metric/threshold.h"

typedef struct rb_outputs {
    const double *p; // [n columns], rows packed, without NaN
    const int *label;
    int n, columns; // 1: the probability of label 1; K: those of K classes
} rb_outputs;

typedef struct rb_figures {
    int n;
    double hter, roc_auc;  // of two classes, or macro
    double threshold;      // NAN: more than two classes
    int groups;            // how many were drawn whole for intervals; 0: pictures are taken for independent
    rb_summary two;        // where there is one column,
    rb_class_summary many; // and where there are more
} rb_figures;

static inline bool rb_figures_are_two(const rb_figures *f)
{
    return !f->many.k;
}

// The threshold that a rule chooses; NAN where none is needed, or a class is missing.
double rb_outputs_threshold(rb_arena *scratch, rb_outputs o, const rb_threshold_rule *rule);

// What is kept of its scores to compare later ones with. There is at least one row.
void rb_outputs_record(rb_arena *scratch, rb_outputs o, rb_score_record *out);

// Owner: arrays live in `a`
rb_figures rb_figures_of(rb_arena *a, rb_outputs o, double threshold);

// Intervals of what `f` says of `o`. With groups those in `f` itself become what whole groups say.
//
// Owner: they live in `a`
rb_intervals rb_figures_intervals(rb_arena *a, rb_outputs o, rb_figures *f, const rb_bootstrap *b);

// As a JSON object. rb_figures_members leaves its brackets to the caller.
void rb_figures_to_json(rb_json *j, const char *key, const rb_figures *f);
void rb_figures_members(rb_json *j, const rb_figures *f);

// What a log has of a part, by name: "val/loss", "val/hter" and so on. What cannot be said is NAN.
#define RB_LOGGED_MOST 8
typedef struct rb_logged {
    struct {
        const char *name;
        double value;
    } of[RB_LOGGED_MOST];
    int count;
} rb_logged;
rb_logged rb_logged_of(rb_arena *a, const char *part, const rb_figures *f, double loss);
void rb_logged_put(rb_json *j, const rb_logged *l);          // as members of a record
double rb_logged_find(const rb_logged *l, const char *name); // NAN: there is none of that name

// A class of which no picture is there; -1: there is one of each.
int rb_outputs_missing(rb_arena *scratch, rb_outputs o);

// The label taken for one picture.
int rb_label_taken(const float *p, int columns, double threshold);

#endif
