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

static const struct epoch_trace {
    const char *schedule, *file, *keys;
    double base;
    int rows;
} epoch_traces[] = {
    {"cosine", "cosine_T1.csv", "t_max=1 eta_min=0", 1e-3, 5},
    {"cosine", "cosine_T10_min0.csv", "t_max=10 eta_min=0", 1e-3, 31},
    {"cosine", "cosine_T10_min1e-6.csv", "t_max=10 eta_min=1e-6", 1e-3, 31},
    {"cosine", "cosine_T100_min1e-7.csv", "t_max=100", 4e-4, 100},
    {"step", "step_size3_gamma05.csv", "size=3 gamma=0.5", 1e-3, 12},
    {"step", "step_size1_gamma09.csv", "size=1 gamma=0.9", 1e-3, 40},
};

// Every epoch of three steps has one rate.
static void rates_of_epochs_equal_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < (int)(sizeof epoch_traces / sizeof *epoch_traces); t++) {
        const struct epoch_trace *trace = &epoch_traces[t];
        const rb_schedule *s = found(trace->schedule);
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

// ---- reduce_on_plateau ---------------------------------------------------------------------------------------------

static const struct plateau_trace {
    const char *file, *keys;
    double base;
    int rows;
} plateau_traces[] = {
    {"plateau_default.csv", "", 1e-3, 40},
    {"plateau_patience2.csv", "patience=2", 1e-3, 40},
    {"plateau_patience2_f05_cool3_min.csv", "patience=2 factor=0.5 cooldown=3 min_lr=5e-5", 1e-3, 40},
    {"plateau_patience0_abs.csv", "patience=0 factor=0.5 threshold=0.01 threshold_mode=abs", 1e-3, 40},
    {"plateau_max_patience2.csv", "mode=max patience=2 factor=0.2", 1e-3, 40},
    {"plateau_max_abs.csv", "mode=max patience=1 factor=0.2 threshold=0.005 threshold_mode=abs", 1e-3, 40},
    {"plateau_min_negative_rel.csv", "patience=2", 1e-3, 20},
    {"plateau_eps.csv", "patience=1", 1e-6, 30},
    {"plateau_nan.csv", "patience=2", 1e-3, 11},
};

enum { EPOCH, METRIC, BEFORE, AFTER, BEST, BAD, COOLDOWN };

static double plateau_lr(const rb_schedule *s, const void *cfg, double base, const rb_memory *m)
{
    rb_rate r = s->rate(cfg, (rb_progress){.step = 7, .total = 99, .steps_per_epoch = 3, .lr = base, .memory = m});
    assert_true(isnan(r.momentum));
    return r.lr;
}

// After each epoch: the rate, and all that is remembered.
static void plateau_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("reduce_on_plateau");
    for (int t = 0; t < (int)(sizeof plateau_traces / sizeof *plateau_traces); t++) {
        const struct plateau_trace *trace = &plateau_traces[t];
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", trace->file));
        assert_int_equal(want.rows, trace->rows);
        void *cfg = settings(a, s, trace->keys);
        rb_memory m = RB_MEMORY_FRESH;
        for (int i = 0; i < want.rows; i++) {
            const double *row = numbers_row(&want, i);
            const char *what = rb_text_format(a, "%s epoch %d", trace->file, i);
            check_near(what, plateau_lr(s, cfg, trace->base, &m), row[BEFORE], 1e-12, 1e-15);
            s->observe(cfg, trace->base, row[METRIC], &m);
            check_near(what, plateau_lr(s, cfg, trace->base, &m), row[AFTER], 1e-12, 1e-15);
            check_near(what, m.best, row[BEST], 0, 0);
            assert_int_equal(m.bad, (int)row[BAD]);
            assert_int_equal(m.cooldown, (int)row[COOLDOWN]);
        }
    }
    rb_arena_close(a);
}

// Nothing but the memory carries over: a copy of its numbers goes on as the original does.
static void a_copied_memory_goes_on_alike(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("reduce_on_plateau");
    numbers want = numbers_read(a, "golden/sched/plateau_patience2_f05_cool3_min.csv");
    void *cfg = settings(a, s, "patience=2 factor=0.5 cooldown=3 min_lr=5e-5");
    for (int cut = 0; cut < want.rows; cut++) {
        rb_memory m = RB_MEMORY_FRESH;
        for (int i = 0; i < cut; i++) s->observe(cfg, 1e-3, numbers_row(&want, i)[METRIC], &m);
        rb_memory again = {m.lr, m.best, m.bad, m.cooldown};
        for (int i = cut; i < want.rows; i++) s->observe(cfg, 1e-3, numbers_row(&want, i)[METRIC], &again);
        assert_true(plateau_lr(s, cfg, 1e-3, &again) == numbers_row(&want, want.rows - 1)[AFTER]);
    }
    rb_arena_close(a);
}

// The metric decides whether up is better; only NaN before any value, or infinity, is nothing to compare with.
static void plateau_watches_what_it_is_told(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_schedule *s = found("reduce_on_plateau");
    static const struct {
        const char *keys, *metric;
        double first, second;
        int bad;
    } cases[] = {{"", "hter", 0.5, 0.4, 0},
                 {"monitor=loss", "loss", 0.5, 0.6, 1},
                 {"monitor=roc_auc", "roc_auc", 0.5, 0.6, 0},
                 {"monitor=roc_auc mode=min", "roc_auc", 0.5, 0.6, 1},
                 {"", "hter", (double)NAN, 0.4, 0},
                 {"", "hter", (double)INFINITY, (double)INFINITY, 2}};
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        void *cfg = settings(a, s, cases[i].keys);
        rb_memory m = RB_MEMORY_FRESH;
        assert_string_equal(s->monitor(cfg), cases[i].metric);
        s->observe(cfg, 1, cases[i].first, &m);
        s->observe(cfg, 1, cases[i].second, &m);
        assert_int_equal(m.bad, cases[i].bad);
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
        cmocka_unit_test(rates_of_epochs_equal_pytorch),
        cmocka_unit_test(cosine_warms_up_and_ends_with_the_run),
        cmocka_unit_test(plateau_equals_pytorch),
        cmocka_unit_test(a_copied_memory_goes_on_alike),
        cmocka_unit_test(plateau_watches_what_it_is_told),
        cmocka_unit_test(an_unknown_name_is_refused),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
