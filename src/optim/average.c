// SPDX-License-Identifier: Apache-2.0
#include "optim/average.h"

#include <math.h>

double rb_average_kept(double decay, bool warmup, int64_t step)
{
    if (step <= 1) return 0;
    return warmup ? fmin(decay, 1 - pow((double)step, -2.0 / 3)) : decay;
}

// The shorter way of two: from the average to the weight, or back from it.
void rb_average(double kept, ptrdiff_t n, const double *w, double *e)
{
    const double moved = 1 - kept;
    if (moved < 0.5)
        for (ptrdiff_t i = 0; i < n; i++) e[i] += moved * (w[i] - e[i]);
    else
        for (ptrdiff_t i = 0; i < n; i++) e[i] = w[i] - (w[i] - e[i]) * kept;
}

void rb_average_f32(double kept, ptrdiff_t n, const float *restrict w, float *restrict e)
{
    const float stays = (float)kept, moved = (float)(1 - kept);
    if (moved < 0.5f)
        for (ptrdiff_t i = 0; i < n; i++) e[i] += moved * (w[i] - e[i]);
    else
        for (ptrdiff_t i = 0; i < n; i++) e[i] = w[i] - (w[i] - e[i]) * stays;
}
