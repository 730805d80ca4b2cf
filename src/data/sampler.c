// SPDX-License-Identifier: Apache-2.0
// sampler.c - which pictures an epoch draws, and in which order.
#include "data/data.h"
#include "data/shuffle.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void rb_shuffle(rb_rng *random, int *at, int n, int count)
{
    for (int i = 0; i < count; i++) {
        int j = i + rb_rng_below(random, n - i), kept = at[i];
        at[i] = at[j];
        at[j] = kept;
    }
}

// Sample indices by class, classes without pictures left out.
typedef struct pool {
    int *at;
    int *first; // [classes + 1] where each class begins
    int classes;
} pool;

static pool pool_new(rb_arena *scratch, const rb_dataset *d, rb_indices from)
{
    pool p = {RB_NEW(scratch, int, from.count), RB_NEW(scratch, int, d->class_count + 1), 0};
    int *counts = RB_NEW(scratch, int, d->class_count), *next = RB_NEW(scratch, int, d->class_count);
    rb_dataset_counts(d, from, counts);
    for (int k = 0; k < d->class_count; k++) {
        next[k] = p.first[p.classes];
        if (counts[k]) p.first[++p.classes] = next[k] + counts[k];
    }
    for (int i = 0; i < from.count; i++) p.at[next[d->samples[from.at[i]].label]++] = from.at[i];
    return p;
}

// Shares of the classes, each added to those before it: n^(1 - power), of which the last is the sum.
static double *stairs_of(rb_arena *scratch, const pool *p, double power)
{
    double *stairs = RB_NEW(scratch, double, p->classes), sum = 0;
    for (int k = 0; k < p->classes; k++) stairs[k] = sum += pow(p->first[k + 1] - p->first[k], 1 - power);
    return stairs;
}

// Power 1 is exactly uniform.
static int draw_class(rb_rng *random, const pool *p, const double *stairs, double power)
{
    if (power == 1) return rb_rng_below(random, p->classes);
    int last = p->classes - 1, k = 0;
    double height = rb_rng_unit(random) * stairs[last];
    while (k < last && height >= stairs[k]) k++;
    return k;
}

static void draw_balanced(rb_arena *scratch, const rb_dataset *d, rb_indices from, double power, uint32_t seed,
                          uint32_t epoch, int *order, int count)
{
    pool p = pool_new(scratch, d, from);
    const double *stairs = stairs_of(scratch, &p, power);
    for (int j = 0; j < count; j++) {
        rb_rng random = rb_rng_at(seed, RB_STREAM_SAMPLE, (uint32_t)j, epoch, 0);
        int k = draw_class(&random, &p, stairs, power), first = p.first[k];
        order[j] = p.at[first + rb_rng_below(&random, p.first[k + 1] - first)];
    }
}

static void draw_shuffled(rb_arena *scratch, rb_indices from, uint32_t seed, uint32_t epoch, int *order, int count)
{
    assert(count <= from.count);
    int *all = RB_NEW(scratch, int, from.count);
    memcpy(all, from.at, (size_t)from.count * sizeof *all);
    rb_rng random = rb_rng_at(seed, RB_STREAM_SAMPLE, 0, epoch, 1);
    rb_shuffle(&random, all, from.count, count);
    memcpy(order, all, (size_t)count * sizeof *order);
}

void rb_sampler_order(rb_arena *scratch, const rb_dataset *d, rb_indices from, rb_drawing by, uint32_t seed,
                      uint32_t epoch, int *order, int count)
{
    if (!count) return;
    assert(from.count > 0);
    if (by.how == RB_SAMPLER_BALANCED)
        draw_balanced(scratch, d, from, by.power, seed, epoch, order, count);
    else
        draw_shuffled(scratch, from, seed, epoch, order, count);
}
