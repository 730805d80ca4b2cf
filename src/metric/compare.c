// SPDX-License-Identifier: Apache-2.0
// compare.c - two judges of the same pictures.
//
// Source: DeLong et al., 1988, for two areas; resamples draw the same pictures for both
#include "metric/compare.h"

#include "metric/delong.h"
#include "metric/taken.h"

#include <math.h>

static const rb_difference unsaid = {NAN, {NAN, NAN}};

// ---- McNemar ------------------------------------------------------------------------------------------------------

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
    bool exact = n <= RB_MCNEMAR_EXACT;
    rb_mcnemar m = {.ours = ours, .theirs = theirs, .kind = exact ? RB_BINOMIAL : RB_CHI_SQUARE};
    m.p = exact ? exact_p(ours < theirs ? ours : theirs, n)
                : erfc(fabs((double)apart - 1) / sqrt(2 * (double)n)); // chi-square of one degree
    return m;
}

// Which pictures a judge has right.
typedef struct rights {
    const int *label, *group; // [n]; group NULL: pictures are independent
    const bool *ours, *theirs;
    int n, groups;
} rights;

// Over pictures of one label, or of all where it is -1.
static rb_mcnemar test_label(const rights *r, int label)
{
    int64_t alone[2] = {0};
    rb_arena *scratch = rb_arena_open();
    double *apart = RB_NEW(scratch, double, r->groups), sum = 0, squares = 0;
    for (int i = 0; i < r->n; i++) {
        if ((label >= 0 && r->label[i] != label) || r->ours[i] == r->theirs[i]) continue;
        alone[r->theirs[i]]++;
        if (r->group) apart[r->group[i]] += r->ours[i] ? 1 : -1;
    }
    rb_mcnemar m = rb_mcnemar_test(alone[0], alone[1]);
    for (int g = 0; g < r->groups; g++) {
        sum += apart[g];
        squares += apart[g] * apart[g];
    }
    rb_arena_close(scratch);
    if (!r->group) return m;
    m.kind = RB_BY_GROUP;
    m.p = squares > 0 ? erfc(fabs(sum) / sqrt(2 * squares)) : 1;
    return m;
}

static void test_discordant(rb_arena *a, rb_comparison *c, rights r)
{
    rb_mcnemar *of = RB_NEW(a, rb_mcnemar, c->k);
    for (int i = 0; r.group && i < r.n; i++)
        if (r.group[i] >= r.groups) r.groups = r.group[i] + 1;
    c->all = test_label(&r, -1);
    for (int label = 0; label < c->k; label++) of[label] = test_label(&r, label);
    c->of = of;
}

static const bool *rights_at(rb_arena *scratch, rb_scores s, double threshold)
{
    bool *right = RB_NEW(scratch, bool, s.n);
    for (int i = 0; i < s.n; i++) right[i] = (s.score[i] >= threshold) == s.label[i];
    return right;
}

// ---- areas --------------------------------------------------------------------------------------------------------

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

// ---- two classes --------------------------------------------------------------------------------------------------

typedef struct both {
    rb_weighable of[2];
} both;

static void weigh_both(const void *judged, const uint32_t *weight, double *out)
{
    const both *b = judged;
    rb_confusion at[2];
    out[1] = rb_weigh_auc(&b->of[0], weight, &at[0]) - rb_weigh_auc(&b->of[1], weight, &at[1]);
    out[0] = rb_rates_of(at[0]).hter - rb_rates_of(at[1]).hter;
}

static void resample(rb_comparison *c, rb_arena *scratch, const rb_scores *s, const double *threshold,
                     const rb_bootstrap *b)
{
    rb_interval at[2] = {{NAN, NAN}, {NAN, NAN}};
    if (b->resamples) {
        both judged;
        rb_units u = rb_units_of(scratch, s[0].label, b->group, s[0].n, 2);
        for (int i = 0; i < 2; i++) judged.of[i] = rb_ranks_of(scratch, s[i], threshold[i], &u);
        rb_resample(&u, b->resamples, weigh_both, &judged, 2, at);
    }
    c->hter_bootstrap = (rb_difference){c->hter[0] - c->hter[1], at[0]};
    c->auc_bootstrap = (rb_difference){c->auc[0] - c->auc[1], at[1]};
}

rb_comparison rb_compare(rb_arena *a, rb_scores ours, double our_threshold, rb_scores theirs, double their_threshold,
                         const rb_bootstrap *b)
{
    const rb_scores s[2] = {ours, {theirs.score, ours.label, ours.n}};
    const double threshold[2] = {our_threshold, their_threshold};
    rb_arena *scratch = rb_arena_open();
    rb_comparison c = {.k = 2, .resamples = b->resamples, .delong = unsaid, .delong_p = NAN};
    for (int i = 0; i < 2; i++) {
        c.hter[i] = rb_rates_of(rb_confusion_at(s[i], threshold[i])).hter;
        c.auc[i] = rb_roc_auc(scratch, s[i]);
    }
    test_discordant(a, &c,
                    (rights){.label = ours.label,
                             .group = b->group,
                             .ours = rights_at(scratch, s[0], our_threshold),
                             .theirs = rights_at(scratch, s[1], their_threshold),
                             .n = ours.n});
    if (!b->group) compare_areas(&c, scratch, s[0], s[1]);
    if (isnan(c.auc[0]))
        c.hter_bootstrap = c.auc_bootstrap = unsaid;
    else
        resample(&c, scratch, s, threshold, b);
    rb_arena_close(scratch);
    return c;
}

// ---- more than two ------------------------------------------------------------------------------------------------

typedef struct judge {
    const int *taken; // [n]
    rb_weighable *of; // [k] each class against the rest
} judge;

typedef struct judges {
    int n, k;
    const int *label, *unit; // [n]
    judge of[2];
} judges;

static const int *taken_by(rb_arena *scratch, rb_class_scores s)
{
    int *taken = RB_NEW(scratch, int, s.n);
    for (int i = 0; i < s.n; i++) taken[i] = rb_class_taken(s.p + (ptrdiff_t)i * s.k, s.k);
    return taken;
}

static const bool *rights_of(rb_arena *scratch, const int *taken, rb_class_scores s)
{
    bool *right = RB_NEW(scratch, bool, s.n);
    for (int i = 0; i < s.n; i++) right[i] = taken[i] == s.label[i];
    return right;
}

// The difference of the mean recalls is the mean difference of the hits of each class.
static void weigh_judges(const void *judged, const uint32_t *weight, double *out)
{
    const judges *j = judged;
    rb_arena *scratch = rb_arena_open();
    double *all = RB_NEW(scratch, double, j->k), *apart = RB_NEW(scratch, double, j->k);
    for (int i = 0; i < j->n; i++) {
        int label = j->label[i];
        double w = weight[j->unit[i]];
        all[label] += w;
        apart[label] += w * ((j->of[0].taken[i] == label) - (j->of[1].taken[i] == label));
    }
    out[0] = out[1] = 0;
    for (int c = 0; c < j->k; c++) {
        out[0] -= apart[c] / all[c] / j->k;
        out[1] += (rb_weigh_auc(&j->of[0].of[c], weight, NULL) - rb_weigh_auc(&j->of[1].of[c], weight, NULL)) / j->k;
    }
    rb_arena_close(scratch);
}

static void resample_judges(rb_comparison *c, rb_arena *scratch, judges *j, const rb_class_scores *s,
                            const rb_bootstrap *b)
{
    rb_interval at[2] = {{NAN, NAN}, {NAN, NAN}};
    if (b->resamples) {
        rb_units u = rb_units_of(scratch, j->label, b->group, j->n, j->k);
        j->unit = u.of_row;
        for (int i = 0; i < 2; i++) {
            j->of[i].of = RB_NEW(scratch, rb_weighable, j->k);
            rb_classes_ranked(scratch, s[i], &u, j->of[i].of);
        }
        rb_resample(&u, b->resamples, weigh_judges, j, 2, at);
    }
    c->hter_bootstrap = (rb_difference){c->hter[0] - c->hter[1], at[0]};
    c->auc_bootstrap = (rb_difference){c->auc[0] - c->auc[1], at[1]};
}

rb_comparison rb_class_compare(rb_arena *a, rb_class_scores ours, rb_class_scores theirs, const rb_bootstrap *b)
{
    const rb_class_scores s[2] = {ours, {theirs.p, ours.label, ours.n, ours.k}};
    rb_arena *scratch = rb_arena_open();
    rb_comparison c = {.k = ours.k, .resamples = b->resamples, .delong = unsaid, .delong_p = NAN};
    judges j = {.n = ours.n, .k = ours.k, .label = ours.label};
    for (int i = 0; i < 2; i++) {
        rb_class_summary m = rb_class_summarise(scratch, s[i]);
        c.hter[i] = m.hter;
        c.auc[i] = m.roc_auc;
        j.of[i].taken = taken_by(scratch, s[i]);
    }
    test_discordant(a, &c,
                    (rights){.label = ours.label,
                             .group = b->group,
                             .ours = rights_of(scratch, j.of[0].taken, s[0]),
                             .theirs = rights_of(scratch, j.of[1].taken, s[1]),
                             .n = ours.n});
    c.hter_bootstrap = c.auc_bootstrap = unsaid;
    if (!isnan(c.hter[0])) resample_judges(&c, scratch, &j, s, b);
    rb_arena_close(scratch);
    return c;
}
