// SPDX-License-Identifier: Apache-2.0
// score_sure.c - what is gained when a person looks at the pictures that the model is least sure of.
//
// Source: risk and coverage, El-Yaniv & Wiener, "On the foundations of noise-free selective classification", 2010
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>

#define POINTS 200

typedef struct sure {
    double far_off; // from another decision, in logits
    int label;
    bool wrong;
} sure;

// Pictures of k classes by how sure they are, the least first.
typedef struct ladder {
    sure *at;
    int n, k;
    const char *least; // "nearest to the threshold"
} ladder;

static double logit(double p)
{
    const double tiny = 1e-7;
    p = fmin(fmax(p, tiny), 1 - tiny);
    return log(p / (1 - p));
}

double rb_far_from(double score, double threshold)
{
    return fabs(logit(score) - logit(threshold));
}

// The difference of the two greatest logits is the logarithm of the ratio of their probabilities.
double rb_lead_of(const double *p, int k, int taken, int *second)
{
    const double tiny = 1e-30;
    *second = taken == 0;
    for (int c = 0; c < k; c++)
        if (c != taken && p[c] > p[*second]) *second = c;
    return log(fmax(p[taken], tiny)) - log(fmax(p[*second], tiny));
}

static int rising(const void *x, const void *y)
{
    double a = ((const sure *)x)->far_off, b = ((const sure *)y)->far_off;
    return (a > b) - (a < b);
}

static ladder ladder_of_two(rb_arena *a, const rb_result *r)
{
    ladder l = {RB_NEW(a, sure, r->scores.n), r->scores.n, 2, "nearest to the threshold"};
    for (int i = 0; i < l.n; i++) {
        double score = r->scores.score[i];
        int label = r->scores.label[i];
        l.at[i] = (sure){rb_far_from(score, r->threshold), label, (score >= r->threshold) != label};
    }
    qsort(l.at, (size_t)l.n, sizeof *l.at, rising);
    return l;
}

static ladder ladder_of_many(rb_arena *a, rb_class_scores s)
{
    ladder l = {RB_NEW(a, sure, s.n), s.n, s.k, "least sure"};
    for (int i = 0; i < l.n; i++) {
        const double *p = s.p + (ptrdiff_t)i * s.k;
        int taken = rb_class_taken(p, s.k), second;
        l.at[i] = (sure){rb_lead_of(p, s.k, taken, &second), s.label[i], taken != s.label[i]};
    }
    qsort(l.at, (size_t)l.n, sizeof *l.at, rising);
    return l;
}

// HTER when the first `looked_at` of them are decided by somebody who makes no mistake: their errors leave, they stay
// in the counts of their class.
static double hter_after(const ladder *l, int looked_at)
{
    rb_arena *scratch = rb_arena_open();
    double *wrong = RB_NEW(scratch, double, l->k), *count = RB_NEW(scratch, double, l->k), sum = 0;
    for (int i = 0; i < l->n; i++) {
        count[l->at[i].label]++;
        wrong[l->at[i].label] += i >= looked_at && l->at[i].wrong;
    }
    for (int c = 0; c < l->k; c++) sum += wrong[c] / count[c];
    rb_arena_close(scratch);
    return sum / l->k;
}

// The least number that has to be looked at for an HTER of at most `wanted`.
static int looks_for(const ladder *l, double wanted)
{
    int low = 0, high = l->n;
    while (low < high) { // HTER never rises with it
        int middle = low + (high - low) / 2;
        if (hter_after(l, middle) <= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static const char *read_coverage(rb_arena *a, const ladder *l)
{
    const double share = 0.05;
    int few = (int)ceil(share * l->n), half;
    double now = hter_after(l, 0), then = hter_after(l, few);
    if (now == 0) return "No decision is wrong: there is nothing that a second look could mend.";
    half = looks_for(l, now / 2);
    return rb_text_format(
        a,
        "If a person looked at the %s %s (%d) and made no mistake, HTER would be %s instead of %s. To halve it, %s "
        "would have to be looked at.",
        rb_percent(a, share), l->least, few, rb_percent(a, then), rb_percent(a, now),
        rb_percent(a, (double)half / l->n));
}

static void show(rb_page *p, const ladder *l)
{
    rb_arena *a = p->arena;
    if (isnan(hter_after(l, 0))) return;
    double *x = RB_NEW(a, double, POINTS + 1), *y = RB_NEW(a, double, POINTS + 1);
    for (int i = 0; i <= POINTS; i++) {
        int looked_at = (int)((int64_t)l->n * i / POINTS);
        x[i] = (double)looked_at / l->n;
        y[i] = hter_after(l, looked_at);
    }
    const char *reading = read_coverage(a, l);
    rb_series line = {.colour = RB_RUN_COLOUR, .x = x, .y = y, .count = POINTS + 1};
    rb_chart c = {.label = rb_text_format(a, "HTER over the share of pictures that a person looks at. %s", reading),
                  .x = {.label = "looked at by a person, %", .percent = true, .from = 0, .to = 1},
                  .y = {.label = "HTER of all, %", .percent = true, .from_zero = true},
                  .series = &line,
                  .series_count = 1,
                  .square = true};
    rb_page_figure(p, "With a second look", reading, rb_chart_svg(a, &c));
}

void rb_show_coverage(rb_page *p, const rb_result *r)
{
    ladder l = ladder_of_two(p->arena, r);
    show(p, &l);
}

void rb_show_class_coverage(rb_page *p, const rb_class_result *r)
{
    ladder l = ladder_of_many(p->arena, r->scores);
    show(p, &l);
}
