// SPDX-License-Identifier: Apache-2.0
// interval.c - how far a rate of few errors can be trusted.
//
// Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927
#include "metric/interval.h"

#include <math.h>

static const double z = 1.959963984540054; // 97.5 % point of the normal distribution

// The ends solve (1 + z²/n) x² - (2p + z²/n) x + p² = 0. Taking the lower from the product of both, p² / (1 + z²/n),
// subtracts nothing: no errors give exactly 0.
static double lower_end(double errors, double n)
{
    double p = errors / n, zz = z * z / n;
    return p * p / (p + zz / 2 + sqrt(zz * (p * (1 - p) + zz / 4)));
}

rb_interval rb_wilson(int64_t errors, int64_t n)
{
    if (!n) return (rb_interval){NAN, NAN};
    return (rb_interval){lower_end((double)errors, (double)n), 1 - lower_end((double)(n - errors), (double)n)};
}

rb_interval rb_mean_interval(const double *rate, const rb_interval *of, int k)
{
    double sum = 0, below = 0, above = 0;
    for (int c = 0; c < k; c++) {
        sum += rate[c];
        below += (rate[c] - of[c].low) * (rate[c] - of[c].low);
        above += (of[c].high - rate[c]) * (of[c].high - rate[c]);
    }
    return (rb_interval){(sum - sqrt(below)) / k, (sum + sqrt(above)) / k};
}

rb_interval rb_normal_interval(double centre, double variance)
{
    double half = z * sqrt(variance);
    return (rb_interval){centre - half, centre + half};
}
