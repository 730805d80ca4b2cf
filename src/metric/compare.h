// SPDX-License-Identifier: Apache-2.0
// compare.h - two judges of the same pictures: is one better, or was it luck?
#ifndef RB_METRIC_COMPARE_H
#define RB_METRIC_COMPARE_H

#include "metric/interval.h"

// Pictures that one judge had right and the other wrong, and how likely chance alone would part them so unevenly.
//
// Source: McNemar, 1947; exact: two-sided binomial, up to RB_MCNEMAR_EXACT discordant pictures; beyond, chi-square with
//         Edwards' correction, (|b - c| - 1)² / (b + c)
#define RB_MCNEMAR_EXACT 1000
typedef struct rb_mcnemar {
    int64_t ours, theirs; // that this judge alone has right, and the other one alone
    double p;
    bool exact;
} rb_mcnemar;
rb_mcnemar rb_mcnemar_test(int64_t ours, int64_t theirs);

typedef struct rb_difference {
    double value; // this one minus the other
    rb_interval at;
} rb_difference;

typedef struct rb_comparison {
    double hter[2], auc[2]; // of this one, of the other
    rb_mcnemar all, of[2];  // over all pictures, over those of label 0 and of label 1
    rb_difference delong;   // of the areas; with groups NAN, as pictures are not independent
    double delong_p;
    rb_difference hter_bootstrap, auc_bootstrap; // NAN without resamples
    int resamples;
} rb_comparison;

// Both judge the same rows: labels are `ours`. NAN where a class is missing.
rb_comparison rb_compare(rb_scores ours, double our_threshold, rb_scores theirs, double their_threshold,
                         const rb_bootstrap *b);

void rb_comparison_to_json(rb_json *j, const char *key, const rb_comparison *c);

#endif
