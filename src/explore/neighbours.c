// SPDX-License-Identifier: Apache-2.0
#include "explore/neighbours.h"

#include "base/parallel.h"

#include <assert.h>

#define LANES 8 // partial sums of a distance, for the compiler to keep in one register

typedef struct search {
    rb_points points, among;
    const int *self;
    rb_neighbours *out;
} search;

static double square_between(const float *x, const float *y, int d)
{
    float lane[LANES] = {0}, rest = 0;
    int i = 0;
    for (; i + LANES <= d; i += LANES)
        for (int k = 0; k < LANES; k++) {
            float gap = x[i + k] - y[i + k];
            lane[k] += gap * gap;
        }
    for (; i < d; i++) rest += (x[i] - y[i]) * (x[i] - y[i]);
    double sum = (double)rest;
    for (int k = 0; k < LANES; k++) sum += (double)lane[k];
    return sum;
}

// The list is short and ascending; candidates come by rising index, so that the lower of equals stays.
static void insert(int *index, double *square, int *held, int k, int candidate, double s)
{
    if (*held == k && s >= square[k - 1]) return;
    int at = *held < k ? (*held)++ : k - 1;
    for (; at > 0 && square[at - 1] > s; at--) {
        square[at] = square[at - 1];
        index[at] = index[at - 1];
    }
    square[at] = s;
    index[at] = candidate;
}

static void search_rows(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const search *s = context;
    int k = s->out->k, d = s->points.d;
    for (ptrdiff_t i = from; i < to; i++) {
        int held = 0;
        for (int j = 0; j < s->among.n; j++) {
            if (s->self && s->self[i] == j) continue;
            double square = square_between(s->points.at + i * d, s->among.at + (ptrdiff_t)j * d, d);
            insert(s->out->index + i * k, s->out->square + i * k, &held, k, j, square);
        }
    }
}

rb_neighbours rb_neighbours_find(rb_arena *a, rb_points points, rb_points among, const int *self, int k)
{
    assert(points.d == among.d);
    int most = among.n - (self != NULL);
    if (k > most) k = most < 0 ? 0 : most;
    rb_neighbours out = {k, RB_NEW(a, int, (ptrdiff_t)points.n *k), RB_NEW(a, double, (ptrdiff_t)points.n *k)};
    search s = {points, among, self, &out};
    if (k) rb_parallel_for(points.n, 1, search_rows, &s);
    return out;
}
