// SPDX-License-Identifier: Apache-2.0
// cuts.h - the distinct scores, falling, each with what lies at or above it; private to the metric module.
//
// Thresholds, curves and areas all walk this one table. Counts are integers, so that ties and signs are exact.
#ifndef RB_METRIC_CUTS_H
#define RB_METRIC_CUTS_H

#include "metric/metric.h"

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

#endif
