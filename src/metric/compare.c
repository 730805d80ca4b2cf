// SPDX-License-Identifier: Apache-2.0
// compare.c - two judges of the same pictures.
//
// Source: DeLong et al., 1988, for the areas; resamples draw the same pictures for both
#include "metric/compare.h"

#include "metric/delong.h"
#include "metric/resample.h"

#include <math.h>

// ---- McNemar
// ---------------------------------------------------------------------------------------------------------

// 2 P(X <= fewer) for X of n fair coins.
static double exact_p(int64_t fewer, int64_t n)
{
    double sum = 0, halves = (double)n * log(2);
    for (int64_t i = 0; i <= fewer; i++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) - lgamma((double)(n - i) + 1) - halves);
    return fmin(2 * sum, 1);
}

rb_mcnemar rb_mcnemar_test(int64_t ours, int64_t theirs)
{
    int64_t n = ours + theirs, apart = ours > theirs ? ours - theirs : theirs - ours;
    rb_mcnemar m = {.ours = ours, .theirs = theirs, .exact = n <= RB_MCNEMAR_EXACT};
    m.p = m.exact ? exact_p(ours < theirs ? ours : theirs, n)
                  : erfc(fabs((double)apart - 1) / sqrt(2 * (double)n)); // chi-square of one degree
    return m;
}

static void count_discordant(rb_comparison *c, rb_scores ours, double our_threshold, rb_scores theirs,
                             double their_threshold)
{
    int64_t alone[2][2] = {{0}}; // [label][whose]
    for (int i = 0; i < ours.n; i++) {
        int label = ours.label[i];
        bool our_right = (ours.score[i] >= our_threshold) == label;
        bool their_right = (theirs.score[i] >= their_threshold) == label;
        if (our_right != their_right) alone[label][their_right]++;
    }
    c->all = rb_mcnemar_test(alone[0][0] + alone[1][0], alone[0][1] + alone[1][1]);
    for (int k = 0; k < 2; k++) c->of[k] = rb_mcnemar_test(alone[k][0], alone[k][1]);
}

// ---- areas
// -----------------------------------------------------------------------------------------------------------

static void compare_areas(rb_comparison *c, rb_arena *scratch, rb_scores ours, rb_scores theirs)
{
    rb_placements x = rb_placements_of(scratch, ours), y = rb_placements_of(scratch, theirs);
    double own = rb_placements_covariance(&x, &x, ours.label, ours.n);
    double other = rb_placements_covariance(&y, &y, ours.label, ours.n);
    double variance = own + other - 2 * rb_placements_covariance(&x, &y, ours.label, ours.n);
    double apart = x.auc - y.auc;
    if (variance < 0) variance = 0; // by rounding: both rank alike
    c->delong = (rb_difference){apart, rb_normal_interval(apart, variance)};
    c->delong_p = apart == 0 && variance == 0 ? 1 : erfc(fabs(apart) / sqrt(2 * variance));
}

// ---- resamples
// -------------------------------------------------------------------------------------------------------

typedef struct both {
    rb_weighable of[2];
} both;

static void weigh_both(const void *judged, const uint32_t *weight, double *out)
{
    const both *b = judged;
    double figures[2][RB_RESAMPLED];
    for (int i = 0; i < 2; i++) rb_weigh(&b->of[i], weight, figures[i]);
    out[0] = figures[0][RB_HTER] - figures[1][RB_HTER];
    out[1] = figures[0][RB_ROC_AUC] - figures[1][RB_ROC_AUC];
}

static void resample(rb_comparison *c, rb_arena *scratch, const rb_scores *s, const double *threshold,
                     const rb_bootstrap *b)
{
    rb_interval at[2] = {{NAN, NAN}, {NAN, NAN}};
    if (b->resamples) {
        both judged;
        rb_units u = rb_units_of(scratch, s[0].label, b->group, s[0].n, 2);
        for (int i = 0; i < 2; i++) judged.of[i] = rb_weighable_of(scratch, s[i], threshold[i], &u);
        rb_resample(&u, b->resamples, weigh_both, &judged, 2, at);
    }
    c->hter_bootstrap = (rb_difference){c->hter[0] - c->hter[1], at[0]};
    c->auc_bootstrap = (rb_difference){c->auc[0] - c->auc[1], at[1]};
}

rb_comparison rb_compare(rb_scores ours, double our_threshold, rb_scores theirs, double their_threshold,
                         const rb_bootstrap *b)
{
    const rb_scores s[2] = {ours, {theirs.score, ours.label, ours.n}};
    const double threshold[2] = {our_threshold, their_threshold};
    const rb_difference unsaid = {NAN, {NAN, NAN}};
    rb_arena *scratch = rb_arena_open();
    rb_comparison c = {.resamples = b->resamples, .delong = unsaid, .delong_p = NAN};
    for (int i = 0; i < 2; i++) {
        c.hter[i] = rb_rates_of(rb_confusion_at(s[i], threshold[i])).hter;
        c.auc[i] = rb_roc_auc(scratch, s[i]);
    }
    count_discordant(&c, ours, our_threshold, theirs, their_threshold);
    if (!b->group) compare_areas(&c, scratch, s[0], s[1]);
    if (isnan(c.auc[0]))
        c.hter_bootstrap = c.auc_bootstrap = unsaid;
    else
        resample(&c, scratch, s, threshold, b);
    rb_arena_close(scratch);
    return c;
}
