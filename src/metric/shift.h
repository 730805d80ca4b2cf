// SPDX-License-Identifier: Apache-2.0
// shift.h - whether the scores of today are still those of validation: how far their distributions are apart, and which
// share of label 1 would explain it.
//
// Scores are probabilities of label 1; with more than two classes they are the largest probability of each picture, and
// a share is not estimated. Both sides are looked at through the same bins of equal width in the logit, so that memory
// does not grow with the pictures: a distance is at most what lies in one bin less than that of the scores themselves,
// and where validation's are kept as RB_QUANTILES quantiles, each their mean, 1 / (2 RB_QUANTILES) more or less than
// it.
#ifndef RB_METRIC_SHIFT_H
#define RB_METRIC_SHIFT_H

#include "metric/metric.h"

// Any number of scores in constant memory.
#define RB_SKETCH_BINS 4096
typedef struct rb_sketch {
    int64_t n;
    int64_t count[RB_SKETCH_BINS];
    double sum[RB_SKETCH_BINS]; // of the scores in each
} rb_sketch;
void rb_sketch_add(rb_sketch *s, double score);

// What a checkpoint keeps of validation's scores, its field `scores`: all of them where they are few, else as many of
// their quantiles, each for the same number of pictures.
#define RB_QUANTILES 513
typedef struct rb_score_record {
    int n;        // pictures
    double prior; // share of label 1 among them; NAN: more than two classes
    double quantile[RB_QUANTILES];
    int count; // of quantiles
} rb_score_record;

void rb_score_record_of(rb_arena *scratch, const double *score, int n, double prior, rb_score_record *out);
const char *rb_score_record_text(rb_arena *a, const rb_score_record *r);

// Reads what rb_score_record_text wrote. Errors: WEIGHTS ("scores: ...")
bool rb_score_record_read(const char *text, rb_score_record *out, rb_error *err) RB_CHECKED;

// Two samples of n and m values whose distribution functions are at most `distance` apart: how probable as much is, or
// more, where both come from one distribution. Asymptotic, with Stephens' correction for small samples.
//
// Source: Kolmogorov; Smirnov; Stephens, "Use of the Kolmogorov-Smirnov, Cramer-von Mises and related statistics
// without
//         extensive tables", 1970
double rb_ks_p(double distance, double n, double m);

// What scores here say beside those of validation. The share is the one that makes them most likely if nothing but the
// shares of the classes changed: what the expectation-maximisation of Saerens et al. climbs to. Its interval is that of
// the likelihood ratio, over the pictures here alone. Scores need not be calibrated: of what they say the odds are
// first corrected by one factor, so that on validation they mean its share of label 1.
//
// Source: Saerens, Latinne, Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", 2002
typedef struct rb_shift {
    int64_t n;
    double distance, p;   // Kolmogorov-Smirnov
    double share;         // of label 1 here; NAN, with all that follows, with more than two classes
    rb_interval share_at; // 95 %
    double share_p;       // of the likelihood ratio against validation's share
    double rest, rest_p;  // the distance that is left where validation's scores are weighed to that share
    double times;         // what corrects the odds of a score on validation
    double odds;          // of label 1 at that share, times those of a score; `times` is in it
} rb_shift;

// `here` has at least one score.
void rb_shift_of(rb_arena *scratch, const rb_sketch *here, const rb_score_record *was, rb_shift *out);

// The probability of label 1 at the share that was found, where a score says p.
double rb_shift_probability(const rb_shift *s, double p);

// The probability of label 1 at validation's share.
double rb_shift_corrected(const rb_shift *s, double p);

#endif
