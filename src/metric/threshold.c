// SPDX-License-Identifier: Apache-2.0
// threshold.c - where to cut: the score with the least half total error rate.
#include "metric/cuts.h"

#include <math.h>

static double hter_at(const rb_cuts *cuts, const rb_cut *c)
{
    rb_confusion counts = {.tp = c->tp, .fp = c->fp, .tn = cuts->negatives - c->fp, .fn = cuts->positives - c->tp};
    return rb_rates_of(counts).hter;
}

// fp/N + fn/P grows with the integer fp*P + fn*N, in which ties are exact.
rb_threshold rb_best_hter(rb_arena *scratch, rb_scores s)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    if (rb_cuts_lack_class(&cuts)) return (rb_threshold){NAN, NAN};

    const rb_cut *best = cuts.at + 1;
    int64_t least = INT64_MAX;
    for (const rb_cut *c = cuts.at + 1; c < cuts.at + cuts.count; c++) {
        int64_t cost = c->fp * cuts.positives + (cuts.positives - c->tp) * cuts.negatives;
        if (cost >= least) continue;
        least = cost;
        best = c;
    }
    return (rb_threshold){best->threshold, hter_at(&cuts, best)};
}
