// SPDX-License-Identifier: Apache-2.0
// class_curves.c - one curve for K classes: the mean of those of each class against the rest.
//
// Source: macro-average ROC of scikit-learn's user guide ("Multiclass Receiver Operating Characteristic"), with points
//         at equal steps
#include "metric/cuts.h"

#include "metric/classes.h"

// Both read a curve at x = step / RB_MACRO_STEPS. Counts are compared as whole numbers: x times a count of pictures
// would miss a corner by a rounding, as 29/200 of 200 is less than 29.

// The true positives at a share of false ones: the most where the curve rises straight up, else on the line between two
// points.
static double roc_at(const rb_cuts *c, int step, int *from)
{
    int i = *from;
    double positives = (double)c->positives;
    int64_t wanted = step * c->negatives;
    while (i + 1 < c->count && c->at[i + 1].fp * RB_MACRO_STEPS <= wanted) i++;
    *from = i;
    double y = (double)c->at[i].tp / positives;
    if (i + 1 == c->count) return y;
    int64_t past = wanted - c->at[i].fp * RB_MACRO_STEPS, whole = (c->at[i + 1].fp - c->at[i].fp) * RB_MACRO_STEPS;
    return y + (double)past / (double)whole * (double)(c->at[i + 1].tp - c->at[i].tp) / positives;
}

// The precision at the highest threshold with this recall.
static double precision_at(const rb_cuts *c, int step, int *from)
{
    int i = *from > 0 ? *from : 1;
    while (i + 1 < c->count && c->at[i].tp * RB_MACRO_STEPS < step * c->positives) i++;
    *from = i;
    return (double)c->at[i].tp / (double)(c->at[i].tp + c->at[i].fp);
}

static rb_line mean_of(rb_arena *a, rb_class_scores s, double (*at)(const rb_cuts *c, int step, int *from))
{
    rb_line out = {RB_NEW(a, double, RB_MACRO_STEPS + 1), RB_NEW(a, double, RB_MACRO_STEPS + 1), 0};
    rb_arena *scratch = rb_arena_open();
    for (int k = 0; k < s.k; k++, rb_arena_reset(scratch)) {
        rb_cuts cuts = rb_cuts_of(scratch, rb_class_against_rest(scratch, s, k));
        int from = 0;
        if (rb_cuts_lack_class(&cuts)) break;
        for (int i = 0; i <= RB_MACRO_STEPS; i++) out.y[i] += at(&cuts, i, &from) / s.k;
        if (k == s.k - 1) out.count = RB_MACRO_STEPS + 1;
    }
    for (int i = 0; i <= RB_MACRO_STEPS; i++) out.x[i] = i / (double)RB_MACRO_STEPS;
    rb_arena_close(scratch);
    return out;
}

rb_line rb_class_macro_roc(rb_arena *a, rb_class_scores s)
{
    return mean_of(a, s, roc_at);
}

rb_line rb_class_macro_pr(rb_arena *a, rb_class_scores s)
{
    return mean_of(a, s, precision_at);
}
