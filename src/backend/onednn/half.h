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

#ifdef __AVX512F__
#include <immintrin.h>
#endif

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
    bool nan = (bits & 0x7FFFFFFF) > 0x7F800000; // rounding up would make infinity or 0 of some
    ((uint16_t *)x)[i] = (uint16_t)(nan ? bits >> 16 | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// Sixteen neighbours at once: one register of AVX-512, two of AVX2, four of SSE; gcc's and clang's vector extension.
typedef float rb_floats __attribute__((vector_size(64)));
typedef uint32_t rb_words16 __attribute__((vector_size(64)));
typedef int32_t rb_mask __attribute__((vector_size(64))); // -1 where true
typedef uint16_t rb_halves __attribute__((vector_size(32)));

RB_INLINE rb_floats rb_load16(const void *x, ptrdiff_t i, bool half)
{
    rb_floats value;
    if (!half) {
        memcpy(&value, (const float *)x + i, sizeof value);
        return value;
    }
    rb_halves halves;
    memcpy(&halves, (const uint16_t *)x + i, sizeof halves);
    return (rb_floats)(__builtin_convertvector(halves, rb_words16) << 16);
}

// ---- what the vector extension has no word for, in one instruction where there is one ------------------------------

#ifdef __AVX512BF16__
RB_INLINE rb_halves rb_rounded16(rb_floats value)
{
    return (rb_halves)_mm512_cvtneps_pbh((__m512)value);
}
#else
RB_INLINE rb_halves rb_rounded16(rb_floats value)
{
    rb_words16 bits = (rb_words16)value, nan = (rb_words16)(value != value);
    rb_words16 rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    return __builtin_convertvector((rounded & ~nan) | (quiet & nan), rb_halves);
}
#endif

// 1 / x of normal x > 0 but for two roundings, by Newton's method: fewer cycles than the division takes. And x held
// between low and high; a NaN stays one.
#ifdef __AVX512F__
RB_INLINE rb_floats rb_inverse16(rb_floats x)
{
    rb_floats y = (rb_floats)_mm512_rcp14_ps((__m512)x);
    return y * (2 - x * y);
}

RB_INLINE rb_floats rb_between16(rb_floats low, rb_floats x, rb_floats high)
{
    return (rb_floats)_mm512_max_ps((__m512)low, _mm512_min_ps((__m512)high, (__m512)x)); // the second where one is NaN
}
#else
// The exponent's sign is turned by a subtraction of bits, at most 12 % off; each step squares that.
RB_INLINE rb_floats rb_inverse16(rb_floats x)
{
    rb_floats y = (rb_floats)(0x7EF311C7 - (rb_words16)x);
    for (int i = 0; i < 3; i++) y = y * (2 - x * y);
    return y;
}

RB_INLINE rb_floats rb_between16(rb_floats low, rb_floats x, rb_floats high)
{
    for (int i = 0; i < 16; i++) {
        x[i] = x[i] > high[i] ? high[i] : x[i];
        x[i] = x[i] < low[i] ? low[i] : x[i];
    }
    return x;
}
#endif

RB_INLINE void rb_store16(void *x, ptrdiff_t i, rb_floats value, bool half)
{
    if (!half) {
        memcpy((float *)x + i, &value, sizeof value);
        return;
    }
    rb_halves halves = rb_rounded16(value);
    memcpy((uint16_t *)x + i, &halves, sizeof halves);
}

// `value` where the mask is true, else 0.
RB_INLINE rb_floats rb_where(rb_mask mask, rb_floats value)
{
    return (rb_floats)((rb_mask)value & mask);
}

#endif
