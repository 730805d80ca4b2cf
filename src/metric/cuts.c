// SPDX-License-Identifier: Apache-2.0
// cuts.c - one sort and one pass from scores to cumulative counts.
#include "metric/cuts.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static int falling(const void *x, const void *y)
{
    double a = ((const rb_ranked *)x)->score, b = ((const rb_ranked *)y)->score;
    return (a < b) - (a > b);
}

rb_ranked *rb_ranked_of(rb_arena *a, rb_scores s)
{
    rb_ranked *all = RB_NEW(a, rb_ranked, s.n);
    for (int i = 0; i < s.n; i++) {
        assert(!isnan(s.score[i]) && (s.label[i] == 0 || s.label[i] == 1));
        all[i] = (rb_ranked){s.score[i], s.label[i], i};
    }
    qsort(all, (size_t)s.n, sizeof *all, falling);
    return all;
}

rb_cuts rb_cuts_of(rb_arena *a, rb_scores s)
{
    const rb_ranked *all = rb_ranked_of(a, s);
    rb_cuts cuts = {.at = RB_NEW(a, rb_cut, (ptrdiff_t)s.n + 1), .count = 1};
    cuts.at[0].threshold = INFINITY;
    for (int i = 0; i < s.n; i++) {
        if (!i || all[i].score != all[i - 1].score) cuts.count++;
        cuts.positives += all[i].label;
        cuts.negatives += !all[i].label;
        cuts.at[cuts.count - 1] = (rb_cut){all[i].score, cuts.positives, cuts.negatives};
    }
    return cuts;
}
