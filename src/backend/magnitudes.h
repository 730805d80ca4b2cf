// SPDX-License-Identifier: Apache-2.0
// magnitudes.h - how often each magnitude was seen, in bins of 3 %, whatever the largest will be; and the range that
// bytes should cover.
#ifndef RB_BACKEND_MAGNITUDES_H
#define RB_BACKEND_MAGNITUDES_H

#include <stdint.h>
#include <string.h>

#define RB_MAGNITUDE_SHIFT 18 // a float's exponent and the first five bits of its fraction are the bin
#define RB_MAGNITUDE_BINS  (1 << (31 - RB_MAGNITUDE_SHIFT))

typedef struct rb_magnitudes {
    uint64_t seen[RB_MAGNITUDE_BINS];
} rb_magnitudes;

static inline void rb_magnitudes_add(rb_magnitudes *m, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    m->seen[(bits & 0x7FFFFFFF) >> RB_MAGNITUDE_SHIFT]++;
}

// The range whose `levels` even steps stand for what was seen with the least mean squared error: values beyond it are
// cut off, those inside are rounded. 1 where nothing but 0 was seen, 0 where nothing was.
//
// Source: minimal mean squared error over a histogram, as in Banner et al., arXiv:1810.05723
float rb_magnitudes_range(const rb_magnitudes *m, int levels);

#endif
