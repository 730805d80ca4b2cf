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

static void count(const decided *d, rb_interval *out)
{
    rb_arena *scratch = rb_arena_open();
    int64_t *all = RB_NEW(scratch, int64_t, d->k), *hits = RB_NEW(scratch, int64_t, d->k);
    for (int i = 0; i < d->n; i++) {
        all[d->label[i]]++;
        hits[d->label[i]] += d->taken[i] == d->label[i];
    }
    for (int c = 0; c < d->k; c++) out[c] = rb_wilson(hits[c], all[c]);
    rb_arena_close(scratch);
}

void rb_recall_intervals(const int *label, const int *taken, int n, int k, const rb_bootstrap *b, rb_interval *out)
{
    decided d = {label, taken, NULL, n, k};
    if (!b->group) {
        count(&d, out);
        return;
    }
    for (int c = 0; c < k; c++) out[c] = (rb_interval){NAN, NAN};
    if (!b->resamples) return;
    rb_arena *scratch = rb_arena_open();
    rb_units u = rb_units_of(scratch, label, b->group, n, k);
    d.unit = u.of_row;
    rb_resample(&u, b->resamples, weigh, &d, k, out);
    rb_arena_close(scratch);
}
