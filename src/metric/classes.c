// SPDX-License-Identifier: Apache-2.0
// classes.c - every number about one set of K probabilities a picture.
#include "metric/classes.h"

#include "metric/bins.h"
#include "metric/taken.h"

#include <math.h>

int rb_class_taken(const double *p, int k)
{
    int best = 0;
    for (int c = 1; c < k; c++)
        if (p[c] > p[best]) best = c;
    return best;
}

rb_scores rb_class_against_rest(rb_arena *a, rb_class_scores s, int c)
{
    double *score = RB_NEW(a, double, s.n);
    int *label = RB_NEW(a, int, s.n);
    for (int i = 0; i < s.n; i++) {
        score[i] = s.p[(ptrdiff_t)i * s.k + c];
        label[i] = s.label[i] == c;
    }
    return (rb_scores){score, label, s.n};
}

// (c s - sum p t) / sqrt((s² - sum p²)(s² - sum t²)): c right of s pictures, t of a class, p taken for it
static double correlation(const int64_t *labelled, const int64_t *taken, int64_t right, int n, int k)
{
    double all = (double)n * n, both = 0, squares = 0, truths = 0;
    for (int c = 0; c < k; c++) {
        double p = (double)taken[c], t = (double)labelled[c];
        both += p * t;
        squares += p * p;
        truths += t * t;
    }
    double below = sqrt(all - squares) * sqrt(all - truths);
    return below > 0 ? ((double)right * n - both) / below : 0;
}

rb_class_decision rb_class_decision_of(rb_arena *scratch, const int64_t *confusion, int k, rb_class_rates *of)
{
    int64_t *labelled = RB_NEW(scratch, int64_t, k), *taken = RB_NEW(scratch, int64_t, k), right = 0, n = 0;
    rb_class_decision d = {0};
    for (int y = 0; y < k; y++)
        for (int c = 0; c < k; c++) {
            labelled[y] += confusion[y * k + c];
            taken[c] += confusion[y * k + c];
        }
    for (int c = 0; c < k; c++) {
        right += confusion[c * k + c];
        n += labelled[c];
        of[c] = rb_class_rates_of(confusion[c * k + c], taken[c], labelled[c]);
        d.macro_precision += of[c].precision / k;
        d.macro_recall += of[c].recall / k;
        d.macro_f1 += of[c].f1 / k;
        d.weighted_f1 += of[c].f1 * (double)labelled[c];
    }
    d.weighted_f1 /= (double)n;
    d.accuracy = (double)right / (double)n;
    d.mcc = correlation(labelled, taken, right, (int)n, k);
    return d;
}

static void add_decision(rb_arena *a, rb_class_summary *out, rb_class_scores s)
{
    int64_t *confusion = RB_NEW(a, int64_t, (ptrdiff_t)s.k * s.k);
    for (int i = 0; i < s.n; i++) confusion[s.label[i] * s.k + rb_class_taken(s.p + (ptrdiff_t)i * s.k, s.k)]++;
    rb_class_rates *of = RB_NEW(a, rb_class_rates, s.k);
    rb_class_decision d = rb_class_decision_of(a, confusion, s.k, of);
    out->confusion = confusion;
    out->accuracy = d.accuracy;
    out->macro_precision = d.macro_precision;
    out->macro_recall = d.macro_recall;
    out->macro_f1 = d.macro_f1;
    out->weighted_f1 = d.weighted_f1;
    out->hter = 1 - d.macro_recall;
    out->mcc = d.mcc;
    for (int c = 0; c < s.k; c++) {
        out->of[c].rates = of[c];
        out->of[c].recall_interval = rb_wilson(confusion[c * s.k + c], of[c].support);
    }
}

static void add_rankings(rb_class_summary *out, rb_class_scores s)
{
    rb_arena *scratch = rb_arena_open();
    for (int c = 0; c < s.k; c++) {
        rb_scores one = rb_class_against_rest(scratch, s, c);
        out->of[c].roc_auc = rb_roc_auc(scratch, one);
        out->of[c].average_precision = rb_average_precision(scratch, one);
        out->roc_auc += out->of[c].roc_auc / s.k;
        out->average_precision += out->of[c].average_precision / s.k;
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
}

static void add_calibration(rb_class_summary *out, rb_class_scores s)
{
    rb_bins bins = {0};
    for (int i = 0; i < s.n; i++) {
        const double *p = s.p + (ptrdiff_t)i * s.k;
        int taken = rb_class_taken(p, s.k);
        double sum = 0;
        for (int c = 0; c < s.k; c++) sum += p[c];
        for (int c = 0; c < s.k; c++) {
            double miss = p[c] / sum - (c == s.label[i]);
            out->brier += miss * miss / s.n;
        }
        out->log_loss += rb_surprise(1, p[s.label[i]] / sum) / s.n;
        rb_bins_add(&bins, p[taken] / sum, taken == s.label[i]);
    }
    out->ece = rb_bins_error(&bins);
}

rb_class_summary rb_class_summarise(rb_arena *a, rb_class_scores s)
{
    rb_class_summary out = {.n = s.n, .k = s.k, .of = RB_NEW(a, rb_class_figures, s.k)};
    add_decision(a, &out, s);
    add_rankings(&out, s);
    add_calibration(&out, s);
    return out;
}
