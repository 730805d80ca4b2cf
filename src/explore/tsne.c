// SPDX-License-Identifier: Apache-2.0
#include "explore/tsne.h"

#include "base/parallel.h"
#include "base/stop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES        16 // partial sums over pairs, for the compiler to keep in one register
#define EXAGGERATED  250
#define EXAGGERATION 12.0
#define START_SPREAD 1e-4

// ---- affinities ---------------------------------------------------------------------------------------------------

// Row i: the points that have an affinity to i, and how much of all affinity (which sums to 1) is between the two.
typedef struct affinities {
    ptrdiff_t *begin; // [n + 1]
    int *other;
    float *share;
} affinities;

// p_j|i = exp(-beta d_ij^2) / sum over the neighbours. Returns the entropy in nats.
static double weigh(const double *square, int k, double beta, double *p)
{
    double sum = p[0] = 1, mean = 0; // distances are counted from the nearest's: never are all weights 0
    for (int j = 1; j < k; j++) {
        p[j] = exp(-beta * (square[j] - square[0]));
        sum += p[j];
        mean += p[j] * (square[j] - square[0]);
    }
    for (int j = 0; j < k; j++) p[j] /= sum;
    return log(sum) + beta * mean / sum;
}

// The beta whose entropy is log(perplexity), by bisection.
static void conditional(const double *square, int k, double perplexity, double *p)
{
    double beta = 1, low = 0, high = INFINITY;
    for (int step = 0; step < 100; step++) {
        double excess = weigh(square, k, beta, p) - log(perplexity);
        if (fabs(excess) < 1e-6) break;
        if (excess > 0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
}

typedef struct edge {
    int from, to;
    double p;
} edge;

static int by_ends(const void *left, const void *right)
{
    const edge *x = left, *y = right;
    return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

// P_ij = (p_j|i + p_i|j) / 2n: each edge is there in both directions; what falls together is summed.
static affinities symmetric(rb_arena *scratch, edge *edges, ptrdiff_t count, int n)
{
    affinities out = {RB_NEW(scratch, ptrdiff_t, n + 1), RB_NEW(scratch, int, count), RB_NEW(scratch, float, count)};
    qsort(edges, (size_t)count, sizeof *edges, by_ends);
    ptrdiff_t used = 0;
    for (ptrdiff_t e = 0, same; e < count; e += same) {
        double p = 0;
        for (same = 0; e + same < count && !by_ends(&edges[e], &edges[e + same]); same++) p += edges[e + same].p;
        out.other[used] = edges[e].to;
        out.share[used++] = (float)(p / (2.0 * n));
        out.begin[edges[e].from + 1] = used;
    }
    for (int i = 1; i <= n; i++)
        if (out.begin[i] < out.begin[i - 1]) out.begin[i] = out.begin[i - 1];
    return out;
}

static affinities affinities_of(rb_arena *scratch, rb_points points)
{
    int n = points.n, *self = RB_NEW(scratch, int, n);
    for (int i = 0; i < n; i++) self[i] = i;
    double perplexity = fmin(RB_TSNE_PERPLEXITY, n / 3.0);
    rb_neighbours near = rb_neighbours_find(scratch, points, points, self, (int)(3 * perplexity));
    double *p = RB_NEW(scratch, double, near.k);
    edge *edges = RB_NEW(scratch, edge, 2 * (ptrdiff_t)n * near.k), *to = edges;
    for (int i = 0; i < n; i++) {
        const int *index = near.index + (ptrdiff_t)i * near.k;
        conditional(near.square + (ptrdiff_t)i * near.k, near.k, perplexity, p);
        for (int j = 0; j < near.k; j++) {
            *to++ = (edge){i, index[j], p[j]};
            *to++ = (edge){index[j], i, p[j]};
        }
    }
    return symmetric(scratch, edges, to - edges, n);
}

// ---- forces -------------------------------------------------------------------------------------------------------

typedef struct layout {
    affinities near;
    int n, padded;               // padded to whole LANES
    float *x, *y;                // [padded]
    float *real;                 // [padded] 1; 0 for what only pads
    double *push_x, *push_y, *q; // [n] sums over all others: of q^2 (y_i - y_j) and of q, q = 1 / (1 + |y_i - y_j|^2)
    double *pull_x, *pull_y;     // [n] sum of P q (y_i - y_j)
    double *step, *gain;         // [2 n]
} layout;

static double total(const float *lane)
{
    double sum = 0;
    for (int k = 0; k < LANES; k++) sum += (double)lane[k];
    return sum;
}

static void push(layout *l, ptrdiff_t i)
{
    float sx[LANES] = {0}, sy[LANES] = {0}, sq[LANES] = {0}, x = l->x[i], y = l->y[i];
    for (int j = 0; j < l->padded; j += LANES)
        for (int k = 0; k < LANES; k++) {
            float dx = x - l->x[j + k], dy = y - l->y[j + k], q = l->real[j + k] / (1 + dx * dx + dy * dy);
            sq[k] += q;
            sx[k] += q * q * dx;
            sy[k] += q * q * dy;
        }
    l->q[i] = total(sq) - 1; // of the point to itself
    l->push_x[i] = total(sx);
    l->push_y[i] = total(sy);
}

static void pull(layout *l, ptrdiff_t i)
{
    double px = 0, py = 0;
    for (ptrdiff_t e = l->near.begin[i]; e < l->near.begin[i + 1]; e++) {
        int j = l->near.other[e];
        float dx = l->x[i] - l->x[j], dy = l->y[i] - l->y[j], w = l->near.share[e] / (1 + dx * dx + dy * dy);
        px += (double)(w * dx);
        py += (double)(w * dy);
    }
    l->pull_x[i] = px;
    l->pull_y[i] = py;
}

static void find_forces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    layout *l = context;
    for (ptrdiff_t i = from; i < to; i++) {
        push(l, i);
        pull(l, i);
    }
}

// ---- descent ------------------------------------------------------------------------------------------------------

static layout layout_new(rb_arena *scratch, rb_points points)
{
    int n = points.n, padded = (n + LANES - 1) / LANES * LANES;
    layout l = {.near = affinities_of(scratch, points), .n = n, .padded = padded};
    float **floats[] = {&l.x, &l.y, &l.real};
    for (int i = 0; i < 3; i++) *floats[i] = RB_NEW(scratch, float, padded);
    double **doubles[] = {&l.push_x, &l.push_y, &l.q, &l.pull_x, &l.pull_y};
    for (int i = 0; i < 5; i++) *doubles[i] = RB_NEW(scratch, double, n);
    l.step = RB_NEW(scratch, double, 2 * n);
    l.gain = RB_NEW(scratch, double, 2 * n);
    double square = 0;
    for (int i = 0; i < n; i++)
        square += (double)points.at[(ptrdiff_t)i * points.d] * (double)points.at[(ptrdiff_t)i * points.d];
    double scale = START_SPREAD / fmax(sqrt(square / n), 1e-30);
    for (int i = 0; i < n; i++) {
        const float *at = points.at + (ptrdiff_t)i * points.d;
        l.x[i] = (float)(scale * (double)at[0]);
        l.y[i] = (float)(scale * (points.d > 1 ? (double)at[1] : 0));
        l.real[i] = 1;
        l.gain[2 * i] = l.gain[2 * i + 1] = 1;
    }
    return l;
}

// One coordinate: a gain grows where gradient and step agree, momentum carries on.
static double moved(layout *l, int at, double gradient, double momentum, double rate)
{
    bool agree = gradient * l->step[at] < 0; // the step goes against the gradient
    l->gain[at] = fmax(agree ? l->gain[at] + 0.2 : l->gain[at] * 0.8, 0.01);
    return l->step[at] = momentum * l->step[at] - rate * l->gain[at] * gradient;
}

static void descend(layout *l, int round)
{
    double exaggeration = round < EXAGGERATED ? EXAGGERATION : 1, momentum = round < EXAGGERATED ? 0.5 : 0.8;
    double rate = fmax(l->n / EXAGGERATION / 4, 50), z = 0;
    rb_parallel_for(l->n, 1, find_forces, l);
    for (int i = 0; i < l->n; i++) z += l->q[i];
    for (int i = 0; i < l->n; i++) {
        double gx = 4 * (exaggeration * l->pull_x[i] - l->push_x[i] / z);
        double gy = 4 * (exaggeration * l->pull_y[i] - l->push_y[i] / z);
        l->x[i] += (float)moved(l, 2 * i, gx, momentum, rate);
        l->y[i] += (float)moved(l, 2 * i + 1, gy, momentum, rate);
    }
}

static bool lay_out(rb_arena *scratch, rb_points points, float *out, rb_error *err)
{
    layout l = layout_new(scratch, points);
    for (int round = 0; round < RB_TSNE_ROUNDS; round++) {
        if (rb_stop_asked()) return rb_fail(err, RB_ERR_STOPPED, "stopped by %s", rb_stop_asked());
        descend(&l, round);
    }
    for (int i = 0; i < l.n; i++) {
        out[2 * i] = l.x[i];
        out[2 * i + 1] = l.y[i];
    }
    return true;
}

bool rb_tsne(rb_arena *a, rb_points points, float **out, rb_error *err)
{
    *out = RB_NEW(a, float, 2 * (ptrdiff_t)points.n);
    if (points.n < 4) return true; // nothing to lay out
    rb_arena *scratch = rb_arena_open();
    bool done = lay_out(scratch, points, *out, err);
    rb_arena_close(scratch);
    return done;
}
