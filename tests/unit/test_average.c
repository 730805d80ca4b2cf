// SPDX-License-Identifier: Apache-2.0
// test_average.c - moving averages of weights: timm's traces, what stores make of them, and what files hold.
#include "check.h"
#include "numbers.h"

#include "ops/network.h"
#include "optim/average.h"
#include "train/network.h"

// ---- the rule ------------------------------------------------------------------------------------------------------

enum { STEP, DECAY, WEIGHT, AVERAGE, BUFFER, AVERAGE_OF_BUFFER, COLUMNS };

static const struct trace {
    const char *file;
    double decay;
    bool warmup;
} traces[] = {{"ema_d0.9.csv", 0.9, false}, {"ema_d0.3.csv", 0.3, false}, {"ema_d0.85_warmup.csv", 0.85, true}};

// Forty steps in single precision: half a unit in the last place of values up to 10, at each of the last ten.
static void averages_equal_timms(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < (int)(sizeof traces / sizeof *traces); t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        assert_int_equal(want.columns, COLUMNS);
        double average[] = {2, -1};
        float average_f32[] = {2, -1};
        for (int i = 0; i < want.rows; i++) {
            const double *row = numbers_row(&want, i), w[] = {row[WEIGHT], row[BUFFER]};
            const float w_f32[] = {(float)w[0], (float)w[1]};
            double kept = rb_average_kept(traces[t].decay, traces[t].warmup, (int64_t)row[STEP]);
            check_near(traces[t].file, kept, row[DECAY], 1e-14, 0);
            rb_average(kept, 2, w, average);
            rb_average_f32(kept, 2, w_f32, average_f32);
            check_near(traces[t].file, average[0], row[AVERAGE], 1e-12, 1e-15);
            check_near(traces[t].file, average[1], row[AVERAGE_OF_BUFFER], 1e-12, 1e-15);
            check_near(traces[t].file, (double)average_f32[0], row[AVERAGE], 0, 5e-6);
            check_near(traces[t].file, (double)average_f32[1], row[AVERAGE_OF_BUFFER], 0, 5e-6);
        }
    }
    rb_arena_close(a);
}

static void what_stands_still_is_its_own_average(void **state)
{
    (void)state;
    static const double keeps[] = {0, 0.1, 0.3, 0.7, 0.999};
    for (int k = 0; k < 5; k++) {
        float w[] = {0.1f, -3e-9f, 7.7f}, e[] = {0.1f, -3e-9f, 7.7f};
        for (int step = 0; step < 100; step++) rb_average_f32(keeps[k], 3, w, e);
        assert_memory_equal(w, e, sizeof w);
    }
    float w[] = {0.1f, 1e-30f}, e[] = {1e9f, -5};
    rb_average_f32(0, 2, w, e);
    assert_memory_equal(w, e, sizeof w);
}

// ---- stores --------------------------------------------------------------------------------------------------------

#define BATCH 4

static const rb_shape picture = {3, 8, 8};

static rb_graph *build(rb_arena *a)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    g->freezing = true;
    const rb_node *x = rb_conv2d(g, "frozen", rb_input(g, picture), (rb_conv){.filters = 5, .kernel = 3, .bias = true});
    g->freezing = false;
    x = rb_conv2d(g, "conv", rb_relu(g, x), (rb_conv){.filters = 20, .kernel = 3});
    x = rb_mean_pool(g, rb_relu(g, rb_batch_norm(g, "norm", x, RB_NORM_DEFAULT)));
    check_done(rb_graph_finish(g, rb_dense(g, "last", x, 2), &err), err);
    return g;
}

// Wraps a store in what the trainer sees of it.
static rb_network seen(const network *n, rb_graph *g)
{
    return (rb_network){.model = "test", .graph = g, .backend = n->backend, .store = n->store};
}

static network open_network(rb_arena *a, const rb_backend *b, const rb_graph *g)
{
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = BATCH, .loss = &squared, .seed = 5};
    network n = network_open(a, b, g, RB_FP32, &spec);
    network_fill(&n);
    return n;
}

static void learn(const network *n, int step)
{
    rb_error err = {0};
    ptrdiff_t size = (ptrdiff_t)BATCH * picture.c * picture.h * picture.w;
    rb_feed feed = {.n = BATCH,
                    .values = some_values(n->arena, size, (uint32_t)step),
                    .targets = some_values(n->arena, BATCH * 2, (uint32_t)step + 50),
                    .scale = 0.25};
    network_loss(n, &feed);
    network_backward(n, false);
    rb_update u = {.lr = 0.05, .momentum = NAN, .step = step, .kept = rb_average_kept(0.6, false, step)};
    check_done(n->backend->update(n->store, &u, &err), err);
}

// By hand from the values after each update: weights and statistics; what is frozen has been copied once.
static void a_store_averages_all_that_moves(void **state)
{
    (void)state;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        rb_error err = {0};
        if (!(*b)->usable(&err)) continue;
        rb_arena *a = rb_arena_open();
        rb_graph *g = build(a);
        network n = open_network(a, *b, g);
        rb_network all = seen(&n, g);
        double **want = RB_NEW(a, double *, g->param_count);
        rb_network_begin_average(&all);
        for (int i = 0; i < g->param_count; i++) want[i] = network_get(&n, g->params[i], RB_VALUE);
        for (int step = 1; step <= 4; step++) {
            learn(&n, step);
            for (int i = 0; i < g->param_count; i++) {
                const double *w = network_get(&n, g->params[i], RB_VALUE);
                rb_average(rb_average_kept(0.6, false, step), g->params[i]->count, w, want[i]);
            }
        }
        for (int i = 0; i < g->param_count; i++) {
            const rb_param *p = g->params[i];
            bool still = p->trained && p->frozen;
            check_close(p->name, network_get(&n, p, RB_AVERAGE), want[i], p->count, still ? 0 : 1e-6);
            bool same = !memcmp(network_get(&n, p, RB_VALUE), network_get(&n, p, RB_AVERAGE),
                                (size_t)p->count * sizeof(double));
            if (same != still)
                fail_msg("%s: %s", p->name, same ? "average and value are the same" : "frozen, but moves");
        }
        rb_arena_close(a);
    }
}

static void averages_change_places_and_back(void **state)
{
    (void)state;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        rb_error err = {0};
        if (!(*b)->usable(&err)) continue;
        rb_arena *a = rb_arena_open();
        rb_graph *g = build(a);
        network n = open_network(a, *b, g);
        rb_network all = seen(&n, g);
        rb_network_begin_average(&all);
        learn(&n, 1);
        learn(&n, 2);
        const double **value = RB_NEW(a, const double *, g->param_count),
                     **average = RB_NEW(a, const double *, g->param_count);
        for (int i = 0; i < g->param_count; i++) {
            value[i] = network_get(&n, g->params[i], RB_VALUE);
            average[i] = network_get(&n, g->params[i], RB_AVERAGE);
        }
        for (int turn = 0; turn < 2; turn++) {
            rb_network_swap_average(&all);
            for (int i = 0; i < g->param_count; i++) {
                const rb_param *p = g->params[i];
                check_close(p->name, network_get(&n, p, turn ? RB_VALUE : RB_AVERAGE), value[i], p->count, 0);
                check_close(p->name, network_get(&n, p, turn ? RB_AVERAGE : RB_VALUE), average[i], p->count, 0);
            }
        }
        rb_arena_close(a);
    }
}

// ---- files ---------------------------------------------------------------------------------------------------------

static void check_tensor(const rb_tensors *t, const char *name, const double *want, ptrdiff_t count)
{
    const rb_tensor *found = NULL;
    for (int i = 0; i < t->count && !found; i++)
        if (!strcmp(t->tensor[i].name, name)) found = &t->tensor[i];
    if (!found) fail_msg("there is no %s", name);
    for (ptrdiff_t i = 0; i < count; i++)
        if ((double)((const float *)found->data)[i] != want[i]) fail_msg("%s[%td] is another", name, i);
}

// A file to use has averages; one to go on from has both.
static void files_hold_what_they_are_for(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_graph *g = build(a);
    network n = open_network(a, &rb_backend_ref, g);
    rb_network all = seen(&n, g);
    rb_tensors use, go_on;
    rb_network_begin_average(&all);
    learn(&n, 1);
    learn(&n, 2);
    rb_network_tensors(a, &all, 2, false, &use);
    rb_network_tensors(a, &all, 2, true, &go_on);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        const double *average = network_get(&n, p, RB_AVERAGE);
        check_tensor(&use, p->name, average, p->count);
        check_tensor(&go_on, p->name, network_get(&n, p, RB_VALUE), p->count);
        check_tensor(&go_on, rb_text_format(a, "ema.%s", p->name), average, p->count);
    }
    assert_int_equal(use.count, g->param_count + 1); // and num_batches_tracked
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_equal_timms),
        cmocka_unit_test(what_stands_still_is_its_own_average),
        cmocka_unit_test(a_store_averages_all_that_moves),
        cmocka_unit_test(averages_change_places_and_back),
        cmocka_unit_test(files_hold_what_they_are_for),
    };
    return cmocka_run_group_tests_name("average", tests, NULL, NULL);
}
