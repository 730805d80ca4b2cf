// SPDX-License-Identifier: Apache-2.0
// metric.h - numbers that judge scores against labels.
//
// A decision is score >= threshold -> 1. FAR = FP/(FP+TN), FRR = FN/(FN+TP), HTER = (FAR+FRR)/2.
// Where a class is missing, what cannot be said is NAN. Here are two classes; metric/classes.h has more than two,
// metric/interval.h says how far figures can be trusted, metric/compare.h compares two judges.
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

// One class against the rest: of `taken` pictures that were taken for it, `hits` are of it, as `support` are in all.
// Precision and f1 are 0 where their denominator is, recall is NAN.
typedef struct rb_class_rates {
    double precision, recall, f1;
    int64_t support;
} rb_class_rates;
rb_class_rates rb_class_rates_of(int64_t hits, int64_t taken, int64_t support);

// The threshold, among the distinct scores, with the least HTER (integers fp*P + fn*N, ties to the highest), and its
// HTER. NAN, NAN when a class is missing. metric/threshold.h has other rules.
typedef struct rb_threshold {
    double threshold, hter;
} rb_threshold;
rb_threshold rb_best_hter(rb_arena *scratch, rb_scores s);

double rb_roc_auc(rb_arena *scratch, rb_scores s);           // mid-ranks, ties count half
double rb_average_precision(rb_arena *scratch, rb_scores s); // sum (R_n - R_{n-1}) P_n
double rb_pr_auc(rb_arena *scratch, rb_scores s); // trapezoids under precision over recall, from (0, 1): optimistic
double rb_eer(rb_arena *scratch, rb_scores s);    // linear between the two points where FNR - FPR changes sign

// The FRR at the lowest of the distinct scores whose FAR is at most `far`; 1 where none is.
double rb_frr_at_far(rb_arena *scratch, rb_scores s, double far);

// How good scores are as probabilities of label 1: NAN where one lies outside 0..1.
//
// The expected calibration error is over RB_ECE_BINS bins of equal width, (lo, hi]: the share of pictures in a bin
// times how far their mean probability is from their share of label 1, summed.
#define RB_ECE_BINS 15
double rb_log_loss(rb_scores s); // clipped at 2.2e-16
double rb_brier(rb_scores s);
double rb_ece(rb_scores s);

// The ROC curve, from (0, 0) to (1, 1), one point per distinct score, falling thresholds; the first threshold is
// +inf. Arrays live in `a`. Its corners are the points where it turns, and both ends: enough to draw it.
typedef struct rb_roc {
    double *threshold, *fpr, *tpr;
    int count;
} rb_roc;
rb_roc rb_roc_curve(rb_arena *a, rb_scores s);
rb_roc rb_roc_corners(rb_arena *a, rb_scores s);
rb_roc rb_roc_thinned(rb_arena *a, rb_roc all, int most); // every so manieth point, and both ends: at most `most`

// Precision over recall, one point per distinct score, rising thresholds, then recall 0 at +inf with precision 1.
typedef struct rb_pr {
    double *threshold, *precision, *recall;
    int count;
} rb_pr;
rb_pr rb_pr_curve(rb_arena *a, rb_scores s);

// Wilson's 95 % interval of errors / n.
typedef struct rb_interval {
    double low, high;
} rb_interval;
rb_interval rb_wilson(int64_t errors, int64_t n);

// All of it at one threshold, as commands print and metrics.json keeps.
#define RB_FAR_LIMITS 3
extern const double rb_far_limits[RB_FAR_LIMITS]; // .1 .01 .001
typedef struct rb_summary {
    int n, positives, negatives;
    double threshold;
    rb_confusion confusion;
    rb_rates rates;
    rb_class_rates of[2];
    double macro_precision, macro_f1;
    rb_interval far_interval, frr_interval;
    double roc_auc, average_precision, pr_auc, eer, log_loss, brier, ece;
    double frr_at_far[RB_FAR_LIMITS];
} rb_summary;
rb_summary rb_summarise(rb_arena *scratch, rb_scores s, double threshold);

// The same as a JSON object; what cannot be said is null. rb_summary_members leaves its brackets to the caller.
void rb_summary_to_json(rb_json *j, const char *key, const rb_summary *s);
void rb_summary_members(rb_json *j, const rb_summary *s);

void rb_interval_to_json(rb_json *j, const char *key, rb_interval i); // [low, high]

#endif
