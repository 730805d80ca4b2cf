// SPDX-License-Identifier: Apache-2.0
// taken.h - what follows from the counts of classes taken; private to the metric module.
#ifndef RB_METRIC_TAKEN_H
#define RB_METRIC_TAKEN_H

#include "metric/classes.h"

typedef struct rb_class_decision {
    double accuracy, macro_precision, macro_recall, macro_f1, weighted_f1, mcc;
} rb_class_decision;

// Fills of[k] beside.
rb_class_decision rb_class_decision_of(rb_arena *scratch, const int64_t *confusion, int k, rb_class_rates *of);

#endif
