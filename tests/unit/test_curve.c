// SPDX-License-Identifier: Apache-2.0
// test_curve.c - the course of the rate in blocks: ends, peak, short runs, a rate of nothing.
#include "check.h"
#include "numbers.h"

#include "train/curve.h"

static rb_curve curve_of(rb_arena *a, const char *name, const char *keys, int64_t total, double lr)
{
    rb_error err = {0};
    const rb_schedule *s = rb_schedule_find(name, &err);
    if (!s) fail_msg("%s", err.text);
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)s->cfg_bytes);
    settings_fill(a, s->fields, cfg, keys);
    return rb_curve_of(s, cfg, (rb_progress){.total = total, .steps_per_epoch = 10, .lr = lr});
}

static void a_curve_is_drawn_from_nothing_to_the_highest(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const struct {
        const char *schedule, *keys;
        int total;
        double lr;
        const char *line;
    } cases[] = {
        {"constant", "", 4, 1, "████"},
        {"constant", "", 1, 1, "█"},
        {"constant", "", 1000, 0.5, "████████████████████████████████████████"},
        {"constant", "", 3, 0, "▁▁▁"},
        {"step", "size=1 gamma=0.5", 40, 1, "██████████▅▅▅▅▅▅▅▅▅▅▃▃▃▃▃▃▃▃▃▃▂▂▂▂▂▂▂▂▂▂"},
        {"one_cycle", "anneal_strategy=linear pct_start=0.25 div_factor=8", 40, 1,
         "▂▃▃▄▅▅▆▇▇███▇▇▇▇▆▆▆▆▅▅▅▅▅▄▄▄▄▃▃▃▃▂▂▂▂▁▁▁"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rb_curve c = curve_of(a, cases[i].schedule, cases[i].keys, cases[i].total, cases[i].lr);
        assert_string_equal(c.line, cases[i].line);
    }
    rb_arena_close(a);
}

static void a_curve_knows_its_rates(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_curve c = curve_of(a, "one_cycle", "max_lr=0.5", 37, 7);
    check_near("first", c.first, 0.5 / 25, 1e-12, 0);
    check_near("highest", c.highest, 0.5, 1e-3, 0); // between two steps
    check_near("last", c.last, 0.5 / 25e4, 1e-12, 0);
    c = curve_of(a, "one_cycle", "max_lr=0.5", 1000000000, 7); // in no time
    check_near("highest", c.highest, 0.5, 1e-6, 0);
    c = curve_of(a, "reduce_on_plateau", "", 1000, 0.25);
    assert_true(c.first == 0.25 && c.highest == 0.25 && c.last == 0.25);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_is_drawn_from_nothing_to_the_highest),
        cmocka_unit_test(a_curve_knows_its_rates),
    };
    return cmocka_run_group_tests_name("curve", tests, NULL, NULL);
}
