// SPDX-License-Identifier: Apache-2.0
#include "backend/magnitudes.h"

#include <math.h>

// The value at which bin `i` begins.
static double edge(int i)
{
    uint32_t bits = (uint32_t)i << RB_MAGNITUDE_SHIFT;
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

// Of a value v in steps of `step`, `levels` of them. Rounding errs by a twelfth of a squared step where v lies anywhere
// between two, by v itself where it is less than half of one.
static double squared_error(double v, double step, int levels)
{
    double range = step * levels;
    if (v > range) return (v - range) * (v - range);
    return v < step / 2 ? v * v : step * step / 12;
}

static double total_error(const rb_magnitudes *m, int bins, double range, int levels)
{
    double sum = 0;
    for (int i = 0; i < bins; i++)
        if (m->seen[i]) sum += (double)m->seen[i] * squared_error((edge(i) + edge(i + 1)) / 2, range / levels, levels);
    return sum;
}

#define FINITE_BINS (0x7F800000 >> RB_MAGNITUDE_SHIFT)
#define OCTAVE      (1 << (23 - RB_MAGNITUDE_SHIFT))
#define OCTAVES     6 // below the largest: no range worth having lies further down

float rb_magnitudes_range(const rb_magnitudes *m, int levels)
{
    int bins = FINITE_BINS - 1;
    while (bins > 1 && !m->seen[bins - 1]) bins--;
    if (bins == 1) return m->seen[0] ? 1 : 0;
    double least = INFINITY, best = edge(bins);
    for (int i = bins; i > 0 && i > bins - OCTAVES * OCTAVE; i--) {
        double error = total_error(m, bins, edge(i), levels);
        if (error >= least) continue;
        least = error;
        best = edge(i);
    }
    return (float)best;
}
