// SPDX-License-Identifier: Apache-2.0
// test_statistics.c - what a tensor's values are like, and how far two are apart.
#include "check.h"

#include "weights/weights.h"

#include <string.h>

static rb_tensor tensor_of(const double *x, int64_t count)
{
    return (rb_tensor){.dtype = RB_F64, .rank = 1, .dims = {count}, .count = count, .data = x};
}

static void values_are_described(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const double x[] = {2, NAN, 4, -INFINITY, 4, 4, 5, 5, 7, 9, INFINITY};
    rb_tensor t = tensor_of(x, 11);
    rb_statistics s = rb_tensor_statistics(a, &t);
    assert_int_equal(s.not_finite, 3);
    assert_true(s.min == 2 && s.max == 9 && s.mean == 5 && s.std == 2);

    // Far from 0 the mean of squares less the square of the mean would be nothing but rounding.
    const double far[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
    t = tensor_of(far, 3);
    check_near("std", rb_tensor_statistics(a, &t).std, sqrt(2.0 / 3), 1e-12, 0);
    rb_arena_close(a);
}

static void nothing_has_no_statistics(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const double x[] = {NAN, INFINITY};
    for (int count = 0; count <= 2; count += 2) {
        rb_tensor t = tensor_of(x, count);
        rb_statistics s = rb_tensor_statistics(a, &t);
        assert_int_equal(s.not_finite, count);
        assert_true(isnan(s.min) && isnan(s.max) && isnan(s.mean) && isnan(s.std));
    }
    rb_arena_close(a);
}

static void differences_are_the_largest(void **state)
{
    (void)state;
    static const struct {
        double x[2], y[2], apart;
    } cases[] = {
        {{1, 2}, {1, 2}, 0},
        {{1, 2}, {1.5, 1}, 1},
        {{NAN, 0}, {NAN, 0}, 0},
        {{NAN, 0}, {1, 0}, INFINITY},
        {{0, 1}, {0, NAN}, INFINITY},
        {{INFINITY, 0}, {INFINITY, 3}, 3},
        {{INFINITY, 0}, {-INFINITY, 0}, INFINITY},
        {{-0.0, 0}, {0, 0}, 0},
    };
    rb_arena *a = rb_arena_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rb_tensor x = tensor_of(cases[i].x, 2), y = tensor_of(cases[i].y, 2);
        assert_true(rb_tensor_difference(a, &x, &y) == cases[i].apart);
    }
    rb_arena_close(a);
}

static void shapes_have_words(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    assert_string_equal(rb_shape_text(a, 0, NULL), "[]");
    assert_string_equal(rb_shape_text(a, 4, (const int64_t[]){64, 3, 7, 7}), "[64 3 7 7]");
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_described),
        cmocka_unit_test(nothing_has_no_statistics),
        cmocka_unit_test(differences_are_the_largest),
        cmocka_unit_test(shapes_have_words),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
