// SPDX-License-Identifier: Apache-2.0
// test_convert.c - values of every dtype as float and double, at odd addresses.
#include "check.h"

#include "weights/weights.h"

#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// (-1)^s 2^(e-bias) (1 + f/2^bits), or (-1)^s 2^(1-bias) f/2^bits where e = 0.
static double small_float(unsigned pattern, int exponent_bits, int bits)
{
    int f = (int)(pattern & ((1u << bits) - 1)), top = (1 << exponent_bits) - 1, bias = top / 2;
    int e = (int)(pattern >> bits) & top;
    double size =
        e == top ? (f ? NAN : INFINITY) : ldexp(e ? 1 + ldexp(f, -bits) : ldexp(f, -bits), (e ? e : 1) - bias);
    return copysign(size, pattern >> 15 ? -1.0 : 1.0);
}

static bool same(double x, double y)
{
    return isnan(x) ? isnan(y) : x == y && signbit(x) == signbit(y);
}

static void every_half_is_converted(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    enum { ALL = 1 << 16 };
    static const struct {
        rb_dtype dtype;
        int exponent_bits, bits;
    } kinds[] = {{RB_F16, 5, 10}, {RB_BFLOAT16, 8, 7}};
    for (int k = 0; k < COUNT(kinds); k++) {
        uint8_t *data = RB_NEW(a, uint8_t, 2 * ALL + 1) + 1; // at an odd address
        for (unsigned i = 0; i < ALL; i++) memcpy(data + (size_t)2 * i, &(uint16_t){(uint16_t)i}, 2);
        rb_tensor t = {.dtype = kinds[k].dtype, .rank = 1, .dims = {ALL}, .count = ALL, .data = data};
        double *as_double = RB_NEW(a, double, ALL);
        float *as_float = RB_NEW(a, float, ALL);
        rb_tensor_to_f64(&t, as_double);
        rb_tensor_to_f32(&t, as_float);
        for (unsigned i = 0; i < ALL; i++) {
            double want = small_float(i, kinds[k].exponent_bits, kinds[k].bits);
            if (!same(as_double[i], want) || !same(as_float[i], want))
                fail_msg("%s 0x%04x: %g and %g, not %g", rb_dtype_name(t.dtype), i, as_double[i], (double)as_float[i],
                         want);
        }
    }
    rb_arena_close(a);
}

static void other_values_are_converted(void **state)
{
    (void)state;
    static const struct {
        rb_dtype dtype;
        uint8_t bytes[8];
        double value;
    } values[] = {
        {RB_F32, {0, 0, 0x80, 0xff}, -INFINITY},
        {RB_F32, {1}, 0x1p-149},
        {RB_F64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0x7f}, 0x1.fffffffffffffp1023},
        {RB_I64, {0, 0, 0, 0, 0, 0, 0, 0x80}, -0x1p63},
        {RB_I32, {0xff, 0xff, 0xff, 0x7f}, 2147483647},
        {RB_I16, {0, 0x80}, -32768},
        {RB_I8, {0x80}, -128},
        {RB_U8, {0xff}, 255},
        {RB_BOOL8, {2}, 1},
    };
    for (int i = 0; i < COUNT(values); i++) {
        uint8_t odd[9];
        memcpy(odd + 1, values[i].bytes, 8);
        rb_tensor t = {.dtype = values[i].dtype, .count = 1, .data = odd + 1};
        double as_double;
        float as_float;
        rb_tensor_to_f64(&t, &as_double);
        rb_tensor_to_f32(&t, &as_float);
        if (as_double != values[i].value || as_float != (float)values[i].value)
            fail_msg("%s: %.17g and %.9g, not %.17g", rb_dtype_name(t.dtype), as_double, (double)as_float,
                     values[i].value);
    }
}

static void floats_keep_their_bits(void **state)
{
    (void)state;
    const uint32_t signalling = 0x7fa12345, quiet = 0xffc54321;
    uint8_t odd[9];
    memcpy(odd + 1, &signalling, 4);
    memcpy(odd + 5, &quiet, 4);
    float got[2];
    rb_tensor_to_f32(&(rb_tensor){.dtype = RB_F32, .rank = 1, .dims = {2}, .count = 2, .data = odd + 1}, got);
    assert_memory_equal(got, odd + 1, 8);
}

// A 3x4 table of which every second column is shown, transposed; and one value shown six times.
static void strides_are_followed(void **state)
{
    (void)state;
    const int16_t table[] = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
    const double want[] = {1, 11, 21, 3, 13, 23}, fives[] = {5, 5, 5, 5, 5, 5};
    const int16_t packed[] = {1, 11, 21, 3, 13, 23};
    uint8_t odd[sizeof table + 1];
    memcpy(odd + 1, table, sizeof table);
    rb_tensor t = {.dtype = RB_I16, .rank = 2, .dims = {2, 3}, .count = 6, .data = odd + 3};
    t.strides = (const int64_t[]){2, 4};
    double wide[6];
    float narrow[6];
    int16_t same[6];
    rb_tensor_to_f64(&t, wide);
    rb_tensor_to_f32(&t, narrow);
    rb_tensor_to_bytes(&t, same);
    assert_memory_equal(wide, want, sizeof want);
    assert_memory_equal(same, packed, sizeof packed);
    for (int i = 0; i < 6; i++) assert_true(narrow[i] == (float)want[i]);

    rb_tensor one = {.dtype = RB_F32, .rank = 2, .dims = {2, 3}, .count = 6, .data = &(const float){5}};
    one.strides = (const int64_t[]){0, 0};
    rb_tensor_to_f64(&one, wide);
    assert_memory_equal(wide, fives, sizeof fives);
    rb_tensor_to_f32(&one, narrow);
    for (int i = 0; i < 6; i++) assert_true(narrow[i] == 5);

    rb_tensor nothing = {.dtype = RB_F32, .rank = 2, .dims = {0, 3}};
    rb_tensor_to_f32(&nothing, narrow);
    rb_tensor_to_bytes(&nothing, narrow);
    assert_true(narrow[0] == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_converted),
        cmocka_unit_test(other_values_are_converted),
        cmocka_unit_test(floats_keep_their_bits),
        cmocka_unit_test(strides_are_followed),
    };
    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
