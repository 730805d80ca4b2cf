// SPDX-License-Identifier: Apache-2.0
// taken.h - the class taken, and what follows from its counts; private to the metric module.
#ifndef RB_METRIC_TAKEN_H
#define RB_METRIC_TAKEN_H

#include "metric/classes.h"

int rb_class_taken(const double *p, int k); // the first of the most probable

// Scores of class c, label 1 where it is that of the picture. Lives in `a`.
rb_scores rb_class_against_rest(rb_arena *a, rb_class_scores s, int c);

typedef struct rb_class_decision {
    double accuracy, macro_precision, macro_recall, macro_f1, weighted_f1, mcc;
} rb_class_decision;

// Fills of[k] beside.
rb_class_decision rb_class_decision_of(rb_arena *scratch, const int64_t *confusion, int k, rb_class_rates *of);

#endif
