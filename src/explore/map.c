// SPDX-License-Identifier: Apache-2.0
#include "explore/map.h"

#include "base/rng.h"
#include "explore/tsne.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

rb_map_features rb_map_simple(const rb_survey *s)
{
    return (rb_map_features){"simple features of colour and gradient, no network", s->feature, RB_FEATURES, true};
}

// ---- who is drawn -------------------------------------------------------------------------------------------------

typedef struct ticket {
    uint32_t number;
    int sample;
} ticket;

static int by_number(const void *left, const void *right)
{
    const ticket *x = left, *y = right;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : x->sample - y->sample;
}

static int by_index(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

// Every readable picture draws a number; the lowest win.
static void draw_sample(rb_arena *a, const rb_survey *s, int most, uint32_t seed, rb_map *m)
{
    rb_arena *scratch = rb_arena_open();
    ticket *tickets = RB_NEW(scratch, ticket, s->readable);
    int count = 0;
    for (int i = 0; i < s->data->count; i++) {
        if (s->facts[i].reason) continue;
        rb_rng random = rb_rng_at(seed, RB_STREAM_EXPLORE, (uint32_t)i, 0, 1);
        tickets[count++] = (ticket){rb_rng_u32(&random), i};
    }
    qsort(tickets, (size_t)count, sizeof *tickets, by_number);
    m->n = count < most ? count : most;
    m->sample = RB_NEW(a, int, m->n);
    for (int i = 0; i < m->n; i++) m->sample[i] = tickets[i].sample;
    qsort(m->sample, (size_t)m->n, sizeof *m->sample, by_index);
    rb_arena_close(scratch);
}

// ---- points -------------------------------------------------------------------------------------------------------

// All pictures' features, divided by their standard deviations over the pictures of the map.
static const float *standardised(rb_arena *scratch, const rb_map *m, int count)
{
    int d = m->features.d;
    const float *from = m->features.at;
    if (!m->features.standardised) return from;
    float *out = RB_NEW(scratch, float, (ptrdiff_t)count *d);
    for (int c = 0; c < d; c++) {
        double sum = 0, square = 0;
        for (int i = 0; i < m->n; i++) sum += (double)from[(ptrdiff_t)m->sample[i] * d + c];
        double mean = sum / m->n;
        for (int i = 0; i < m->n; i++) {
            double off = (double)from[(ptrdiff_t)m->sample[i] * d + c] - mean;
            square += off * off;
        }
        double scale = square > 0 ? 1 / sqrt(square / m->n) : 0;
        for (int i = 0; i < count; i++)
            out[(ptrdiff_t)i * d + c] = (float)(scale * ((double)from[(ptrdiff_t)i * d + c] - mean));
    }
    return out;
}

static rb_points gathered(rb_arena *scratch, const float *from, int d, const int *which, int n)
{
    float *out = RB_NEW(scratch, float, (ptrdiff_t)n *d);
    for (int i = 0; i < n; i++) memcpy(out + (ptrdiff_t)i * d, from + (ptrdiff_t)which[i] * d, (size_t)d * sizeof *out);
    return (rb_points){out, n, d};
}

static void take_distances(const rb_survey *s, const rb_neighbours *near, rb_map *m)
{
    for (int i = 0; i < s->data->count; i++)
        for (int j = 0; j < near->k; j++) m->distance[i] += sqrt(near->square[(ptrdiff_t)i * near->k + j]) / near->k;
}

static void take_kinship(const rb_survey *s, const rb_neighbours *near, rb_map *m)
{
    rb_arena *scratch = rb_arena_open();
    double *of = RB_NEW(scratch, double, s->data->class_count);
    for (int i = 0; i < s->data->count; i++) {
        int label = s->data->samples[i].label;
        if (s->facts[i].reason) continue;
        for (int j = 0; j < near->k; j++) {
            int other = m->sample[near->index[(ptrdiff_t)i * near->k + j]];
            m->kinship[label] += s->data->samples[other].label == label;
        }
        of[label] += near->k;
    }
    for (int k = 0; k < s->data->class_count; k++) m->kinship[k] = of[k] > 0 ? m->kinship[k] / of[k] : (double)NAN;
    rb_arena_close(scratch);
}

static void find_nearest(rb_arena *a, rb_arena *scratch, const rb_survey *s, rb_points all, rb_points on_map, rb_map *m)
{
    int *self = RB_NEW(scratch, int, all.n);
    for (int i = 0; i < all.n; i++) self[i] = -1;
    for (int i = 0; i < m->n; i++) self[m->sample[i]] = i;
    rb_neighbours near = rb_neighbours_find(scratch, all, on_map, self, RB_MAP_NEAREST);
    if (near.k < RB_MAP_NEAREST) return;
    m->distance = RB_NEW(a, double, all.n);
    m->kinship = RB_NEW(a, double, s->data->class_count);
    take_distances(s, &near, m);
    take_kinship(s, &near, m);
}

static float *first_two(rb_arena *a, rb_points p)
{
    float *out = RB_NEW(a, float, 2 * (ptrdiff_t)p.n);
    for (int i = 0; i < p.n; i++)
        for (int c = 0; c < 2 && c < p.d; c++) out[2 * i + c] = p.at[(ptrdiff_t)i * p.d + c];
    return out;
}

static bool make(rb_arena *a, rb_arena *scratch, const rb_survey *s, rb_map *m, rb_error *err)
{
    int count = s->data->count;
    const float *at = standardised(scratch, m, count);
    rb_pca pca = rb_pca_fit(scratch, gathered(scratch, at, m->features.d, m->sample, m->n), RB_MAP_DIRECTIONS);
    if (!pca.k) return true;
    rb_points all = {rb_pca_apply(scratch, &pca, (rb_points){at, count, m->features.d}), count, pca.k};
    rb_points on_map = gathered(scratch, all.at, pca.k, m->sample, m->n);
    for (int c = 0; c < 2 && c < pca.k && pca.total > 0; c++) m->share[c] = pca.variance[c] / pca.total;
    m->pca = first_two(a, on_map);
    find_nearest(a, scratch, s, all, on_map, m);
    return rb_tsne(a, on_map, &m->tsne, err);
}

bool rb_map_make(rb_arena *a, const rb_survey *s, rb_map_features features, int most, uint32_t seed, rb_map *out,
                 rb_error *err)
{
    *out = (rb_map){.features = features};
    draw_sample(a, s, most, seed, out);
    rb_arena *scratch = rb_arena_open();
    bool done = make(a, scratch, s, out, err);
    rb_arena_close(scratch);
    return done;
}
