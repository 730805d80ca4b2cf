// SPDX-License-Identifier: Apache-2.0
// half.h - floats that may lie in memory as bfloat16: kernels are written once, with `half` as a constant.
//
// Storing rounds to nearest, ties to even. NaN stays NaN as the hardware makes it (quiet, few bits set).
//
// Source: bfloat16 as Intel's architecture manual defines VCVTNEPS2BF16
#ifndef RB_BACKEND_ONEDNN_HALF_H
#define RB_BACKEND_ONEDNN_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RB_INLINE static inline __attribute__((always_inline))

// Value i of x, an array of bfloat16 or float.
RB_INLINE float rb_load(const void *x, ptrdiff_t i, bool half)
{
    if (!half) return ((const float *)x)[i];
    uint32_t bits = (uint32_t)((const uint16_t *)x)[i] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

RB_INLINE void rb_store_value(void *x, ptrdiff_t i, float value, bool half)
{
    if (!half) {
        ((float *)x)[i] = value;
        return;
    }
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    ((uint16_t *)x)[i] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif
