// SPDX-License-Identifier: Apache-2.0
// convert.c - tensors of any kind as float or double. Values that a file holds stand at any alignment.
//
// Every kind but I64 fits a double exactly; I64 is rounded beyond 2^53.
#include "weights/weights.h"

#include <math.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "values are copied as a file has them, which is little-endian");

typedef double reader(const uint8_t *at);

#define READER(name, type) \
    static double name(const uint8_t *at) \
    { \
        type value; \
        memcpy(&value, at, sizeof value); \
        return (double)value; \
    }
READER(from_f32, float)
READER(from_f64, double)
READER(from_i64, int64_t)
READER(from_i32, int32_t)
READER(from_i16, int16_t)
READER(from_i8, int8_t)
READER(from_u8, uint8_t)

static double from_bool(const uint8_t *at)
{
    return *at != 0;
}

// IEEE 754 binary16: (-1)^s 2^(e-15) (1 + f/1024), or (-1)^s 2^-14 f/1024 where e = 0.
static double from_f16(const uint8_t *at)
{
    uint16_t bits;
    memcpy(&bits, at, sizeof bits);
    double sign = bits >> 15 ? -1 : 1;
    int e = bits >> 10 & 31, f = bits & 1023;
    if (e == 31) return f ? NAN : sign * INFINITY;
    if (e == 0) return sign * f * 0x1p-24;
    return sign * (1024 + f) * (1 << e) * 0x1p-25;
}

// The upper half of a float.
static double from_bf16(const uint8_t *at)
{
    uint16_t half;
    memcpy(&half, at, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static reader *const readers[RB_DTYPES] = {
    [RB_F32] = from_f32, [RB_F64] = from_f64, [RB_F16] = from_f16, [RB_BFLOAT16] = from_bf16, [RB_I64] = from_i64,
    [RB_I32] = from_i32, [RB_I16] = from_i16, [RB_I8] = from_i8,   [RB_U8] = from_u8,         [RB_BOOL8] = from_bool,
};

// ---- in C order --------------------------------------------------------------------------------------------------

// A way through the values of a tensor, the last index first.
typedef struct walk {
    const rb_tensor *tensor;
    int64_t place, index[RB_RANK_LIMIT]; // place in values from the tensor's first
} walk;

static const uint8_t *value_at(const walk *w)
{
    return (const uint8_t *)w->tensor->data + w->place * rb_dtype_bytes(w->tensor->dtype);
}

static void go_on(walk *w)
{
    const rb_tensor *t = w->tensor;
    if (!t->strides) {
        w->place++;
        return;
    }
    for (int d = t->rank - 1; d >= 0; d--) {
        w->place += t->strides[d];
        if (++w->index[d] < t->dims[d]) return;
        w->place -= t->dims[d] * t->strides[d];
        w->index[d] = 0;
    }
}

void rb_tensor_to_f64(const rb_tensor *t, double *out)
{
    walk w = {.tensor = t};
    for (int64_t i = 0; i < t->count; i++, go_on(&w)) out[i] = readers[t->dtype](value_at(&w));
}

void rb_tensor_to_bytes(const rb_tensor *t, void *out)
{
    walk w = {.tensor = t};
    size_t size = (size_t)rb_dtype_bytes(t->dtype);
    if (!t->strides && t->count) memcpy(out, t->data, (size_t)rb_tensor_bytes(t));
    for (int64_t i = 0; t->strides && i < t->count; i++, go_on(&w))
        memcpy((uint8_t *)out + i * (ptrdiff_t)size, value_at(&w), size);
}

void rb_tensor_to_f32(const rb_tensor *t, float *out)
{
    walk w = {.tensor = t};
    if (t->dtype == RB_F32)
        rb_tensor_to_bytes(t, out); // to the bit, NaN included
    else
        for (int64_t i = 0; i < t->count; i++, go_on(&w)) out[i] = (float)readers[t->dtype](value_at(&w));
}
