// SPDX-License-Identifier: Apache-2.0
#include "explore/outliers.h"

#include "explore/quantile.h"

#include <math.h>
#include <stdlib.h>

#define NORMAL_MAD 1.4826 // standard deviations in a median absolute deviation of normal numbers
#define LEAST      1e-6   // what logarithms begin from

static double scale_of(double *scratch, const double *x, int n, double middle)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        scratch[i] = fabs(x[i] - middle);
        sum += scratch[i] * scratch[i];
    }
    double spread = NORMAL_MAD * rb_quantile(scratch, n, 0.5);
    return spread > 0 ? spread : sqrt(sum / n);
}

typedef struct column {
    int what;
    bool logarithm;
    bool high_only; // being near to all others is nothing odd
} column;

static const column columns[] = {
    {RB_BRIGHTNESS, false, false}, {RB_CONTRAST, false, false}, {RB_SHARPNESS, true, false}, {RB_CHROMA, false, false},
    {RB_FILE_BYTES, true, false},  {RB_ASPECT, true, false},    {RB_STATISTICS, true, true},
};

static double value_of(const rb_survey *s, const double *distance, int sample, int what)
{
    return what == RB_STATISTICS ? distance[sample] : s->facts[sample].statistic[what];
}

// Keeps in `worst` what a column says that is farther out than what those before it said.
static void try_column(rb_arena *scratch, const rb_survey *s, const double *distance, column c, rb_outlier *worst)
{
    int n = 0;
    double *x = RB_NEW(scratch, double, s->readable), *spare = RB_NEW(scratch, double, s->readable);
    for (int i = 0; i < s->data->count; i++) {
        if (s->facts[i].reason) continue;
        double value = value_of(s, distance, i, c.what);
        x[n++] = c.logarithm ? log(value + LEAST) : value;
    }
    for (int i = 0; i < n; i++) spare[i] = x[i];
    double middle = rb_quantile(spare, n, 0.5), scale = scale_of(spare, x, n, middle);
    for (int i = 0, k = 0; scale > 0 && i < s->data->count; i++) {
        if (s->facts[i].reason) continue;
        double score = (x[k++] - middle) / scale;
        if (!c.high_only) score = fabs(score);
        if (score > worst[i].score) worst[i] = (rb_outlier){i, c.what, value_of(s, distance, i, c.what), score};
    }
}

static int by_score(const void *left, const void *right)
{
    const rb_outlier *x = left, *y = right;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->sample - y->sample;
}

rb_outliers rb_outliers_find(rb_arena *a, const rb_survey *s, const double *distance)
{
    rb_outliers out = {RB_NEW(a, rb_outlier, s->data->count), 0};
    rb_arena *scratch = rb_arena_open();
    for (size_t c = 0; s->readable && c < sizeof columns / sizeof *columns; c++)
        if (columns[c].what != RB_STATISTICS || distance) {
            try_column(scratch, s, distance, columns[c], out.at);
            rb_arena_reset(scratch);
        }
    rb_arena_close(scratch);
    for (int i = 0; i < s->data->count; i++)
        if (out.at[i].score >= RB_OUTLIER_SCORE) out.at[out.count++] = out.at[i];
    qsort(out.at, (size_t)out.count, sizeof *out.at, by_score);
    return out;
}

const char *rb_outlier_name(const rb_outlier *o)
{
    return o->what == RB_STATISTICS ? "features" : rb_statistic_names[o->what];
}
