// SPDX-License-Identifier: Apache-2.0
// compare.h - two judges of the same pictures, of two classes or of more: is one better, or was it luck?
#ifndef RB_METRIC_COMPARE_H
#define RB_METRIC_COMPARE_H

#include "metric/classes.h"

// Pictures that one judge had right and the other wrong, and how likely chance alone would part them so unevenly.
//
// Pictures of a group are not independent: there the judges change places in whole groups, and of a group with the
// difference d = b - c the sign is chance, chi-square (sum d)² / sum d².
//
// Source: McNemar, 1947; exact: two-sided binomial, up to RB_MCNEMAR_EXACT discordant pictures; beyond, chi-square with
//         Edwards' correction, (|b - c| - 1)² / (b + c); groups: Yang, Sun and Hardin, "A note on the tests for
//         clustered matched-pair binary data", 2010
#define RB_MCNEMAR_EXACT 1000
typedef enum rb_mcnemar_kind { RB_BINOMIAL, RB_CHI_SQUARE, RB_BY_GROUP } rb_mcnemar_kind;
typedef struct rb_mcnemar {
    int64_t ours, theirs; // that this judge alone has right, and the other one alone
    double p;
    rb_mcnemar_kind kind;
} rb_mcnemar;
rb_mcnemar rb_mcnemar_test(int64_t ours, int64_t theirs);

typedef struct rb_difference {
    double value; // this one minus the other
    rb_interval at;
} rb_difference;

typedef struct rb_comparison {
    int k;
    double hter[2], auc[2]; // of this one, of the other; of more than two classes macro
    rb_mcnemar all;         // over all pictures
    const rb_mcnemar *of;   // [k] over those of each label
    rb_difference delong;   // of the areas; NAN with groups, as pictures are not independent, and with k > 2
    double delong_p;
    rb_difference hter_bootstrap, auc_bootstrap; // NAN without resamples
    int resamples;
} rb_comparison;

// Both judge the same rows: labels are `ours`. NAN where a class is missing.
//
// Owner: arrays live in `a`
rb_comparison rb_compare(rb_arena *a, rb_scores ours, double our_threshold, rb_scores theirs, double their_threshold,
                         const rb_bootstrap *b);
rb_comparison rb_class_compare(rb_arena *a, rb_class_scores ours, rb_class_scores theirs, const rb_bootstrap *b);

void rb_comparison_to_json(rb_json *j, const char *key, const rb_comparison *c);

#endif
