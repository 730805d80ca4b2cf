// SPDX-License-Identifier: Apache-2.0
// threshold.c - rules that choose where to cut: a table of them, each one walk over the cuts.
//
// Source: Elkan, "The foundations of cost-sensitive learning", 2001, for costs; ISO/IEC 19795-1 for far<=X
#include "metric/threshold.h"

#include "metric/cuts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rb_threshold_kind {
    const char *name;
    bool limited; // a limit follows the name
    const rb_cut *(*pick)(const rb_cuts *cuts, const rb_threshold_rule *rule);
};

static double hter_at(const rb_cuts *cuts, const rb_cut *c)
{
    rb_confusion counts = {.tp = c->tp, .fp = c->fp, .tn = cuts->negatives - c->fp, .fn = cuts->positives - c->tp};
    return rb_rates_of(counts).hter;
}

// The cut with the least cost; integers, in which ties are exact.
static const rb_cut *least(const rb_cuts *cuts, int64_t (*cost)(const rb_cuts *cuts, const rb_cut *c))
{
    const rb_cut *best = cuts->at + 1;
    for (const rb_cut *c = best + 1; c < cuts->at + cuts->count; c++)
        if (cost(cuts, c) < cost(cuts, best)) best = c;
    return best;
}

// fp/N + fn/P in units of 1/(P*N)
static int64_t half_errors(const rb_cuts *cuts, const rb_cut *c)
{
    return c->fp * cuts->positives + (cuts->positives - c->tp) * cuts->negatives;
}

static const rb_cut *by_hter(const rb_cuts *cuts, const rb_threshold_rule *rule)
{
    (void)rule;
    return least(cuts, half_errors);
}

static int64_t distance(const rb_cuts *cuts, const rb_cut *c)
{
    return llabs(rb_cut_balance(cuts, c));
}

static const rb_cut *by_eer(const rb_cuts *cuts, const rb_threshold_rule *rule)
{
    (void)rule;
    return least(cuts, distance);
}

static const rb_cut *by_far(const rb_cuts *cuts, const rb_threshold_rule *rule)
{
    const rb_cut *c = rb_cuts_at_far(cuts, rule->far);
    return c == cuts->at ? c + 1 : c;
}

// Costs are any numbers: what differs by rounding alone is a tie.
static const rb_cut *by_cost(const rb_cuts *cuts, const rb_threshold_rule *rule)
{
    double p = (double)cuts->positives, n = (double)cuts->negatives;
    double prior = isnan(rule->keys.prior) ? p / (p + n) : rule->keys.prior;
    double accept = rule->keys.cost_fa * (1 - prior) / n, reject = rule->keys.cost_fr * prior / p, lowest = INFINITY;
    const rb_cut *best = cuts->at + 1;
    for (const rb_cut *c = best; c < cuts->at + cuts->count; c++) {
        double cost = accept * (double)c->fp + reject * (p - (double)c->tp);
        if (cost >= lowest * (1 - 1e-12)) continue;
        lowest = cost;
        best = c;
    }
    return best;
}

// F1 = 2 tp / (tp + fp + P), compared crosswise
static const rb_cut *by_f1(const rb_cuts *cuts, const rb_threshold_rule *rule)
{
    (void)rule;
    const rb_cut *best = cuts->at + 1;
    for (const rb_cut *c = best + 1; c < cuts->at + cuts->count; c++)
        if (c->tp * (best->tp + best->fp + cuts->positives) > best->tp * (c->tp + c->fp + cuts->positives)) best = c;
    return best;
}

static const struct rb_threshold_kind kinds[] = {
    {"hter", false, by_hter}, {"eer", false, by_eer}, {"far<=", true, by_far},
    {"cost", false, by_cost}, {"f1", false, by_f1},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

#define AT(member) offsetof(rb_threshold_keys, member)
const rb_field rb_threshold_fields[] = {
    {"threshold_rule", RB_TEXT, AT(text), .preset_text = "hter",
     .help = "what the threshold makes best on validation: hter, eer, far<=X (in quotes in a shell), cost, f1"},
    {"threshold_cost_fa", RB_REAL, AT(cost_fa), .preset = 1, .min = 0, .max = 1e9,
     .help = "for threshold_rule cost: what accepting a picture of label 0 costs"},
    {"threshold_cost_fr", RB_REAL, AT(cost_fr), .preset = 1, .min = 0, .max = 1e9,
     .help = "for threshold_rule cost: what rejecting a picture of label 1 costs"},
    {"threshold_prior", RB_REAL, AT(prior), .preset = NAN, .min = 0, .max = 1, .optional = true,
     .help = "for threshold_rule cost: share of label 1 where the model will be used; null: that of the data"},
    {0},
};
#undef AT

static bool read_limit(const char *text, double *far, rb_error *err)
{
    char *end;
    *far = strtod(text, &end);
    if (end > text && !*end && *far >= 0 && *far <= 1) return true;
    return rb_fail(err, RB_ERR_USAGE, "threshold_rule: far<=%s: the limit is a rate, 0 to 1, as in far<=0.01", text);
}

bool rb_threshold_rule_read(const rb_threshold_keys *keys, rb_threshold_rule *out, rb_error *err)
{
    const struct rb_threshold_kind *k = kinds;
    *out = (rb_threshold_rule){.keys = *keys};
    while (k < kinds + KINDS &&
           (k->limited ? strncmp(k->name, keys->text, strlen(k->name)) : strcmp(k->name, keys->text)))
        k++;
    if (k == kinds + KINDS)
        return rb_fail(err, RB_ERR_USAGE, "threshold_rule: there is no '%.40s'; it is hter, eer, far<=X, cost or f1",
                       keys->text);
    out->kind = k;
    if (k->pick == by_cost && keys->cost_fa == 0 && keys->cost_fr == 0)
        return rb_fail(err, RB_ERR_USAGE, "threshold_rule: cost: threshold_cost_fa and threshold_cost_fr are both 0");
    return !k->limited || read_limit(keys->text + strlen(k->name), &out->far, err);
}

rb_threshold rb_threshold_pick(rb_arena *scratch, rb_scores s, const rb_threshold_rule *rule)
{
    rb_cuts cuts = rb_cuts_of(scratch, s);
    if (rb_cuts_lack_class(&cuts)) return (rb_threshold){NAN, NAN};
    const rb_cut *best = rule->kind->pick(&cuts, rule);
    return (rb_threshold){best->threshold, hter_at(&cuts, best)};
}

rb_threshold rb_best_hter(rb_arena *scratch, rb_scores s)
{
    return rb_threshold_pick(scratch, s, &(rb_threshold_rule){.kind = &kinds[0]});
}
