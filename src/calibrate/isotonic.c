// SPDX-License-Identifier: Apache-2.0
// isotonic.c - the rising map nearest to the labels: neighbours that fall are pooled to their mean.
//
// Source: pool adjacent violators, Ayer et al., 1955; between knots a straight line, as in scikit-learn
#include "calibrate/fit.h"

#include <stdlib.h>

typedef struct judged {
    double z;
    int label;
} judged;

// Rows with the same mean: from the lowest logit to the highest.
typedef struct block {
    double low, high, sum, n;
} block;

static int rising(const void *x, const void *y)
{
    double a = ((const judged *)x)->z, b = ((const judged *)y)->z;
    return (a > b) - (a < b);
}

static judged *sorted(rb_arena *a, rb_logits v)
{
    judged *all = RB_NEW(a, judged, v.n);
    for (int i = 0; i < v.n; i++) all[i] = (judged){v.z[i], v.label[i]};
    qsort(all, (size_t)v.n, sizeof *all, rising);
    return all;
}

static double mean(const block *b)
{
    return b->sum / b->n;
}

// Equal logits are one block from the start. Means are compared crosswise: counts are whole numbers, and exact.
static int pool(const judged *all, int n, block *b)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (count && b[count - 1].high == all[i].z) {
            b[count - 1].sum += all[i].label;
            b[count - 1].n++;
        } else
            b[count++] = (block){all[i].z, all[i].z, all[i].label, 1};
        if (i + 1 < n && all[i + 1].z == all[i].z) continue;
        for (; count > 1 && b[count - 2].sum * b[count - 1].n >= b[count - 1].sum * b[count - 2].n; count--) {
            b[count - 2].high = b[count - 1].high;
            b[count - 2].sum += b[count - 1].sum;
            b[count - 2].n += b[count - 1].n;
        }
    }
    return count;
}

void rb_fit_isotonic(rb_arena *a, rb_logits v, rb_calibration *out)
{
    block *b = RB_NEW(a, block, v.n);
    int count = pool(sorted(a, v), v.n, b), knots = 0;
    double *x = RB_NEW(a, double, 2 * count), *y = RB_NEW(a, double, 2 * count);
    for (int i = 0; i < count; i++) {
        x[knots] = b[i].low, y[knots++] = mean(&b[i]);
        if (b[i].high > b[i].low) x[knots] = b[i].high, y[knots++] = mean(&b[i]);
    }
    out->x = x;
    out->y = y;
    out->knots = knots;
}

double rb_isotonic_at(const rb_calibration *c, double z)
{
    int low = 0, high = c->knots - 1;
    if (z <= c->x[low]) return c->y[low];
    if (z >= c->x[high]) return c->y[high];
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (c->x[middle] <= z)
            low = middle;
        else
            high = middle;
    }
    return c->y[low] + (c->y[high] - c->y[low]) * (z - c->x[low]) / (c->x[high] - c->x[low]);
}
