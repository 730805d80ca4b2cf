// SPDX-License-Identifier: Apache-2.0
// test_ref.c - what backend.h promises, on networks small enough to reckon by hand; and finding a backend by name.
#include "check.h"

#include "ops/network.h"

#define check_number(got, want, absolute) check_near(#got, got, want, 0, absolute)

// input -> dense: the smallest network that learns. Values x become w x + b.
static const rb_graph *dense_graph(rb_arena *a, int inputs, bool frozen)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    g->freezing = frozen;
    check_done(rb_graph_finish(g, rb_dense(g, "fc", rb_input(g, (rb_shape){inputs, 1, 1}), 1), &err), err);
    return g;
}

static void put(const network *n, const char *name, const float *values)
{
    const rb_param *p = rb_graph_find_param(n->graph, name);
    assert_non_null(p);
    n->backend->put(n->store, p, RB_VALUE, values);
}

static const double *get(const network *n, const char *name, rb_slot slot)
{
    const rb_param *p = rb_graph_find_param(n->graph, name);
    assert_non_null(p);
    return network_get(n, p, slot);
}

static int open_arena(void **state)
{
    *state = rb_arena_open();
    return 0;
}

static int close_arena(void **state)
{
    rb_arena_close(*state);
    return 0;
}

// ---- loss ----------------------------------------------------------------------------------------------------------

static const float two_inputs[] = {1, 2, 3, 4, 5, 6}, targets[] = {0, 0, 0};

static network open_dense(rb_arena *a, rb_mode mode, bool frozen)
{
    rb_plan_spec spec = {.mode = mode, .batch = 3, .loss = &squared};
    network n = network_open(a, &rb_backend_ref, dense_graph(a, 2, frozen), RB_FP64, &spec);
    put(&n, "fc.weight", (float[]){1, -1});
    put(&n, "fc.bias", (float[]){3});
    return n;
}

// Every logit is x0 - x1 + 3 = 2, its row loss 2, its gradient 2.
static void loss_is_scaled_and_weighted(void **state)
{
    network n = open_dense(*state, RB_TRAIN, false);
    rb_feed feed = {.n = 3, .values = two_inputs, .targets = targets, .scale = 0.5};
    check_number(network_loss(&n, &feed), 3, 0);
    network_backward(&n, false);
    check_number(get(&n, "fc.bias", RB_GRAD)[0], 3, 0);
    check_number(get(&n, "fc.weight", RB_GRAD)[0], 1 + 3 + 5, 0);

    feed.weights = (float[]){1, 0, 10};
    check_number(network_loss(&n, &feed), 11, 0);
    network_backward(&n, false);
    check_number(get(&n, "fc.bias", RB_GRAD)[0], 11, 0);
    check_number(get(&n, "fc.weight", RB_GRAD)[1], 2 + 60, 0);
}

static void gradients_accumulate_when_asked(void **state)
{
    network n = open_dense(*state, RB_TRAIN, false);
    rb_feed feed = {.n = 3, .values = two_inputs, .targets = targets, .scale = 1};
    network_loss(&n, &feed);
    network_backward(&n, false);
    network_backward(&n, true);
    check_number(get(&n, "fc.bias", RB_GRAD)[0], 12, 0);
    network_backward(&n, false);
    check_number(get(&n, "fc.bias", RB_GRAD)[0], 6, 0);
}

static void rows_beyond_n_do_not_count(void **state)
{
    network n = open_dense(*state, RB_EVALUATE, false);
    double logits[3] = {-1, -1, -1};
    rb_error err = {0};
    rb_feed feed = {.n = 2, .values = two_inputs, .targets = targets, .scale = 1};
    check_number(network_loss(&n, &feed), 4, 0);
    check_done(n.backend->read(n.plan, NULL, logits, &err), err);
    check_number(logits[1], 2, 0);
    check_number(logits[2], -1, 0);
}

// ---- updates -------------------------------------------------------------------------------------------------------

static void update(const network *n)
{
    rb_error err = {0};
    rb_feed feed = {.n = 3, .values = two_inputs, .targets = targets, .scale = 1};
    network_loss(n, &feed);
    network_backward(n, false);
    check_done(n->backend->update(n->store, &(rb_update){.lr = 0.25, .momentum = NAN, .step = 1}, &err), err);
}

// Adam's first step is the rate, against the gradient's sign; 1e-8 is its eps.
static void updates_move_what_is_trained(void **state)
{
    network n = open_dense(*state, RB_TRAIN, false);
    uint64_t version = n.store->version;
    update(&n);
    check_number(get(&n, "fc.weight", RB_VALUE)[0], 0.75, 1e-8);
    check_number(get(&n, "fc.bias", RB_VALUE)[0], 2.75, 1e-8);
    check_number(get(&n, "fc.bias", RB_MOMENT1)[0], 0.6, 1e-12);
    assert_true(n.store->version > version);
}

static void frozen_parameters_stand_still(void **state)
{
    network n = open_dense(*state, RB_TRAIN, true);
    update(&n);
    check_number(get(&n, "fc.bias", RB_GRAD)[0], 0, 0); // nor is a gradient reckoned for them
    check_number(get(&n, "fc.bias", RB_VALUE)[0], 3, 0);
    check_number(get(&n, "fc.bias", RB_MOMENT1)[0], 0, 0);
}

static void putting_values_is_a_new_version(void **state)
{
    network n = open_dense(*state, RB_TRAIN, false);
    uint64_t version = n.store->version;
    n.backend->put(n.store, n.graph->params[0], RB_MOMENT1, (float[]){1, 2});
    assert_int_equal(n.store->version, version);
    n.backend->put(n.store, n.graph->params[0], RB_VALUE, (float[]){1, 2});
    assert_true(n.store->version > version);
    check_number(get(&n, "fc.weight", RB_MOMENT1)[1], 2, 0);
}

// ---- ops with rules of their own -----------------------------------------------------------------------------------

// Pixels come in rows of [h w c] and leave as planes; mean and deviation belong to a channel.
static void pixels_are_normalised(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    rb_node *pixels = rb_input(g, (rb_shape){2, 1, 2});
    check_done(rb_graph_finish(g, rb_mean_pool(g, pixels), &err), err);
    rb_plan_spec spec = {.batch = 1, .mean = {0.5, 0.2}, .std = {0.25, 2}, .keep = pixels};
    network n = network_open(a, &rb_backend_ref, g, RB_FP64, &spec);
    rb_feed feed = {.n = 1, .pixels = (uint8_t[]){0, 51, 255, 102}};
    check_done(n.backend->forward(n.plan, &feed, &err), err);
    double got[4], want[4] = {-2, 2, 0, 0.1};
    n.backend->peek(n.plan, got);
    check_close("pixels", got, want, 4, 1e-15);
}

// All four outputs of a convolution by 0 are equal. Its weight's gradient is the input where the maximum's gradient
// went.
static void first_of_equals_gets_the_gradient(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    const rb_node *x = rb_conv2d(g, "conv", rb_input(g, (rb_shape){1, 2, 2}), (rb_conv){.filters = 1, .kernel = 1});
    x = rb_max_pool(g, x, (rb_pool){.kernel = 2, .stride = 2});
    check_done(rb_graph_finish(g, rb_dense(g, "fc", x, 1), &err), err);
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = 1, .loss = &squared};
    network n = network_open(a, &rb_backend_ref, g, RB_FP64, &spec);
    put(&n, "conv.weight", (float[]){0});
    put(&n, "fc.weight", (float[]){1});
    put(&n, "fc.bias", (float[]){1});
    network_loss(&n, &(rb_feed){.n = 1, .values = (float[]){3, 5, 7, 11}, .targets = targets, .scale = 1});
    network_backward(&n, false);
    check_number(get(&n, "conv.weight", RB_GRAD)[0], 3, 0);
}

static network open_norm(rb_arena *a, int batch, bool frozen)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    rb_norm norm = {.eps = 0, .momentum = 0.25, .frozen = frozen};
    check_done(rb_graph_finish(g, rb_batch_norm(g, "bn", rb_input(g, (rb_shape){1, 1, 1}), norm), &err), err);
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = batch, .keep = g->output};
    network n = network_open(a, &rb_backend_ref, g, RB_FP64, &spec);
    put(&n, "bn.weight", (float[]){2});
    put(&n, "bn.bias", (float[]){1});
    put(&n, "bn.running_mean", (float[]){4});
    put(&n, "bn.running_var", (float[]){4});
    return n;
}

// Forward of 2, 4, 6, 8 or as many of them as the batch has: mean, variance and the outputs.
static void check_norm(rb_arena *a, int batch, bool frozen, double mean, double var, const double *outputs)
{
    rb_error err = {0};
    network n = open_norm(a, batch, frozen);
    check_done(n.backend->forward(n.plan, &(rb_feed){.n = batch, .values = (float[]){2, 4, 6, 8}}, &err), err);
    double got[4];
    n.backend->peek(n.plan, got);
    if (outputs) check_close("outputs", got, outputs, batch, 1e-15);
    check_number(get(&n, "bn.running_mean", RB_VALUE)[0], mean, 1e-15);
    check_number(get(&n, "bn.running_var", RB_VALUE)[0], var, 1e-15);
}

// 2, 4, 6, 8: mean 5, variance 5, unbiased 20/3. One value alone has no unbiased variance: its own, 0.
static void running_statistics_move(void **state)
{
    double r = sqrt(5);
    check_norm(*state, 4, false, 0.75 * 4 + 0.25 * 5, 0.75 * 4 + 0.25 * 20 / 3,
               (double[]){1 - 6 / r, 1 - 2 / r, 1 + 2 / r, 1 + 6 / r});
    check_norm(*state, 4, true, 4, 4, (double[]){-1, 1, 3, 5});
    check_norm(*state, 1, false, 0.75 * 4 + 0.25 * 2, 0.75 * 4, NULL);
}

// The rule that binds every backend stands in ref/dropout.c; here it is written once more.
static void dropout_draws_by_its_rule(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    rb_node *drop = rb_dropout(g, rb_input(g, (rb_shape){2, 2, 3}), 0.25);
    check_done(rb_graph_finish(g, rb_mean_pool(g, drop), &err), err);
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = 2, .seed = 9, .keep = drop};
    network n = network_open(a, &rb_backend_ref, g, RB_FP64, &spec);
    rb_feed feed = {.n = 2, .values = some_values(a, 24, 1), .epoch = 6, .draw = 40};
    check_done(n.backend->forward(n.plan, &feed, &err), err);
    double got[24], want[24];
    n.backend->peek(n.plan, got);
    int dropped = 0;
    for (int row = 0; row < 2; row++) {
        rb_rng random = rb_rng_at(9, RB_STREAM_DROPOUT, 40 + (uint32_t)row, 6, (uint32_t)drop->id);
        for (int i = row * 12; i < row * 12 + 12; i++) {
            bool out = rb_rng_unit(&random) < 0.25;
            want[i] = out ? 0 : feed.values[i] / 0.75;
            dropped += out;
        }
    }
    assert_in_range(dropped, 1, 23);
    check_close("dropout", got, want, 24, 1e-15);

    spec.mode = RB_EVALUATE;
    n = network_open(a, &rb_backend_ref, g, RB_FP64, &spec);
    check_done(n.backend->forward(n.plan, &feed, &err), err);
    n.backend->peek(n.plan, got);
    for (int i = 0; i < 24; i++) check_number(got[i], feed.values[i], 0);
}

// ---- what it refuses, and the list of backends ---------------------------------------------------------------------

static void bf16_is_refused(void **state)
{
    rb_error err = {0};
    rb_store *store;
    rb_store_spec spec = {.precision = RB_BF16, .batch = 1};
    bool done = rb_backend_ref.store(*state, dense_graph(*state, 1, false), &spec, &store, &err);
    check_failed(done, err, RB_ERR_USAGE, "fp32 and fp64");
}

static void backends_are_found_by_name(void **state)
{
    (void)state;
    const rb_backend *found = NULL;
    rb_error err = {0};
    check_done(rb_backend_find("ref", &found, &err), err);
    assert_ptr_equal(found, &rb_backend_ref);
    check_done(rb_backend_find("auto", &found, &err), err);
    assert_true(found->usable(&err));
    check_failed(rb_backend_find("onednm", &found, &err), err, RB_ERR_USAGE, "did you mean 'onednn'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(loss_is_scaled_and_weighted),
        TEST(gradients_accumulate_when_asked),
        TEST(rows_beyond_n_do_not_count),
        TEST(updates_move_what_is_trained),
        TEST(frozen_parameters_stand_still),
        TEST(putting_values_is_a_new_version),
        TEST(pixels_are_normalised),
        TEST(first_of_equals_gets_the_gradient),
        TEST(running_statistics_move),
        TEST(dropout_draws_by_its_rule),
        TEST(bf16_is_refused),
        TEST(backends_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
