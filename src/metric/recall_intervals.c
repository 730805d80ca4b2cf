// SPDX-License-Identifier: Apache-2.0
// recall_intervals.c - how far the recall of each class can be trusted, pictures being independent or in groups.
#include "metric/resample.h"

#include <math.h>

typedef struct decided {
    const int *label, *taken, *unit; // [n]
    int n, k;
} decided;

// NAN for a class that the resample lacks.
static void weigh(const void *judged, const uint32_t *weight, double *out)
{
    const decided *d = judged;
    rb_arena *scratch = rb_arena_open();
    double *all = RB_NEW(scratch, double, d->k), *hits = RB_NEW(scratch, double, d->k);
    for (int i = 0; i < d->n; i++) {
        all[d->label[i]] += weight[d->unit[i]];
        if (d->taken[i] == d->label[i]) hits[d->label[i]] += weight[d->unit[i]];
    }
    for (int c = 0; c < d->k; c++) out[c] = all[c] > 0 ? hits[c] / all[c] : (double)NAN;
    rb_arena_close(scratch);
}

typedef struct counts {
    int64_t *all, *hits; // [k]
} counts;

static counts counts_of(rb_arena *a, const decided *d)
{
    counts c = {RB_NEW(a, int64_t, d->k), RB_NEW(a, int64_t, d->k)};
    for (int i = 0; i < d->n; i++) {
        c.all[d->label[i]]++;
        c.hits[d->label[i]] += d->taken[i] == d->label[i];
    }
    return c;
}

static void resample(rb_arena *scratch, decided *d, const rb_bootstrap *b, rb_interval *out)
{
    rb_units u = rb_units_of(scratch, d->label, b->group, d->n, d->k);
    d->unit = u.of_row;
    rb_resample(&u, b->resamples, weigh, d, d->k, out);
}

void rb_recall_intervals(const int *label, const int *taken, int n, int k, const rb_bootstrap *b, rb_interval *out)
{
    decided d = {label, taken, NULL, n, k};
    rb_arena *scratch = rb_arena_open();
    counts c = counts_of(scratch, &d);
    bool drawn = b->group && b->resamples;
    if (drawn) resample(scratch, &d, b, out);
    for (int i = 0; i < k; i++) {
        if (!b->group) out[i] = rb_wilson(c.hits[i], c.all[i]);
        if (b->group && !drawn) out[i] = (rb_interval){NAN, NAN};
        if (drawn && rb_is_one_sided(c.hits[i], c.all[i]))
            out[i] = rb_wilson_of_groups(c.hits[i] > 0, label, b->group, n, i);
    }
    rb_arena_close(scratch);
}
