// SPDX-License-Identifier: Apache-2.0
// taken.h - what figures of K classes and their resamples share; private to the metric module.
#ifndef RB_METRIC_TAKEN_H
#define RB_METRIC_TAKEN_H

#include "metric/classes.h"
#include "metric/resample.h"

typedef struct rb_class_decision {
    double accuracy, macro_precision, macro_recall, macro_f1, weighted_f1, mcc;
} rb_class_decision;

// Each class against the rest, in out[k]. Lives in `a`.
void rb_classes_ranked(rb_arena *a, rb_class_scores s, const rb_units *u, rb_weighable *out);

// Of the counts of classes taken. Fills of[k] beside.
rb_class_decision rb_class_decision_of(rb_arena *scratch, const int64_t *confusion, int k, rb_class_rates *of);

#endif
