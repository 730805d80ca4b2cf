// SPDX-License-Identifier: Apache-2.0
#include "loss/weighted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

rb_weighted *rb_weighted_new(rb_arena *a, int classes)
{
    rb_weighted *w = RB_NEW(a, rb_weighted, 1);
    *w = (rb_weighted){RB_NEW(a, double, classes), RB_NEW(a, double, classes), 0};
    for (int c = 0; c < classes; c++) w->weight[c] = 1;
    return w;
}

// What a class adds to the loss, and its derivative by log p. A class without a share adds nothing, whatever its p.
typedef struct term {
    double loss, slope;
} term;

// l = -m q^gamma log p,  dl/dlog p = -m q^gamma (1 - gamma p log p / q)  where m = w t, q = 1 - p, log p / q -> -1 at 1
static term term_of(double m, double gamma, double log_p, double q)
{
    if (m == 0) return (term){0, 0};
    double factor = m * pow(q, gamma), ratio = q > 0 ? log_p / q : -1;
    return (term){-factor * log_p, -factor * (1 - gamma * exp(log_p) * ratio)};
}

static double row_of_one(const rb_weighted *w, double logit, double target, double *grad)
{
    double z = logit + w->shift[1] - w->shift[0], p = rb_sigmoid(z), q = rb_sigmoid(-z);
    term one = term_of(w->weight[1] * target, w->gamma, -rb_softplus(-z), q);
    term zero = term_of(w->weight[0] * (1 - target), w->gamma, -rb_softplus(z), p);
    *grad = one.slope * q - zero.slope * p;
    return one.loss + zero.loss;
}

static int largest(const rb_weighted *w, const double *logit, int k)
{
    int best = 0;
    for (int c = 1; c < k; c++)
        if (logit[c] + w->shift[c] > logit[best] + w->shift[best]) best = c;
    return best;
}

// log p_c = z_c - top - log(1 + rest), where rest sums e^(z - top) over all classes but the top one: no small loss is
// the difference of large numbers. dl/dz_c = s_c q_c - p_c (sum of the other s), s the slopes by log p.
double rb_weighted_row(const void *cfg, const double *logit, const double *target, int k, double *grad)
{
    const rb_weighted *w = cfg;
    if (k == 1) return row_of_one(w, *logit, *target, grad);
    int best = largest(w, logit, k);
    double top = logit[best] + w->shift[best], rest = 0, sum = 0, slopes = 0;
    for (int c = 0; c < k; c++)
        if (c != best) rest += exp(logit[c] + w->shift[c] - top);
    for (int c = 0; c < k; c++) {
        double log_p = logit[c] + w->shift[c] - top - log1p(rest);
        term t = term_of(w->weight[c] * target[c], w->gamma, log_p, -expm1(log_p));
        sum += t.loss;
        slopes += grad[c] = t.slope;
    }
    for (int c = 0; c < k; c++) {
        double log_p = logit[c] + w->shift[c] - top - log1p(rest), others = slopes - grad[c];
        grad[c] = grad[c] * -expm1(log_p) - exp(log_p) * others;
    }
    return sum;
}

double rb_weighted_mass(const void *cfg, const double *target, int k)
{
    const rb_weighted *w = cfg;
    if (k == 1) return w->weight[1] * target[0] + w->weight[0] * (1 - target[0]);
    double sum = 0;
    for (int c = 0; c < k; c++) sum += w->weight[c] * target[c];
    return sum;
}

double rb_weighted_shift(const void *cfg, int class)
{
    const rb_weighted *w = cfg;
    return log(w->weight[class]) - w->shift[class];
}

bool rb_factor_read(const char *text, const char *end, double *out)
{
    char copy[64], *stop;
    snprintf(copy, sizeof copy, "%.*s", (int)(end - text), text);
    *out = strtod(copy, &stop);
    bool whole = stop > copy && !*stop && strlen(copy) == (size_t)(end - text);
    return whole && *out >= 1e-6 && *out <= 1e6;
}
