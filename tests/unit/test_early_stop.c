// SPDX-License-Identifier: Apache-2.0
// test_early_stop.c - when training stops early, by traces worked out by hand from Lightning's rule.
#include "check.h"

#include "train/early_stop.h"

// The value, counted from 1, at which it stops; 0: never.
static int stops_at(const double *values, int count, double min_delta, int patience)
{
    rb_early_stop e = {.best = INFINITY};
    for (int i = 0; i < count; i++)
        if (rb_early_stop_after(&e, values[i], min_delta, patience)) return i + 1;
    return 0;
}

static void it_stops_after_patience_values_without_a_better_one(void **state)
{
    (void)state;
    static const double falling[] = {.5, .4, .3, .2, .1}, flat[] = {.5, .5, .5, .5, .5};
    static const double late[] = {.5, .6, .6, .4, .4, .4, .4};
    assert_int_equal(stops_at(falling, 5, 0, 2), 0);
    assert_int_equal(stops_at(flat, 5, 0, 2), 3);
    assert_int_equal(stops_at(late, 7, 0, 3), 7);
    assert_int_equal(stops_at(flat, 5, 0, 0), 0);
}

static void less_than_min_delta_is_not_better(void **state)
{
    (void)state;
    static const double creeping[] = {.5, .495, .491, .49, .489};
    assert_int_equal(stops_at(creeping, 5, 0.01, 4), 0); // .489 < .5 - .01 is better again, at the last moment
    assert_int_equal(stops_at(creeping, 5, 0.01, 3), 4);
    assert_int_equal(stops_at(creeping, 5, 0.02, 4), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stops_after_patience_values_without_a_better_one),
        cmocka_unit_test(less_than_min_delta_is_not_better),
    };
    return cmocka_run_group_tests_name("early_stop", tests, NULL, NULL);
}
