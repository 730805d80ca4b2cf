// SPDX-License-Identifier: Apache-2.0
#include "explore/quantile.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
    double x = *(const double *)left, y = *(const double *)right;
    return (x > y) - (x < y);
}

double rb_quantile(double *x, int n, double share)
{
    if (!n) return NAN;
    qsort(x, (size_t)n, sizeof *x, by_value);
    double at = share * (n - 1);
    int low = (int)at;
    return low + 1 < n ? x[low] + (at - low) * (x[low + 1] - x[low]) : x[low];
}
