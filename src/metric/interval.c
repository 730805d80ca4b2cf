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

rb_interval rb_mean_interval(double one, rb_interval of_one, double two, rb_interval of_two)
{
    double below = hypot(one - of_one.low, two - of_two.low), above = hypot(of_one.high - one, of_two.high - two);
    return (rb_interval){(one + two - below) / 2, (one + two + above) / 2};
}

rb_interval rb_normal_interval(double centre, double variance)
{
    double half = z * sqrt(variance);
    return (rb_interval){centre - half, centre + half};
}
