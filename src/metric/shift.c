// SPDX-License-Identifier: Apache-2.0
#include "metric/shift.h"

#include <math.h>

// ---- bins ---------------------------------------------------------------------------------------------------------

#define LOGIT_MOST 20.0 // beyond it all is one bin: a float is 1 from 16.6 on

static int bin_of(double score)
{
    double logit = log(score / (1 - score)); // -inf and inf at 0 and 1
    double at = (fmin(fmax(logit, -LOGIT_MOST), LOGIT_MOST) + LOGIT_MOST) * (RB_SKETCH_BINS / (2 * LOGIT_MOST));
    return at < RB_SKETCH_BINS ? (int)at : RB_SKETCH_BINS - 1;
}

void rb_sketch_add(rb_sketch *s, double score)
{
    int bin = bin_of(score);
    s->n++;
    s->count[bin]++;
    s->sum[bin] += score;
}

// One of the two sides: the mean score of each bin and what it weighs.
typedef struct side {
    double *score, *weight; // [RB_SKETCH_BINS]
} side;

static side side_new(rb_arena *a)
{
    return (side){RB_NEW(a, double, RB_SKETCH_BINS), RB_NEW(a, double, RB_SKETCH_BINS)};
}

static side side_of(rb_arena *a, const rb_sketch *s)
{
    side out = side_new(a);
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        out.weight[i] = (double)s->count[i];
        out.score[i] = s->count[i] ? s->sum[i] / (double)s->count[i] : 0;
    }
    return out;
}

static side side_of_record(rb_arena *a, const rb_score_record *r)
{
    rb_sketch *s = RB_NEW(a, rb_sketch, 1);
    for (int i = 0; i < r->count; i++) rb_sketch_add(s, r->quantile[i]);
    side out = side_of(a, s);
    for (int i = 0; i < RB_SKETCH_BINS; i++) out.weight[i] *= (double)r->n / r->count;
    return out;
}

// ---- how far apart --------------------------------------------------------------------------------------------------

// Q(x) = 2 sum (-1)^(k-1) exp(-2 k^2 x^2), or where that is slow 1 - sqrt(2 pi) / x sum exp(-(2k-1)^2 pi^2 / (8 x^2))
static double kolmogorov_tail(double x)
{
    double sum = 0;
    if (x < 0.1) return 1; // to the last bit
    if (x < 1) {
        for (int k = 1; k <= 9; k += 2) sum += exp(-k * k * M_PI * M_PI / (8 * x * x));
        return 1 - sqrt(2 * M_PI) / x * sum;
    }
    for (int k = 1; k <= 6; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return sum;
}

double rb_ks_p(double distance, double n, double m)
{
    double root = sqrt(n * m / (n + m));
    return kolmogorov_tail((root + 0.12 + 0.11 / root) * distance);
}

static double total(const double *weight)
{
    double sum = 0;
    for (int i = 0; i < RB_SKETCH_BINS; i++) sum += weight[i];
    return sum;
}

static double distance_of(const double *one, const double *two)
{
    double most = 0, below_one = 0, below_two = 0, of_one = total(one), of_two = total(two);
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        below_one += one[i] / of_one;
        below_two += two[i] / of_two;
        most = fmax(most, fabs(below_one - below_two));
    }
    return most;
}

// How many pictures of equal weight say as much: (sum w)^2 / sum w^2, where a bin of weight w stands for `each`.
static double pictures_in(const double *weight, const double *each)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        sum += weight[i];
        if (each[i] > 0) squares += weight[i] * weight[i] / each[i];
    }
    return sum * sum / squares;
}

// ---- which share ----------------------------------------------------------------------------------------------------

#define HALVINGS 100 // a double ends them earlier

typedef double rising(const void *context, double x);

// Where f is 0 between low and high; the end that is nearer to it where it is 0 nowhere.
static double root_of(rising *f, const void *context, double low, double high)
{
    for (int i = 0; i < HALVINGS; i++) {
        double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        if (f(context, middle) < 0)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static double with_odds(double p, double times)
{
    return p * times / (p * times + (1 - p));
}

static double odds_of(double share)
{
    return share / (1 - share);
}

typedef struct meaning {
    const side *was;
    double prior;
} meaning;

// By how much the mean probability of validation is above its share once all odds are multiplied by e^x.
static double above_share(const void *context, double x)
{
    const meaning *m = context;
    double sum = 0, all = 0;
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        sum += m->was->weight[i] * with_odds(m->was->score[i], exp(x));
        all += m->was->weight[i];
    }
    return sum / all - m->prior;
}

#define CORRECTION_MOST \
    log(1000.0) // of odds: what training's balance can have moved, and what perfect scores leave open

static double correction_of(const side *was, double prior)
{
    return exp(root_of(above_share, &(meaning){was, prior}, -CORRECTION_MOST, CORRECTION_MOST));
}

typedef struct likelihood {
    const side *here;
    double prior; // share of label 1 at which `here` has its probabilities
    double level; // for the ends of the interval
} likelihood;

// log L(q) / L(prior) = sum w log(q p / prior + (1 - q) (1 - p) / (1 - prior)), concave in q
static double log_likelihood(const likelihood *l, double q)
{
    double sum = 0;
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        double p = l->here->score[i];
        if (l->here->weight[i] > 0)
            sum += l->here->weight[i] * log(q * p / l->prior + (1 - q) * (1 - p) / (1 - l->prior));
    }
    return sum;
}

// Its derivative by q, downwards.
static double descent(const void *context, double q)
{
    const likelihood *l = context;
    double sum = 0;
    for (int i = 0; i < RB_SKETCH_BINS; i++) {
        if (l->here->weight[i] <= 0) continue;
        double one = l->here->score[i] / l->prior, zero = (1 - l->here->score[i]) / (1 - l->prior);
        sum -= l->here->weight[i] * (one - zero) / (q * one + (1 - q) * zero);
    }
    return sum;
}

static double above_level(const void *context, double q)
{
    const likelihood *l = context;
    return log_likelihood(l, q) - l->level;
}

static double below_level(const void *context, double q)
{
    return -above_level(context, q);
}

#define CHI_SQUARE_95 3.841458820694124 // of one degree of freedom

static void find_share(const side *here, double prior, rb_shift *out)
{
    likelihood l = {here, prior, 0};
    out->share = root_of(descent, &l, 0, 1);
    double best = log_likelihood(&l, out->share);
    l.level = best - CHI_SQUARE_95 / 2;
    out->share_at = (rb_interval){root_of(above_level, &l, 0, out->share), root_of(below_level, &l, out->share, 1)};
    out->share_p = erfc(sqrt(fmax(best, 0)));
}

// validation's density at another share: f (q p / prior + (1 - q) (1 - p) / (1 - prior))
static void find_rest(rb_arena *a, const side *here, const side *was, double prior, rb_shift *out)
{
    double *weight = RB_NEW(a, double, RB_SKETCH_BINS), q = out->share;
    for (int i = 0; i < RB_SKETCH_BINS; i++)
        weight[i] = was->weight[i] * (q * was->score[i] / prior + (1 - q) * (1 - was->score[i]) / (1 - prior));
    out->rest = distance_of(here->weight, weight);
    out->rest_p = rb_ks_p(out->rest, (double)out->n, pictures_in(weight, was->weight));
}

static void correct(side *s, double times)
{
    for (int i = 0; i < RB_SKETCH_BINS; i++) s->score[i] = with_odds(s->score[i], times);
}

void rb_shift_of(rb_arena *scratch, const rb_sketch *here, const rb_score_record *was, rb_shift *out)
{
    side now = side_of(scratch, here), then = side_of_record(scratch, was);
    *out = (rb_shift){.n = here->n, .share = NAN, .share_at = {NAN, NAN}, .share_p = NAN, .rest = NAN, .rest_p = NAN};
    out->distance = distance_of(now.weight, then.weight);
    out->p = rb_ks_p(out->distance, (double)here->n, was->n);
    out->times = out->odds = NAN;
    if (isnan(was->prior)) return;
    out->times = correction_of(&then, was->prior);
    correct(&now, out->times);
    correct(&then, out->times);
    find_share(&now, was->prior, out);
    find_rest(scratch, &now, &then, was->prior, out);
    // A share of exactly 0 or 1 would leave no probability between: half a picture does.
    double least = 0.5 / (double)here->n, share = fmin(fmax(out->share, least), 1 - least);
    out->odds = out->times * odds_of(share) / odds_of(was->prior);
}

double rb_shift_probability(const rb_shift *s, double p)
{
    return with_odds(p, s->odds);
}

double rb_shift_corrected(const rb_shift *s, double p)
{
    return with_odds(p, s->times);
}
