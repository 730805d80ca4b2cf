// SPDX-License-Identifier: Apache-2.0
#include "explore/pca.h"

#include "base/parallel.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define EXTRA      10    // directions carried along: the wanted ones settle the sooner
#define ROUNDS     1000  // at most
#define SETTLED    1e-12 // relative change of every wanted variance in one round
#define START_SEED 0

// ---- matrices in rows ---------------------------------------------------------------------------------------------

typedef struct product {
    const double *left, *right; // [rows inner], [columns inner]
    double *out;                // [rows columns]
    int rows, columns, inner;
} product;

static double dot(const double *x, const double *y, int n)
{
    double lane[4] = {0}, rest = 0;
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) lane[k] += x[i + k] * y[i + k];
    for (; i < n; i++) rest += x[i] * y[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + rest;
}

static void multiply_rows(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const product *p = context;
    for (ptrdiff_t i = from; i < to; i++)
        for (int j = 0; j < p->columns; j++)
            p->out[i * p->columns + j] = dot(p->left + i * p->inner, p->right + (ptrdiff_t)j * p->inner, p->inner);
}

// out = left * right^T
static void multiply(const double *left, int rows, const double *right, int columns, int inner, double *out)
{
    product p = {left, right, out, rows, columns, inner};
    rb_parallel_for(rows, 1, multiply_rows, &p);
}

// Gram and Schmidt, each row twice against those before it; a row that depends on them becomes 0.
static void orthonormalise(double *rows, int k, int d)
{
    for (int i = 0; i < k; i++) {
        double *x = rows + (ptrdiff_t)i * d, before = sqrt(dot(x, x, d));
        for (int pass = 0; pass < 2; pass++)
            for (int j = 0; j < i; j++) {
                const double *y = rows + (ptrdiff_t)j * d;
                double along = dot(x, y, d);
                for (int c = 0; c < d; c++) x[c] -= along * y[c];
            }
        double length = sqrt(dot(x, x, d)), scale = length > 1e-10 * before ? 1 / length : 0;
        for (int c = 0; c < d; c++) x[c] *= scale;
    }
}

// ---- small eigenproblems ------------------------------------------------------------------------------------------

static double off_diagonal(const double *m, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if (i != j) sum += m[i * n + j] * m[i * n + j];
    return sum;
}

// Turns rows and columns p and q so that m[p q] becomes 0.
static void rotate(double *m, int n, int p, int q, double *vector)
{
    double apq = m[p * n + q];
    if (apq == 0) return;
    double theta = (m[q * n + q] - m[p * n + p]) / (2 * apq);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        double x = m[k * n + p], y = m[k * n + q];
        m[k * n + p] = c * x - s * y;
        m[k * n + q] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        double x = m[p * n + k], y = m[q * n + k];
        m[p * n + k] = c * x - s * y;
        m[q * n + k] = s * x + c * y;
        x = vector[p * n + k], y = vector[q * n + k];
        vector[p * n + k] = c * x - s * y;
        vector[q * n + k] = s * x + c * y;
    }
}

static void swap_rows(double *rows, int n, int i, int j)
{
    for (int k = 0; k < n; k++) {
        double kept = rows[i * n + k];
        rows[i * n + k] = rows[j * n + k];
        rows[j * n + k] = kept;
    }
}

void rb_symmetric_eigen(double *m, int n, double *value, double *vector)
{
    memset(vector, 0, (size_t)n * (size_t)n * sizeof *vector);
    double size = off_diagonal(m, n);
    for (int i = 0; i < n; i++) {
        vector[i * n + i] = 1;
        size += m[i * n + i] * m[i * n + i];
    }
    for (int sweep = 0; sweep < 60 && off_diagonal(m, n) > 1e-30 * size; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) rotate(m, n, p, q, vector);
    for (int i = 0; i < n; i++) value[i] = m[i * n + i];
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            if (value[j] > value[i]) {
                double kept = value[i];
                value[i] = value[j], value[j] = kept;
                swap_rows(vector, n, i, j);
            }
}

// ---- fitting ------------------------------------------------------------------------------------------------------

typedef struct covariance {
    const double *columns; // [d n] less their means
    double *out;           // [d d]
    int n, d;
} covariance;

static void fill_covariance(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const covariance *c = context;
    for (ptrdiff_t i = from; i < to; i++)
        for (int j = 0; j < c->d; j++)
            c->out[i * c->d + j] = dot(c->columns + i * c->n, c->columns + (ptrdiff_t)j * c->n, c->n) / (c->n - 1);
}

static double *covariance_of(rb_arena *scratch, rb_points p, double *mean)
{
    double *columns = RB_NEW(scratch, double, (ptrdiff_t)p.n *p.d), *out = RB_NEW(scratch, double, (ptrdiff_t)p.d *p.d);
    for (int c = 0; c < p.d; c++) {
        double *column = columns + (ptrdiff_t)c * p.n, sum = 0;
        for (int i = 0; i < p.n; i++) sum += column[i] = (double)p.at[(ptrdiff_t)i * p.d + c];
        mean[c] = sum / p.n;
        for (int i = 0; i < p.n; i++) column[i] -= mean[c];
    }
    covariance c = {columns, out, p.n, p.d};
    rb_parallel_for(p.d, 1, fill_covariance, &c);
    return out;
}

typedef struct subspace {
    const double *matrix; // [d d]
    double *rows;         // [k d] orthonormal
    double *image;        // [k d] the same, times the matrix
    double *value;        // [k]
    double *small, *turn; // [k k]
    int k, d;
} subspace;

static subspace subspace_new(rb_arena *scratch, const double *matrix, int k, int d)
{
    subspace s = {.matrix = matrix, .k = k, .d = d};
    s.rows = RB_NEW(scratch, double, (ptrdiff_t)k *d);
    s.image = RB_NEW(scratch, double, (ptrdiff_t)k *d);
    s.value = RB_NEW(scratch, double, k);
    s.small = RB_NEW(scratch, double, k *k);
    s.turn = RB_NEW(scratch, double, k *k);
    rb_rng random = rb_rng_at(START_SEED, RB_STREAM_EXPLORE, 0, 0, 0);
    for (int i = 0; i < k * d; i++) s.rows[i] = rb_rng_normal(&random);
    orthonormalise(s.rows, k, d);
    return s;
}

// Multiplies by the matrix, then turns the rows so that each is the best guess at one eigenvector.
static void advance(const subspace *s)
{
    multiply(s->rows, s->k, s->matrix, s->d, s->d, s->image); // the matrix is symmetric
    memcpy(s->rows, s->image, (size_t)s->k * (size_t)s->d * sizeof *s->rows);
    orthonormalise(s->rows, s->k, s->d);
    multiply(s->rows, s->k, s->matrix, s->d, s->d, s->image);
    multiply(s->rows, s->k, s->image, s->k, s->d, s->small);
    rb_symmetric_eigen(s->small, s->k, s->value, s->turn);
    memset(s->image, 0, (size_t)s->k * (size_t)s->d * sizeof *s->image);
    for (int i = 0; i < s->k; i++)
        for (int j = 0; j < s->k; j++)
            for (int c = 0; c < s->d; c++)
                s->image[(ptrdiff_t)i * s->d + c] += s->turn[i * s->k + j] * s->rows[(ptrdiff_t)j * s->d + c];
    memcpy(s->rows, s->image, (size_t)s->k * (size_t)s->d * sizeof *s->rows);
}

static bool have_settled(const double *before, const double *now, int k)
{
    for (int i = 0; i < k; i++)
        if (fabs(now[i] - before[i]) > SETTLED * now[0]) return false;
    return true;
}

static void iterate(rb_arena *scratch, const subspace *s, int wanted)
{
    double *before = RB_NEW(scratch, double, s->k);
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(before, s->value, (size_t)s->k * sizeof *before);
        advance(s);
        if (round && have_settled(before, s->value, wanted)) break;
    }
}

static double sign_of(const double *row, int d)
{
    int at = 0;
    for (int c = 1; c < d; c++)
        if (fabs(row[c]) > fabs(row[at])) at = c;
    return row[at] < 0 ? -1 : 1;
}

static int least(int x, int y)
{
    return x < y ? x : y;
}

rb_pca rb_pca_fit(rb_arena *a, rb_points points, int k)
{
    int d = points.d, rank = least(d, points.n - 1), wanted = least(k, rank < 0 ? 0 : rank);
    rb_pca out = {.k = wanted, .d = d, .mean = RB_NEW(a, double, d)};
    out.direction = RB_NEW(a, double, (ptrdiff_t)wanted *d);
    out.variance = RB_NEW(a, double, wanted);
    if (!wanted) return out;
    rb_arena *scratch = rb_arena_open();
    const double *matrix = covariance_of(scratch, points, out.mean);
    subspace s = subspace_new(scratch, matrix, least(wanted + EXTRA, d), d);
    iterate(scratch, &s, wanted);
    for (int c = 0; c < d; c++) out.total += matrix[(ptrdiff_t)c * d + c];
    for (int i = 0; i < wanted; i++) {
        const double *row = s.rows + (ptrdiff_t)i * d;
        double sign = sign_of(row, d);
        out.variance[i] = fmax(s.value[i], 0);
        for (int c = 0; c < d; c++) out.direction[(ptrdiff_t)i * d + c] = sign * row[c];
    }
    rb_arena_close(scratch);
    return out;
}

float *rb_pca_apply(rb_arena *a, const rb_pca *p, rb_points points)
{
    float *out = RB_NEW(a, float, (ptrdiff_t)points.n * p->k);
    for (int i = 0; i < points.n; i++)
        for (int j = 0; j < p->k; j++) {
            double sum = 0;
            for (int c = 0; c < p->d; c++)
                sum +=
                    ((double)points.at[(ptrdiff_t)i * p->d + c] - p->mean[c]) * p->direction[(ptrdiff_t)j * p->d + c];
            out[(ptrdiff_t)i * p->k + j] = (float)sum;
        }
    return out;
}
