// SPDX-License-Identifier: Apache-2.0
// test_shards.c - a batch in parts: which rows they have, and that together they are the batch.
#include "check.h"

#include "ops/network.h"
#include "train/shards.h"

#define BATCH 8

static const rb_shape picture = {3, 6, 5};

// Dropout shows whether a part knows where in the epoch its rows are.
static const rb_graph *build(rb_arena *a, bool norms)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    const rb_node *x = rb_conv2d(g, "conv", rb_input(g, picture), (rb_conv){.filters = 5, .kernel = 3, .bias = true});
    if (norms) x = rb_batch_norm(g, "norm", x, RB_NORM_DEFAULT);
    x = rb_mean_pool(g, rb_relu(g, x));
    check_done(rb_graph_finish(g, rb_dense(g, "last", rb_dropout(g, x, 0.3), 2), &err), err);
    return g;
}

static rb_plan_spec spec_of(int batch)
{
    return (rb_plan_spec){
        .mode = RB_TRAIN, .batch = batch, .mean = {0.4, 0.5, 0.6}, .std = {0.2, 0.3, 0.4}, .loss = &squared, .seed = 5};
}

static rb_feed some_feed(rb_arena *a, int n)
{
    ptrdiff_t count = (ptrdiff_t)n * picture.c * picture.h * picture.w;
    uint8_t *pixels = RB_NEW(a, uint8_t, count);
    float *weights = RB_NEW(a, float, n);
    rb_rng random = rb_rng_at(3, RB_STREAM_SYNTH, 0, 0, 0);
    for (ptrdiff_t i = 0; i < count; i++) pixels[i] = (uint8_t)rb_rng_below(&random, 256);
    for (int i = 0; i < n; i++) weights[i] = (float)(1 + i % 3);
    return (rb_feed){.n = n,
                     .pixels = pixels,
                     .targets = some_values(a, (ptrdiff_t)n * 2, 1),
                     .weights = weights,
                     .scale = 0.125,
                     .epoch = 2,
                     .draw = 24};
}

static network open_filled(rb_arena *a, const rb_backend *b, const rb_graph *g, rb_precision precision, int batch)
{
    rb_plan_spec spec = spec_of(batch);
    network n = network_open(a, b, g, precision, &spec);
    network_fill(&n);
    return n;
}

static rb_shards open_shards(const network *n, int shards, int batch)
{
    rb_error err = {0};
    rb_shards s = {.shards = shards};
    rb_plan_spec spec = spec_of(batch);
    check_done(rb_shards_open(n->arena, n->store, &spec, batch, &s, &err), err);
    return s;
}

static double learned(const rb_shards *s, const rb_feed *feed)
{
    rb_error err = {0};
    double loss = NAN;
    check_done(rb_shards_learn(s, feed, &loss, &err), err);
    return loss;
}

static void check_params(const network *got, const network *want, rb_slot slot, double tolerance)
{
    for (int i = 0; i < got->graph->param_count; i++) {
        const rb_param *p = got->graph->params[i];
        if (slot == RB_VALUE || p->trained)
            check_close(p->name, network_get(got, p, slot), network_get(want, p, slot), p->count, tolerance);
    }
}

// ---- parts ---------------------------------------------------------------------------------------------------------

static void check_sizes(const network *n, int shards, const int *batches, const int *want)
{
    rb_error err = {0};
    rb_shards s = {.shards = shards};
    for (; *batches; batches++) {
        rb_plan_spec spec = spec_of(*batches);
        check_done(rb_shards_open(n->arena, n->store, &spec, *batches, &s, &err), err);
    }
    for (int i = 0; i < s.count; i++) assert_int_equal(s.plan[i]->spec.batch, want[i]);
    assert_int_equal(want[s.count], 0);
}

static void parts_differ_by_one_row_at_most(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    network n = open_filled(a, &rb_backend_ref, build(a, false), RB_FP32, BATCH);
    check_sizes(&n, 1, (int[]){8, 5, 0}, (int[]){8, 5, 0});
    check_sizes(&n, 4, (int[]){8, 0}, (int[]){2, 0});
    check_sizes(&n, 3, (int[]){8, 0}, (int[]){3, 2, 0});
    check_sizes(&n, 3, (int[]){8, 4, 0}, (int[]){3, 2, 1, 0});
    check_sizes(&n, 8, (int[]){8, 3, 0}, (int[]){1, 0}); // five parts of the rest have no row
    rb_arena_close(a);
}

static void more_parts_than_pictures_are_refused(void **state)
{
    (void)state;
    rb_error err = {0};
    check_done(rb_shards_check(8, 8, &err), err);
    check_failed(rb_shards_check(9, 8, &err), err, RB_ERR_USAGE, "shards: 9 parts of a batch of 8 pictures; use 8");
}

// ---- learning ------------------------------------------------------------------------------------------------------

static void one_part_is_the_batch_to_the_bit(void **state)
{
    (void)state;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        rb_error err = {0};
        if (!(*b)->usable(&err)) continue;
        rb_arena *a = rb_arena_open();
        const rb_graph *g = build(a, true);
        network whole = open_filled(a, *b, g, RB_FP32, BATCH), parts = open_filled(a, *b, g, RB_FP32, BATCH);
        rb_feed feed = some_feed(a, BATCH);
        rb_shards s = open_shards(&parts, 1, BATCH);
        double want = network_loss(&whole, &feed), got = learned(&s, &feed);
        network_backward(&whole, false);
        assert_true(got == want);
        check_params(&parts, &whole, RB_GRAD, 0);
        check_params(&parts, &whole, RB_VALUE, 0);
        rb_arena_close(a);
    }
}

// Without norms rows know nothing of each other: sums in another order, in doubles. Learned twice, so that gradients of
// the batch before must be gone.
static void parts_are_the_batch_where_there_is_no_norm(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_graph *g = build(a, false);
    network whole = open_filled(a, &rb_backend_ref, g, RB_FP64, BATCH);
    rb_feed feed = some_feed(a, BATCH);
    double want = network_loss(&whole, &feed);
    network_backward(&whole, false);
    for (int shards = 2; shards <= BATCH; shards++) {
        network parts = open_filled(a, &rb_backend_ref, g, RB_FP64, BATCH);
        rb_shards s = open_shards(&parts, shards, BATCH);
        for (int time = 0; time < 2; time++) {
            double got = learned(&s, &feed);
            check_close("loss", &got, &want, 1, 1e-14);
            check_params(&parts, &whole, RB_GRAD, 1e-14);
        }
    }
    rb_arena_close(a);
}

// Statistics are those of a part, and move with each.
static void norms_see_parts(void **state)
{
    (void)state;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        rb_error err = {0};
        if (!(*b)->usable(&err)) continue;
        rb_arena *a = rb_arena_open();
        const rb_graph *g = build(a, true);
        network by_hand = open_filled(a, *b, g, RB_FP32, BATCH), parts = open_filled(a, *b, g, RB_FP32, BATCH);
        rb_plan_spec half = spec_of(BATCH / 2);
        rb_feed feed = some_feed(a, BATCH), first = feed, second = feed;
        first.n = second.n = BATCH / 2;
        second.pixels += BATCH / 2 * picture.c * picture.h * picture.w;
        second.targets += BATCH / 2 * 2;
        second.weights += BATCH / 2;
        second.draw += BATCH / 2;
        by_hand = network_beside(&by_hand, &half);
        double want = network_loss(&by_hand, &first);
        network_backward(&by_hand, false);
        want += network_loss(&by_hand, &second);
        network_backward(&by_hand, true);
        rb_shards s = open_shards(&parts, 2, BATCH);
        assert_true(learned(&s, &feed) == want);
        check_params(&parts, &by_hand, RB_GRAD, 0);
        check_params(&parts, &by_hand, RB_VALUE, 0);
        rb_arena_close(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_differ_by_one_row_at_most),
        cmocka_unit_test(more_parts_than_pictures_are_refused),
        cmocka_unit_test(one_part_is_the_batch_to_the_bit),
        cmocka_unit_test(parts_are_the_batch_where_there_is_no_norm),
        cmocka_unit_test(norms_see_parts),
    };
    return cmocka_run_group_tests_name("shards", tests, NULL, NULL);
}
