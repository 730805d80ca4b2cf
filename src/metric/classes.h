// SPDX-License-Identifier: Apache-2.0
// classes.h - more than two classes: numbers that judge K probabilities a picture against a label 0..K-1.
//
// The class taken is the most probable one, of equals the first. Macro figures are plain means over the classes, NAN
// where a class has no picture; HTER is 1 - macro recall, half the total error rate where K is 2.
//
// Source: golden/metrics/multiclass_240x4 (scikit-learn 1.2.1); Gorodkin, "Comparing two K-category assignments by a
//         K-category correlation coefficient", 2004, for mcc
#ifndef RB_METRIC_CLASSES_H
#define RB_METRIC_CLASSES_H

#include "metric/interval.h"

// Probabilities [n k], rows packed, without NaN; they sum to 1 about: log loss, Brier score and calibration error
// divide by the sum.
typedef struct rb_class_scores {
    const double *p;
    const int *label;
    int n, k;
} rb_class_scores;

int rb_class_taken(const double *p, int k); // the first of the most probable

// Scores of class c, label 1 where it is that of the picture. Lives in `a`.
rb_scores rb_class_against_rest(rb_arena *a, rb_class_scores s, int c);

typedef struct rb_class_figures {
    rb_class_rates rates;
    rb_interval recall_interval;       // Wilson
    double roc_auc, average_precision; // this class against the rest
} rb_class_figures;

typedef struct rb_class_summary {
    int n, k;
    const int64_t *confusion; // [k k], rows are labels, columns the classes taken
    rb_class_figures *of;     // [k]
    double accuracy, macro_precision, macro_recall, macro_f1, weighted_f1, hter, mcc;
    double roc_auc, average_precision; // macro
    double log_loss, brier;            // Brier: the sum over the classes, 0..2
    double ece;                        // of the class taken, over RB_ECE_BINS bins
} rb_class_summary;

// The mean of the curves of each class against the rest, at equal steps of x: of ROC the true positives (y) over the
// false ones (x), of precision (y) over recall (x). The area under the first is nearly the macro area. Both are without
// points where a class is missing. Arrays live in `a`.
#define RB_MACRO_STEPS 200
typedef struct rb_line {
    double *x, *y;
    int count;
} rb_line;
rb_line rb_class_macro_roc(rb_arena *a, rb_class_scores s);
rb_line rb_class_macro_pr(rb_arena *a, rb_class_scores s);

// Owner: arrays live in `a`
rb_class_summary rb_class_summarise(rb_arena *a, rb_class_scores s);

// Of what `m` says of the same scores. Accuracy and each recall by Wilson, macro figures by the bootstrap, the HTER
// from the recalls where a class has no hit or no error; with groups all by group. Without resamples there are those
// that have a formula, and with groups none. The recall of class 2 is named "recall_2".
rb_intervals rb_class_intervals_of(rb_arena *a, rb_class_scores s, const rb_class_summary *m, const rb_bootstrap *b);

void rb_class_summary_members(rb_json *j, const rb_class_summary *s);

#endif
