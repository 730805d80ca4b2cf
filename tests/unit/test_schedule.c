// SPDX-License-Identifier: Apache-2.0
// test_schedule.c - schedules against traces of PyTorch, and where PyTorch has no answer.
#include "check.h"
#include "numbers.h"
#include "schedule/schedule.h"

static const rb_schedule *found(const char *name)
{
    rb_error err = {0};
    const rb_schedule *s = rb_schedule_find(name, &err);
    if (!s) fail_msg("%s", err.text);
    return s;
}

static void *settings(rb_arena *a, const rb_schedule *s, const char *keys)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)s->cfg_bytes);
    settings_fill(a, s->fields, cfg, keys);
    return cfg;
}

static const struct trace {
    const char *file, *keys;
    int rows;
    bool own_momentum; // the file shows what the optimiser keeps
} traces[] = {
    {"onecycle_default_adamw_4.csv", "max_lr=1e-2", 4, false},
    {"onecycle_default_adamw_10.csv", "max_lr=1e-2", 10, false},
    {"onecycle_default_adamw_37.csv", "max_lr=2e-3", 37, false},
    {"onecycle_default_adamw_100.csv", "max_lr=1e-2", 100, false},
    {"onecycle_pct015_adamw_50.csv", "max_lr=2e-3 pct_start=0.15", 50, false},
    {"onecycle_nomomentum_adamw_37.csv", "max_lr=2e-3 cycle_momentum=false", 37, true},
    {"onecycle_linear_adamw_37.csv", "max_lr=2e-3 anneal_strategy=linear", 37, false},
    {"onecycle_threephase_adamw_37.csv", "max_lr=2e-3 three_phase=true", 37, false},
    {"onecycle_sgd_20.csv", "max_lr=0.1 div_factor=10 final_div_factor=100 base_momentum=0.8 max_momentum=0.9", 20,
     false},
};

enum { STEP, LR, MOMENTUM };

static void one_cycle_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("one_cycle");
    for (int t = 0; t < (int)(sizeof traces / sizeof *traces); t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        assert_int_equal(want.rows, traces[t].rows);
        void *cfg = settings(a, s, traces[t].keys);
        for (int i = 0; i < want.rows; i++) {
            const double *row = numbers_row(&want, i);
            rb_rate got = s->rate(cfg, (rb_progress){.step = i, .total = want.rows, .lr = 5});
            const char *what = rb_text_format(a, "%s step %d", traces[t].file, i);
            check_near(what, got.lr, row[LR], 1e-12, 1e-15);
            if (traces[t].own_momentum)
                assert_true(isnan(got.momentum));
            else
                check_near(what, got.momentum, row[MOMENTUM], 1e-12, 1e-15);
        }
    }
    rb_arena_close(a);
}

static void one_cycle_peaks_at_lr_unless_told(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("one_cycle");
    void *cfg = settings(a, s, "");
    check_near("first", s->rate(cfg, (rb_progress){.step = 0, .total = 10, .lr = 0.5}).lr, 0.5 / 25, 1e-12, 0);
    check_near("peak", s->rate(cfg, (rb_progress){.step = 2, .total = 10, .lr = 0.5}).lr, 0.5, 1e-12, 0);
    check_near("last", s->rate(cfg, (rb_progress){.step = 9, .total = 10, .lr = 0.5}).lr, 0.5 / 25e4, 1e-12, 0);
    rb_arena_close(a);
}

// In PyTorch some of these divide by zero; others begin a phase before step 0.
static void one_cycle_is_finite_in_runs_of_a_few_steps(void **state)
{
    (void)state;
    static const char *const keys[] = {"pct_start=0",
                                       "pct_start=0.25",
                                       "pct_start=0.3",
                                       "pct_start=0.5",
                                       "pct_start=1",
                                       "three_phase=true",
                                       "three_phase=true pct_start=0.5",
                                       "three_phase=true pct_start=1"};
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("one_cycle");
    for (int k = 0; k < (int)(sizeof keys / sizeof *keys); k++) {
        void *cfg = settings(a, s, keys[k]);
        for (int total = 1; total <= 8; total++)
            for (int step = 0; step < total; step++) {
                rb_rate r = s->rate(cfg, (rb_progress){.step = step, .total = total, .lr = 1});
                if (!(r.lr >= 1 / 25e4 * (1 - 1e-9) && r.lr <= 1 + 1e-9 && r.momentum >= 0.85 - 1e-9 &&
                      r.momentum <= 0.95 + 1e-9))
                    fail_msg("%s, step %d of %d: lr %g, momentum %g", keys[k], step, total, r.lr, r.momentum);
            }
    }
    rb_arena_close(a);
}

// pct_start * total = 0.9: the way up ends at step -0.1, and the way down, which begins there, ends at step 2.
static void one_cycle_may_begin_on_the_way_down(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("one_cycle");
    void *cfg = settings(a, s, "");
    static const double want[] = {0.9944154354509117, 0.46263710266697505, 4e-6};
    for (int step = 0; step < 3; step++)
        check_near("rate", s->rate(cfg, (rb_progress){.step = step, .total = 3, .lr = 1}).lr, want[step], 1e-12, 0);
    rb_arena_close(a);
}

// pct_start * total = 1: the way up has no length. PyTorch fails; a little less or more of it makes a difference.
static void one_cycle_without_a_way_up_begins_at_the_top(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("one_cycle");
    void *cfg = settings(a, s, "pct_start=0.25");
    check_near("first", s->rate(cfg, (rb_progress){.step = 0, .total = 4, .lr = 1}).lr, 1, 1e-12, 0);
    check_near("last", s->rate(cfg, (rb_progress){.step = 3, .total = 4, .lr = 1}).lr, 1 / 25e4, 1e-12, 0);
    rb_arena_close(a);
}

static void constant_is_constant(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("constant");
    void *cfg = settings(a, s, "");
    for (int step = 0; step < 5; step++) {
        rb_rate r = s->rate(cfg, (rb_progress){.step = step, .total = 5, .lr = 0.125});
        assert_true(r.lr == 0.125 && isnan(r.momentum));
    }
    rb_arena_close(a);
}

static const struct cosine_trace {
    const char *file, *keys;
    double base;
    int rows;
} cosine_traces[] = {
    {"cosine_T1.csv", "t_max=1 eta_min=0", 1e-3, 5},
    {"cosine_T10_min0.csv", "t_max=10 eta_min=0", 1e-3, 31},
    {"cosine_T10_min1e-6.csv", "t_max=10 eta_min=1e-6", 1e-3, 31},
    {"cosine_T100_min1e-7.csv", "t_max=100", 4e-4, 100},
};

// Every epoch of three steps has one rate.
static void cosine_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("cosine");
    for (int t = 0; t < (int)(sizeof cosine_traces / sizeof *cosine_traces); t++) {
        const struct cosine_trace *trace = &cosine_traces[t];
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", trace->file));
        assert_int_equal(want.rows, trace->rows);
        void *cfg = settings(a, s, trace->keys);
        for (int i = 0; i < 3 * want.rows; i++) {
            rb_progress at = {.step = i, .total = 3 * want.rows, .steps_per_epoch = 3, .lr = trace->base};
            check_near(rb_text_format(a, "%s step %d", trace->file, i), s->rate(cfg, at).lr,
                       numbers_row(&want, i / 3)[LR], 1e-12, 1e-15);
        }
    }
    rb_arena_close(a);
}

static void cosine_warms_up_and_ends_with_the_run(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("cosine");
    void *cfg = settings(a, s, "warmup=1 eta_min=0");
    static const double want[] = {1 / 3.0, 2 / 3.0, 1, 1, 0.5, 0.5}; // two steps an epoch, three epochs
    for (int i = 0; i < 6; i++) {
        rb_progress at = {.step = i, .total = 6, .steps_per_epoch = 2, .lr = 1};
        check_near("rate", s->rate(cfg, at).lr, want[i], 1e-12, 0);
    }
    rb_arena_close(a);
}

static void an_unknown_name_is_refused(void **state)
{
    (void)state;
    rb_error err = {0};
    check_failed(rb_schedule_find("one_cycel", &err), err, RB_ERR_USAGE, "did you mean 'one_cycle'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cycle_equals_pytorch),
        cmocka_unit_test(one_cycle_peaks_at_lr_unless_told),
        cmocka_unit_test(one_cycle_is_finite_in_runs_of_a_few_steps),
        cmocka_unit_test(one_cycle_may_begin_on_the_way_down),
        cmocka_unit_test(one_cycle_without_a_way_up_begins_at_the_top),
        cmocka_unit_test(constant_is_constant),
        cmocka_unit_test(cosine_equals_pytorch),
        cmocka_unit_test(cosine_warms_up_and_ends_with_the_run),
        cmocka_unit_test(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
