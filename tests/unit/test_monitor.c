// SPDX-License-Identifier: Apache-2.0
// test_monitor.c - what makes one epoch better than another, and which checkpoints of the best are kept.
#include "check.h"
#include "folder.h"

#include "train/state.h"

static rb_monitor found(const char *name, rb_monitor_mode mode)
{
    rb_error err = {0};
    rb_monitor m;
    check_done(rb_monitor_find(name, mode, 1, &m, &err), err);
    return m;
}

// ---- monitors ------------------------------------------------------------------------------------------------------

static const rb_logged logged = {.of = {{"val/hter", 0.25}, {"val/roc_auc", 0.875}, {"val/far", NAN}}, .count = 3};

static void less_is_better_for_every_cost(void **state)
{
    (void)state;
    rb_monitor falls = found("val/hter", RB_MONITOR_AUTO), rises = found("val/roc_auc", RB_MONITOR_AUTO);
    assert_true(rb_monitor_cost(&falls, &logged) == 0.25);
    assert_true(rb_monitor_cost(&rises, &logged) == -0.875);
    assert_true(rb_monitor_value(&falls, 0.25) == 0.25);
    assert_true(rb_monitor_value(&rises, -0.875) == 0.875);
    assert_true(found("val/average_precision", RB_MONITOR_AUTO).rises);
    assert_false(found("val/loss", RB_MONITOR_AUTO).rises);
}

static void the_mode_may_be_said(void **state)
{
    (void)state;
    assert_true(found("val/hter", RB_MONITOR_MAX).rises);
    assert_false(found("val/roc_auc", RB_MONITOR_MIN).rises);
}

static void what_is_no_number_is_never_better(void **state)
{
    (void)state;
    rb_monitor far = found("val/far", RB_MONITOR_MAX), absent = found("val/frr", RB_MONITOR_AUTO);
    assert_true(rb_monitor_cost(&far, &logged) == INFINITY);
    assert_true(rb_monitor_cost(&absent, &logged) == INFINITY);
}

static void only_what_is_recorded_can_be_monitored(void **state)
{
    (void)state;
    rb_error err = {0};
    rb_monitor m;
    check_failed(rb_monitor_find("val/roc", RB_MONITOR_AUTO, 1, &m, &err), err, RB_ERR_USAGE,
                 "monitor: there is no 'val/roc' with so many classes; did you mean 'val/");
    check_failed(rb_monitor_find("val/far", RB_MONITOR_AUTO, 4, &m, &err), err, RB_ERR_USAGE,
                 "monitor: there is no 'val/far'");
    check_done(rb_monitor_find("val/macro_f1", RB_MONITOR_AUTO, 4, &m, &err), err);
    assert_true(m.rises);
}

// ---- the best ones -------------------------------------------------------------------------------------------------

static void check_top(const rb_top *t, const int *epochs, int count)
{
    assert_int_equal(t->count, count);
    for (int i = 0; i < count; i++) assert_int_equal(t->at[i].epoch, epochs[i]);
}

static void the_best_stay_and_of_equals_the_earlier(void **state)
{
    (void)state;
    rb_top t = {.count = 0};
    rb_top_epoch out;
    static const double costs[] = {.5, .3, .5, .3, INFINITY, .5, .2, .4};
    static const int dropped[] = {-1, -1, -1, 2, -1, -1, 0, -1}; // 4: no number; 5: no better than epoch 0; 7: than 3
    for (int e = 0; e < 8; e++) {
        bool entered = rb_top_enter(&t, 3, (rb_top_epoch){e, costs[e]}, &out);
        assert_int_equal(entered, e < 4 || e == 6);
        assert_int_equal(out.epoch, dropped[e]);
    }
    check_top(&t, (int[]){6, 1, 3}, 3);
}

static rb_run run_in(const place *p)
{
    return (rb_run){.arena = p->arena, .folder = p->folder};
}

static void files_are_named_by_epoch_and_figure(void **state)
{
    place *p = *state;
    rb_monitor falls = found("val/hter", RB_MONITOR_AUTO), rises = found("val/roc_auc", RB_MONITOR_AUTO);
    assert_string_equal(rb_top_name(p->arena, &falls, (rb_top_epoch){6, 0.12341}),
                        "epoch-0007-val_hter-0.1234.safetensors");
    assert_string_equal(rb_top_name(p->arena, &rises, (rb_top_epoch){12344, -0.5}),
                        "epoch-12345-val_roc_auc-0.5000.safetensors");
}

static bool there(const place *p, const char *name)
{
    return rb_file_exists(rb_path_join(p->arena, p->folder, name));
}

// What a killed run made after its last state goes; what somebody else put there stays.
static void only_files_of_ours_that_no_state_has_are_removed(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_monitor m = found("val/hter", RB_MONITOR_AUTO);
    rb_run run = run_in(p);
    rb_top t = {.at = {{6, 0.1234}}, .count = 1};
    static const char *const stay[] = {"epoch-0007-val_hter-0.1234.safetensors",
                                       "epoch-0008-val_loss-0.2.safetensors",
                                       "epoch-0008-val_hter-0.2.safetensors.bak",
                                       "epoch-best-val_hter-0.2.safetensors",
                                       "best.safetensors",
                                       "epoch-0008-val_hter-.safetensors"};
    for (int i = 0; i < 6; i++) place_text(p, stay[i], "x");
    place_text(p, "epoch-0008-val_hter-0.2000.safetensors", "x");
    place_text(p, "epoch-0007-val_hter-0.1235.safetensors", "x");
    check_done(rb_top_clean(&run, &m, &t, &err), err);
    for (int i = 0; i < 6; i++)
        if (!there(p, stay[i])) fail_msg("%s is gone", stay[i]);
    assert_false(there(p, "epoch-0008-val_hter-0.2000.safetensors"));
    assert_false(there(p, "epoch-0007-val_hter-0.1235.safetensors"));

    check_done(rb_top_remove(&run, &m, RB_TOP_NONE, &err), err);
    check_done(rb_top_remove(&run, &m, t.at[0], &err), err);
    assert_false(there(p, stay[0]));
    check_done(rb_top_remove(&run, &m, t.at[0], &err), err); // gone is gone
}

// ---- in a state ----------------------------------------------------------------------------------------------------

static void a_state_carries_them(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_state s = rb_state_fresh(), back;
    s.best = (rb_best){3, 40, -0.1};
    s.top = (rb_top){.at = {{3, -0.1}, {0, 1.0 / 3}}, .count = 2};
    check_done(rb_state_read(p->arena, rb_state_text(p->arena, &s), &back, &err), err);
    check_top(&back.top, (int[]){3, 0}, 2);
    assert_true(back.top.at[1].cost == 1.0 / 3);
    assert_true(back.best.cost == -0.1 && back.best.epoch == 3 && back.best.step == 40);
    s = rb_state_fresh();
    check_done(rb_state_read(p->arena, rb_state_text(p->arena, &s), &back, &err), err);
    assert_true(back.best.cost == INFINITY && back.best.epoch == -1 && back.top.count == 0);
    const char *text = rb_state_text(p->arena, &s);
    char *spoiled = strstr(text, "\"top\":[]");
    assert_non_null(spoiled);
    memcpy(spoiled, "\"top\":{}", 8);
    check_failed(rb_state_read(p->arena, text, &back, &err), err, RB_ERR_WEIGHTS, "its training state lacks \"top\"");
}

#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_is_better_for_every_cost),
        cmocka_unit_test(the_mode_may_be_said),
        cmocka_unit_test(what_is_no_number_is_never_better),
        cmocka_unit_test(only_what_is_recorded_can_be_monitored),
        cmocka_unit_test(the_best_stay_and_of_equals_the_earlier),
        IN_PLACE(files_are_named_by_epoch_and_figure),
        IN_PLACE(only_files_of_ours_that_no_state_has_are_removed),
        IN_PLACE(a_state_carries_them),
    };
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
