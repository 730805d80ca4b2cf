// SPDX-License-Identifier: Apache-2.0
// The tables of 8-bit Lab beside the formulas that they are made from.
#include "check.h"

#include "augment/lab.h"

static double linear(double srgb)
{
    return srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4);
}

static void light_is_linear(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) assert_int_equal(rb_lab_light[i], lrint(RB_LAB_LINEAR * linear(i / 255.0)));
}

static void roots_are_cube_roots(void **state)
{
    (void)state;
    for (int i = 0; i < RB_LAB_ROOTS; i++) {
        double t = i / (double)RB_LAB_LINEAR, root = t < 0.008856 ? 7.787 * t + 16.0 / 116 : cbrt(t);
        assert_int_equal(rb_lab_root[i], lrint((1 << RB_LAB_BITS) * root));
    }
}

// A level begins with the first step that is nearer to it than to the one before.
static void levels_begin_half_way(void **state)
{
    (void)state;
    assert_int_equal(rb_lab_begin[0], 0);
    for (int level = 1; level < 256; level++) {
        double end = linear((level - 0.5) / 255) * (RB_LAB_STEPS - 1);
        assert_true(rb_lab_begin[level] >= end && rb_lab_begin[level] - 1 < end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(light_is_linear),
        cmocka_unit_test(roots_are_cube_roots),
        cmocka_unit_test(levels_begin_half_way),
    };
    return cmocka_run_group_tests_name("augment, Lab", tests, NULL, NULL);
}
