// SPDX-License-Identifier: Apache-2.0
// average.h - a moving average of weights: what is judged, while what is trained moves on.
//
//     e = e + (1 - d) (w - e)      e: average, w: weight, d: what it keeps of itself
//
// Written so that the average of what stands still is that to the bit, and with d = 0 the weight itself.
//
// Source: timm's ModelEmaV3: buffers are averaged as weights are, and the first update copies; torch.lerp
#ifndef RB_OPTIM_AVERAGE_H
#define RB_OPTIM_AVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// d of an update, 1 for the first: 0 there, and then `decay`; with `warmup` 1 - step^(-2/3) while that is less.
double rb_average_kept(double decay, bool warmup, int64_t step);

void rb_average(double kept, ptrdiff_t n, const double *w, double *e);
void rb_average_f32(double kept, ptrdiff_t n, const float *restrict w, float *restrict e);

#endif
