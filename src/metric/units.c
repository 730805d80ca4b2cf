// SPDX-License-Identifier: Apache-2.0
// units.c - what a bootstrap draws, and the drawing.
#include "metric/resample.h"

#include "base/parallel.h"
#include "base/rng.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- strata -------------------------------------------------------------------------------------------------------

static int count_groups(const int *group, int n)
{
    int count = 0;
    for (int i = 0; i < n; i++)
        if (group[i] >= count) count = group[i] + 1;
    return count;
}

// The label that all rows of a group have, or k.
static int *labels_of_groups(rb_arena *a, const int *label, const int *group, int n, int k, int groups)
{
    int *of = RB_NEW(a, int, groups);
    for (int g = 0; g < groups; g++) of[g] = -1;
    for (int i = 0; i < n; i++) {
        int *mine = &of[group[i]];
        *mine = *mine < 0 || *mine == label[i] ? label[i] : k;
    }
    for (int g = 0; g < groups; g++) assert(of[g] >= 0);
    return of;
}

static int *counting(rb_arena *a, int n)
{
    int *each = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) each[i] = i;
    return each;
}

rb_units rb_units_of(rb_arena *a, const int *label, const int *group, int n, int k)
{
    if (!group) group = counting(a, n);
    int groups = count_groups(group, n);
    const int *stratum = labels_of_groups(a, label, group, n, k, groups);
    rb_units u = {.of_row = RB_NEW(a, int, n), .first = RB_NEW(a, int, k + 2), .strata = k + 1, .count = groups};
    for (int g = 0; g < groups; g++) u.first[stratum[g] + 1]++;
    for (int s = 0; s < u.strata; s++) u.first[s + 1] += u.first[s];

    int *next = RB_NEW(a, int, u.strata), *unit = RB_NEW(a, int, groups);
    memcpy(next, u.first, (size_t)u.strata * sizeof *next);
    for (int g = 0; g < groups; g++) unit[g] = next[stratum[g]]++;
    for (int i = 0; i < n; i++) u.of_row[i] = unit[group[i]];
    return u;
}

// ---- draws --------------------------------------------------------------------------------------------------------

#define WORDS 1024

// Lemire's multiply-and-reject on words that come in blocks, arXiv:1805.10941.
static void draw_stratum(rb_rng *r, uint32_t *weight, uint32_t units)
{
    uint32_t word[WORDS], floor = -units % units;
    for (uint32_t drawn = 0; drawn < units;) {
        uint32_t wanted = units - drawn < WORDS ? units - drawn : WORDS;
        rb_rng_fill(r, word, (ptrdiff_t)wanted);
        for (uint32_t i = 0; i < wanted; i++) {
            uint64_t wide = (uint64_t)word[i] * units;
            if ((uint32_t)wide < floor) continue;
            weight[wide >> 32]++;
            drawn++;
        }
    }
}

static void draw(const rb_units *u, int resample, uint32_t *weight)
{
    rb_rng r = rb_rng_at(0, RB_STREAM_BOOTSTRAP, (uint32_t)resample, 0, 0);
    memset(weight, 0, (size_t)u->count * sizeof *weight);
    for (int s = 0; s < u->strata; s++) {
        uint32_t units = (uint32_t)(u->first[s + 1] - u->first[s]);
        if (units) draw_stratum(&r, weight + u->first[s], units);
    }
}

int rb_resamples_for(int n, int columns)
{
    const double most_walked = 2e9, least = 200;
    return columns == 1 ? RB_RESAMPLES : (int)fmin(fmax(most_walked / ((double)n * columns), least), RB_RESAMPLES);
}

// ---- resamples ----------------------------------------------------------------------------------------------------

typedef struct job {
    const rb_units *units;
    rb_figures_of *judge;
    const void *judged;
    int figures;
    double *out; // [resamples figures]
} job;

static void run(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    rb_arena *scratch = rb_arena_open();
    uint32_t *weight = RB_NEW(scratch, uint32_t, j->units->count);
    for (ptrdiff_t i = from; i < to; i++) {
        draw(j->units, (int)i, weight);
        j->judge(j->judged, weight, j->out + i * j->figures);
    }
    rb_arena_close(scratch);
}

static int rising(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// Linear between the two nearest, as numpy's percentile.
static double point(const double *sorted, int n, double share)
{
    double at = share * (n - 1);
    int below = (int)at;
    return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
}

// Figures that cannot be said of a resample are left out.
static rb_interval points_of(double *scratch, const double *all, int resamples, int figures)
{
    int n = 0;
    for (int i = 0; i < resamples; i++)
        if (!isnan(all[(ptrdiff_t)i * figures])) scratch[n++] = all[(ptrdiff_t)i * figures];
    if (!n) return (rb_interval){NAN, NAN};
    qsort(scratch, (size_t)n, sizeof *scratch, rising);
    return (rb_interval){point(scratch, n, 0.025), point(scratch, n, 0.975)};
}

void rb_resample(const rb_units *u, int resamples, rb_figures_of *judge, const void *judged, int figures,
                 rb_interval *out)
{
    rb_arena *scratch = rb_arena_open();
    job j = {u, judge, judged, figures, RB_NEW(scratch, double, (ptrdiff_t)resamples *figures)};
    double *one = RB_NEW(scratch, double, resamples);
    rb_parallel_for(resamples, 1, run, &j);
    for (int f = 0; f < figures; f++) out[f] = points_of(one, j.out + f, resamples, figures);
    rb_arena_close(scratch);
}
