// SPDX-License-Identifier: Apache-2.0
// metric.h - numbers that judge scores against labels.
//
// A decision is score >= threshold -> 1. FAR = FP/(FP+TN), FRR = FN/(FN+TP), HTER = (FAR+FRR)/2.
// Where a class is missing, what cannot be said is NAN.
//
// Source: golden/metrics (scikit-learn 1.2.1); reference formulas beside each function
#ifndef RB_METRIC_METRIC_H
#define RB_METRIC_METRIC_H

#include "base/arena.h"
#include "base/json.h"

// Scores and labels of n pictures, label 0 or 1. Rows whose score is NaN must be left out by the caller.
typedef struct rb_scores {
    const double *score;
    const int *label;
    int n;
} rb_scores;

typedef struct rb_confusion {
    int64_t tp, fp, tn, fn;
} rb_confusion;

typedef struct rb_rates {
    double far, frr, hter, accuracy, balanced_accuracy, precision, recall, f1, mcc;
} rb_rates;

rb_confusion rb_confusion_at(rb_scores s, double threshold);
rb_rates rb_rates_of(rb_confusion c); // precision, f1, mcc are 0 where their denominator is (scikit-learn)

// The threshold, among the distinct scores, with the least HTER (integers fp*P + fn*N, ties to the highest), and its
// HTER. NAN, NAN when a class is missing.
typedef struct rb_threshold {
    double threshold, hter;
} rb_threshold;
rb_threshold rb_best_hter(rb_arena *scratch, rb_scores s);

double rb_roc_auc(rb_arena *scratch, rb_scores s);           // mid-ranks, ties count half
double rb_average_precision(rb_arena *scratch, rb_scores s); // sum (R_n - R_{n-1}) P_n
double rb_eer(rb_arena *scratch, rb_scores s); // linear between the two points where FNR - FPR changes sign
double rb_log_loss(rb_scores s);               // probabilities clipped at 2.2e-16
double rb_brier(rb_scores s);

// The ROC curve, from (0, 0) to (1, 1), one point per distinct score, falling thresholds; the first threshold is
// +inf. Arrays live in `a`.
typedef struct rb_roc {
    double *threshold, *fpr, *tpr;
    int count;
} rb_roc;
rb_roc rb_roc_curve(rb_arena *a, rb_scores s);

// Wilson's 95 % interval of errors / n.
typedef struct rb_interval {
    double low, high;
} rb_interval;
rb_interval rb_wilson(int64_t errors, int64_t n);

// All of it at one threshold, as commands print and metrics.json keeps.
typedef struct rb_summary {
    int n, positives, negatives;
    double threshold;
    rb_confusion confusion;
    rb_rates rates;
    rb_interval far_interval, frr_interval;
    double roc_auc, average_precision, eer, log_loss, brier;
} rb_summary;
rb_summary rb_summarise(rb_arena *scratch, rb_scores s, double threshold);

// The same as a JSON object; what cannot be said is null.
void rb_summary_to_json(rb_json *j, const char *key, const rb_summary *s);

#endif
