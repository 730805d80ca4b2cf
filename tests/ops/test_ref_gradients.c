// SPDX-License-Identifier: Apache-2.0
// test_ref_gradients.c - the oracle's gradients against central differences, in fp64.
//
// Each op stands between a convolution, whose gradients need the op's gradient by its input, and a head that gives
// every output of the op a weight of its own:
//
//     input -> before (3x3) -> the op -> after (as large as the map allows) -> mean -> last (dense) -> squared
#include "check.h"

#include "ops/middle.h"
#include "ops/network.h"

#define BATCH 3
#define STEP  (1.0 / (1 << 17)) // exact beside values that are multiples of 1/1024

typedef struct trial {
    const char *name;
    rb_node *(*build)(rb_graph *g, const rb_node *x, const middle *t);
    middle op;
    double tolerance;
} trial;

// ---- what stands in the middle -------------------------------------------------------------------------------------

static rb_node *dropout(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_dropout(g, x, t->drop);
}

static rb_node *drop_path(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_add(g, rb_drop_path(g, rb_conv2d(g, "op", x, t->conv), t->drop), x);
}

static rb_node *gate(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_gate(g, x, rb_mean_pool(g, rb_conv2d(g, "op", x, t->conv)));
}

static rb_node *squeeze_excite(rb_graph *g, const rb_node *x, const middle *t)
{
    rb_conv wide = {.filters = x->shape.c, .kernel = 1, .bias = true};
    const rb_node *s = rb_silu(g, rb_conv2d(g, "reduce", rb_mean_pool(g, x), t->conv));
    return rb_gate(g, x, rb_conv2d(g, "expand", s, wide));
}

static rb_node *add(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_add(g, x, rb_conv2d(g, "op", x, t->conv));
}

static rb_node *twice(rb_graph *g, const rb_node *x, const middle *t)
{
    (void)t;
    return rb_add(g, x, x);
}

// x has three readers, one of which has two.
static rb_node *readers(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = rb_conv2d(g, "op", x, t->conv);
    return rb_add(g, rb_add(g, rb_relu(g, x), x), rb_add(g, y, rb_relu(g, y)));
}

// Why the tolerances: the loss, of about 100, is rounded at 1e-14, which a division by 2 STEP turns into 1e-9. What is
// not quadratic in a parameter adds STEP^2/6 times its third derivative: 1e-11 times a few hundred behind a batch norm.
#define LINEAR 1e-8
#define CURVED 1e-7

static const trial trials[] = {
    {"conv 3x3", conv, .op.conv = {.filters = 5, .kernel = 3}, .tolerance = LINEAR},
    {"conv 3x3 padded", conv, .op.conv = {.filters = 5, .kernel = 3, .padding = 1}, .tolerance = LINEAR},
    {"conv 3x3 stride 2", conv, .op.conv = {.filters = 5, .kernel = 3, .stride = 2, .padding = 1}, .tolerance = LINEAR},
    {"conv 5x5 padding 3 stride 3", conv, .op.conv = {.filters = 3, .kernel = 5, .stride = 3, .padding = 3},
     .tolerance = LINEAR},
    {"conv 1x1", conv, .op.conv = {.filters = 6, .kernel = 1}, .tolerance = LINEAR},
    {"conv 1x1 stride 2", conv, .op.conv = {.filters = 6, .kernel = 1, .stride = 2}, .tolerance = LINEAR},
    {"conv with bias", conv, .op.conv = {.filters = 5, .kernel = 3, .padding = 1, .bias = true}, .tolerance = LINEAR},
    {"conv in 2 groups", conv, .op.conv = {.filters = 6, .kernel = 3, .padding = 1, .groups = 2, .bias = true},
     .tolerance = LINEAR},
    {"conv by channel", conv, .op.conv = {.filters = 8, .kernel = 3, .stride = 2, .padding = 1, .groups = 4},
     .tolerance = LINEAR},
    {"batch norm", norm, .op.norm = {.eps = 1e-5, .momentum = 0.1}, .tolerance = CURVED},
    {"batch norm, large eps", norm, .op.norm = {.eps = 0.5, .momentum = 0.1}, .tolerance = CURVED},
    {"batch norm, frozen", norm, .op.norm = {.eps = 1e-5, .momentum = 0.1, .frozen = true}, .tolerance = LINEAR},
    {"relu", relu, .tolerance = LINEAR},
    {"max pool", max_pool, .op.pool = {.kernel = 2, .stride = 2}, .tolerance = LINEAR},
    {"max pool, overlapping", max_pool, .op.pool = {.kernel = 3, .stride = 2, .padding = 1}, .tolerance = LINEAR},
    {"mean pool", mean_pool, .tolerance = LINEAR},
    {"dense", dense, .op.conv = {.filters = 5}, .tolerance = LINEAR},
    {"dropout", dropout, .op.drop = 0.4, .tolerance = LINEAR},
    {"silu", silu, .tolerance = CURVED},
    {"drop path", drop_path, .op.conv = {.filters = 4, .kernel = 3, .padding = 1}, .op.drop = 0.5, .tolerance = LINEAR},
    {"gate", gate, .op.conv = {.filters = 4, .kernel = 3}, .tolerance = CURVED},
    {"squeeze and excite", squeeze_excite, .op.conv = {.filters = 2, .kernel = 1, .bias = true}, .tolerance = CURVED},
    {"depthwise 5x5", conv, .op.conv = {.filters = 4, .kernel = 5, .padding = 2, .groups = 4}, .tolerance = LINEAR},
    {"add", add, .op.conv = {.filters = 4, .kernel = 3, .padding = 1}, .tolerance = LINEAR},
    {"x + x", twice, .tolerance = LINEAR},
    {"several readers", readers, .op.conv = {.filters = 4, .kernel = 3, .padding = 1}, .tolerance = LINEAR},
};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

// ---- the network around it -----------------------------------------------------------------------------------------

static const rb_shape picture = {2, 5, 6};

static const rb_graph *build(rb_arena *a, const trial *t)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    rb_conv before = {.filters = 4, .kernel = 3, .padding = 1, .bias = true};
    const rb_node *x = t->build(g, rb_conv2d(g, "before", rb_input(g, picture), before), &t->op);
    int side = x->shape.h < x->shape.w ? x->shape.h : x->shape.w;
    x = rb_mean_pool(g, rb_conv2d(g, "after", x, (rb_conv){.filters = 3, .kernel = side}));
    check_done(rb_graph_finish(g, rb_dense(g, "last", x, 2), &err), err);
    return g;
}

static network open_trial(rb_arena *a, const trial *t, rb_precision precision)
{
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = BATCH, .loss = &squared, .seed = 5};
    network n = network_open(a, &rb_backend_ref, build(a, t), precision, &spec);
    network_fill(&n);
    return n;
}

static rb_feed some_feed(rb_arena *a)
{
    static const float targets[BATCH * 2] = {1, -1, 0, 2, -2, 0.5}, weights[BATCH] = {1, 0.5, 2};
    return (rb_feed){.n = BATCH,
                     .values = some_values(a, BATCH * picture.c * picture.h * picture.w, 100),
                     .targets = targets,
                     .weights = weights,
                     .scale = 1.0 / BATCH,
                     .epoch = 3,
                     .draw = 11};
}

static double slope(const network *n, const rb_feed *feed, const rb_param *p, float *values, ptrdiff_t i)
{
    float centre = values[i];
    double loss[2];
    for (int side = 0; side < 2; side++) {
        values[i] = centre + (float)(side ? STEP : -STEP);
        n->backend->put(n->store, p, RB_VALUE, values);
        loss[side] = network_loss(n, feed);
    }
    values[i] = centre;
    n->backend->put(n->store, p, RB_VALUE, values);
    return (loss[1] - loss[0]) / (2 * STEP);
}

// A gradient that is exactly 0, as that of a bias in front of a batch norm, has no size of its own: hence "at least 1".
static void check_param(const network *n, const rb_feed *feed, const rb_param *p, const double *grad, const trial *t)
{
    const double *values = network_get(n, p, RB_VALUE);
    float *moved = RB_NEW(n->arena, float, p->count);
    double largest = 1;
    for (ptrdiff_t i = 0; i < p->count; i++) {
        moved[i] = (float)values[i];
        largest = fmax(largest, fabs(grad[i]));
    }
    for (ptrdiff_t i = 0; i < p->count; i++) {
        const char *what = rb_text_format(n->arena, "%s: %s[%td]", t->name, p->name, i);
        check_near(what, grad[i], slope(n, feed, p, moved, i), 0, t->tolerance * largest);
    }
}

static void gradients_are_slopes(void **state)
{
    (void)state;
    for (const trial *t = trials; t < trials + TRIALS; t++) {
        rb_arena *a = rb_arena_open();
        network n = open_trial(a, t, RB_FP64);
        rb_feed feed = some_feed(a);
        network_loss(&n, &feed);
        network_backward(&n, false);
        for (int i = 0; i < n.graph->param_count; i++) {
            const rb_param *p = n.graph->params[i];
            if (p->trained) check_param(&n, &feed, p, network_get(&n, p, RB_GRAD), t);
        }
        rb_arena_close(a);
    }
}

// ---- fp32 is fp64 with rounded memory -----------------------------------------------------------------------------

static void check_floats(const network *n, rb_slot slot)
{
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        if (slot != RB_VALUE && !p->trained) continue;
        const double *x = network_get(n, p, slot);
        for (ptrdiff_t k = 0; k < p->count; k++)
            if (x[k] != (double)(float)x[k]) fail_msg("slot %d of %s[%td]: %.17g is no float", slot, p->name, k, x[k]);
    }
}

static void check_same_gradients(const network *rounded, const network *exact, const trial *t)
{
    for (int i = 0; i < exact->graph->param_count; i++) {
        const rb_param *p = exact->graph->params[i], *q = rounded->graph->params[i];
        if (!p->trained) continue;
        const double *want = network_get(exact, p, RB_GRAD), *got = network_get(rounded, q, RB_GRAD);
        double largest = 1;
        for (ptrdiff_t k = 0; k < p->count; k++) largest = fmax(largest, fabs(want[k]));
        const char *what = rb_text_format(exact->arena, "%s: %s", t->name, p->name);
        for (ptrdiff_t k = 0; k < p->count; k++) check_near(what, got[k], want[k], 0, 1e-5 * largest);
    }
}

// Tolerance: a few dozen roundings of 6e-8 each, seen through sums of some hundred terms.
static void fp32_rounds_what_it_stores(void **state)
{
    (void)state;
    for (const trial *t = trials; t < trials + TRIALS; t++) {
        rb_arena *a = rb_arena_open();
        rb_error err = {0};
        network exact = open_trial(a, t, RB_FP64), rounded = open_trial(a, t, RB_FP32);
        rb_feed feed = some_feed(a);
        network_loss(&exact, &feed);
        network_loss(&rounded, &feed);
        network_backward(&exact, false);
        network_backward(&rounded, false);
        check_floats(&rounded, RB_GRAD);
        check_same_gradients(&rounded, &exact, t);
        rb_update u = {.lr = 1e-3, .momentum = NAN, .step = 1};
        check_done(rb_backend_ref.update(rounded.store, &u, &err), err);
        check_floats(&rounded, RB_VALUE);
        check_floats(&rounded, RB_MOMENT1);
        check_floats(&rounded, RB_MOMENT2);
        rb_arena_close(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_slopes),
        cmocka_unit_test(fp32_rounds_what_it_stores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
