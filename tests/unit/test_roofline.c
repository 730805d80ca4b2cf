// SPDX-License-Identifier: Apache-2.0
// test_roofline.c - what a convolution costs, and what this machine can do.
#include "check.h"
#include "train/roofline.h"

static void operations_are_counted_by_hand(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_graph *g = rb_graph_new(a);
    rb_conv wide = {.filters = 8, .kernel = 3, .stride = 2, .padding = 1}, deep = wide;
    deep.groups = 8;
    const rb_node *x = rb_conv2d(g, "wide", rb_input(g, (rb_shape){3, 10, 6}), wide);
    x = rb_conv2d(g, "deep", x, deep);
    const struct {
        rb_work_item item;
        double flops;
    } cases[] = {
        {{.work = RB_WORK_CONV_FORWARD, .node = "wide"}, 2.0 * 4 * 5 * 3 * 8 * 3 * 9},
        {{.work = RB_WORK_CONV_WEIGHTS, .node = "wide"}, 2.0 * 4 * 5 * 3 * 8 * 3 * 9},
        {{.work = RB_WORK_CONV_DATA, .node = "deep"}, 2.0 * 4 * 3 * 2 * 8 * 9},
        {{.work = RB_WORK_NORM, .node = "wide"}, 0},
        {{.work = RB_WORK_CONV_DATA, .node = "absent"}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(rb_roofline_flops(g, &cases[i].item, 4) == cases[i].flops);
    rb_arena_close(a);
}

static void the_roof_is_found(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_settings *s = rb_settings_new(a, RB_FOR_BENCH);
    rb_error err = {0};
    double roof = 0;
    s->compute.backend = "onednn";
    s->compute.threads = 1;
    check_done(rb_roofline_measure(s, 0.01, &roof, &err), err);
    assert_true(roof > 1e8 && roof < 1e15); // a core of thirty years ago, and more than any has
    s->compute.backend = "ref";
    check_failed(rb_roofline_measure(s, 0.01, &roof, &err), err, RB_ERR_USAGE, "ref does not tell of its parts");
    s->compute.backend = "abacus";
    check_failed(rb_roofline_measure(s, 0.01, &roof, &err), err, RB_ERR_USAGE, "abacus");
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_counted_by_hand),
        cmocka_unit_test(the_roof_is_found),
    };
    return check_run("roofline", tests);
}
