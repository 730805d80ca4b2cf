// SPDX-License-Identifier: Apache-2.0
// score_sure.c - what is gained when a person looks at the pictures that the model is least sure of.
//
// Source: risk and coverage, El-Yaniv & Wiener, "On the foundations of noise-free selective classification", 2010
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>

#define POINTS 200

typedef struct sure {
    double far_off; // from the threshold, in logits
    int label;
    bool wrong;
} sure;

static double logit(double p)
{
    const double tiny = 1e-7;
    p = fmin(fmax(p, tiny), 1 - tiny);
    return log(p / (1 - p));
}

static int rising(const void *x, const void *y)
{
    double a = ((const sure *)x)->far_off, b = ((const sure *)y)->far_off;
    return (a > b) - (a < b);
}

static sure *sorted(rb_arena *a, const rb_result *r)
{
    sure *all = RB_NEW(a, sure, r->scores.n);
    for (int i = 0; i < r->scores.n; i++) {
        double score = r->scores.score[i];
        int label = r->scores.label[i];
        all[i] = (sure){fabs(logit(score) - logit(r->threshold)), label, (score >= r->threshold) != label};
    }
    qsort(all, (size_t)r->scores.n, sizeof *all, rising);
    return all;
}

// HTER when the first `looked_at` of them are decided by somebody who makes no mistake: their errors leave, they stay
// in the counts of their class.
static double hter_after(const sure *all, int n, int looked_at)
{
    double wrong[2] = {0}, count[2] = {0};
    for (int i = 0; i < n; i++) {
        count[all[i].label]++;
        wrong[all[i].label] += i >= looked_at && all[i].wrong;
    }
    return (wrong[0] / count[0] + wrong[1] / count[1]) / 2;
}

// The least number that has to be looked at for an HTER of at most `wanted`.
static int looks_for(const sure *all, int n, double wanted)
{
    int low = 0, high = n;
    while (low < high) { // HTER never rises with it
        int middle = low + (high - low) / 2;
        if (hter_after(all, n, middle) <= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static const char *read_coverage(rb_arena *a, const sure *all, int n)
{
    const double share = 0.05;
    int few = (int)ceil(share * n), half;
    double now = hter_after(all, n, 0), then = hter_after(all, n, few);
    if (now == 0) return "No decision is wrong: there is nothing that a second look could mend.";
    half = looks_for(all, n, now / 2);
    return rb_text_format(
        a,
        "If a person looked at the %s nearest to the threshold (%d) and made no mistake, HTER would be %s "
        "instead of %s. To halve it, %s would have to be looked at.",
        rb_percent(a, share), few, rb_percent(a, then), rb_percent(a, now), rb_percent(a, (double)half / n));
}

void rb_show_coverage(rb_page *p, const rb_result *r)
{
    rb_arena *a = p->arena;
    int n = r->scores.n;
    const sure *all = sorted(a, r);
    if (isnan(hter_after(all, n, 0))) return;
    double *x = RB_NEW(a, double, POINTS + 1), *y = RB_NEW(a, double, POINTS + 1);
    for (int i = 0; i <= POINTS; i++) {
        int looked_at = (int)((int64_t)n * i / POINTS);
        x[i] = (double)looked_at / n;
        y[i] = hter_after(all, n, looked_at);
    }
    const char *reading = read_coverage(a, all, n);
    rb_series line = {.colour = RB_RUN_COLOUR, .x = x, .y = y, .count = POINTS + 1};
    rb_chart c = {.label = rb_text_format(a, "HTER over the share of pictures that a person looks at. %s", reading),
                  .x = {.label = "looked at by a person, %", .percent = true, .from = 0, .to = 1},
                  .y = {.label = "HTER of all, %", .percent = true, .from_zero = true},
                  .series = &line,
                  .series_count = 1,
                  .square = true};
    rb_page_figure(p, "With a second look", reading, rb_chart_svg(a, &c));
}
