// SPDX-License-Identifier: Apache-2.0
// cuts.h - scores in falling order, and what lies at or above each of them; private to the metric module.
//
// Thresholds, curves and areas all walk this one table. Counts are integers, so that ties and signs are exact.
#ifndef RB_METRIC_CUTS_H
#define RB_METRIC_CUTS_H

#include "metric/metric.h"

// Rows by falling score.
typedef struct rb_ranked {
    double score;
    int label, row;
} rb_ranked;
rb_ranked *rb_ranked_of(rb_arena *a, rb_scores s); // [n], in `a`

// Deciding score >= threshold gives tp true and fp false positives.
typedef struct rb_cut {
    double threshold;
    int64_t tp, fp;
} rb_cut;

// at[0] is +inf with nothing above it, at[count - 1] the lowest score with everything; n = 0 leaves at[0] alone.
typedef struct rb_cuts {
    rb_cut *at;
    int count;
    int64_t positives, negatives;
} rb_cuts;

// Owner: the cuts live in `a`
rb_cuts rb_cuts_of(rb_arena *a, rb_scores s);

static inline bool rb_cuts_lack_class(const rb_cuts *c)
{
    return !c->positives || !c->negatives;
}

// FNR - FPR in units of 1/(P*N): falls from P*N at the first cut to -P*N at the last.
static inline int64_t rb_cut_balance(const rb_cuts *cuts, const rb_cut *c)
{
    return (cuts->positives - c->tp) * cuts->negatives - c->fp * cuts->positives;
}

double rb_cuts_roc_auc(const rb_cuts *cuts);
double rb_cuts_average_precision(const rb_cuts *cuts);
double rb_cuts_pr_auc(const rb_cuts *cuts);
double rb_cuts_eer(const rb_cuts *cuts);
double rb_cuts_frr_at_far(const rb_cuts *cuts, double far);

// The equal error rate between two neighbouring cuts.
double rb_eer_between(const rb_cuts *cuts, const rb_cut *before, const rb_cut *after);

// The lowest cut whose FAR is at most `far`; at[0] where none is.
const rb_cut *rb_cuts_at_far(const rb_cuts *cuts, double far);

#endif
