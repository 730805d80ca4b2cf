// SPDX-License-Identifier: Apache-2.0
// test_freeze.c - what stands still while the head trains alone, what begins to move when it is thawed, and which share
// of the learning rate each block has. On every usable backend, and alike on all of them.
#include "check.h"

#include "ops/network.h"

#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))
#define BATCH       4
#define RATE        1e-2

static const rb_shape picture = {3, 32, 32};

static rb_graph *build(rb_arena *a, const char *model, bool freeze, bool freeze_bn)
{
    rb_error err = {0};
    rb_graph *g;
    rb_model_settings s = {.model_type = model,
                           .num_classes = 1,
                           .dim_base = 4,
                           .head_depth = 2,
                           .freeze = freeze,
                           .freeze_bn = freeze_bn};
    check_done(rb_model_build(a, &s, picture, &g, &err), err);
    return g;
}

static network open_on(rb_arena *a, const rb_backend *b, const rb_graph *g)
{
    network n = network_open(a, b, g, RB_FP32, &(rb_plan_spec){.mode = RB_TRAIN, .batch = BATCH, .loss = &squared});
    for (int i = 0; i < g->param_count; i++) {
        float *w = RB_NEW(a, float, g->params[i]->count);
        rb_param_init(g->params[i], 3, w);
        b->put(n.store, g->params[i], RB_VALUE, w);
    }
    return n;
}

static void learn(const network *n, int step)
{
    rb_error err = {0};
    rb_feed feed = {.n = BATCH,
                    .values = some_values(n->arena, (ptrdiff_t)BATCH * picture.c * picture.h * picture.w, 9),
                    .targets = some_values(n->arena, BATCH, 10),
                    .scale = 1.0 / BATCH};
    network_loss(n, &feed);
    network_backward(n, false);
    rb_update u = {.lr = RATE, .momentum = NAN, .step = step};
    check_done(n->backend->update(n->store, &u, &err), err);
}

// All values of a network, by parameter.
static double **values_of(const network *n)
{
    double **out = RB_NEW(n->arena, double *, n->graph->param_count);
    for (int i = 0; i < n->graph->param_count; i++) out[i] = network_get(n, n->graph->params[i], RB_VALUE);
    return out;
}

static double largest_change(const rb_param *p, const double *before, const double *after)
{
    double most = 0;
    for (ptrdiff_t i = 0; i < p->count; i++) most = fmax(most, fabs(after[i] - before[i]));
    return most;
}

typedef enum what { STILL, STATISTICS_MOVE, ALL_MOVE } what;

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcmp(name + n - m, end);
}

// A convolution's bias in front of a normalisation has no gradient worth the name.
static bool has_no_effect(const rb_param *p)
{
    return p->node->op == &rb_op_conv && ends_in(p->name, ".bias");
}

static void check_moved(const network *n, double **before, what backbone)
{
    double **after = values_of(n);
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        bool head = i >= rb_model_head_from(n->graph);
        bool moves = head || backbone == ALL_MOVE || (backbone == STATISTICS_MOVE && !p->trained);
        double change = largest_change(p, before[i], after[i]);
        if (moves && !has_no_effect(p) && change == 0) fail_msg("%s: %s stands still", n->backend->name, p->name);
        if (!moves && change != 0) fail_msg("%s: %s moves by %g", n->backend->name, p->name, change);
    }
}

static void check_no_work(const network *n)
{
    static const rb_slot slots[] = {RB_GRAD, RB_MOMENT1, RB_MOMENT2};
    for (int i = 0; i < rb_model_head_from(n->graph); i++) {
        const rb_param *p = n->graph->params[i];
        for (int k = 0; k < COUNT(slots) && p->trained; k++) {
            const double *x = network_get(n, p, slots[k]);
            for (ptrdiff_t j = 0; j < p->count; j++)
                if (x[j] != 0) fail_msg("%s: %s has a gradient or a moment", n->backend->name, p->name);
        }
    }
}

static bool is_usable(const rb_backend *b)
{
    rb_error err;
    return b->usable(&err) && b->computes(RB_FP32);
}

#define EACH_BACKEND(b) \
    for (const rb_backend *const *b = rb_backends; *b; b++) \
        if (is_usable(*b))

static void the_backbone_stands_still(void **state)
{
    EACH_BACKEND(b)
    {
        network n = open_on(*state, *b, build(*state, "cnn_encoder", true, true));
        double **before = values_of(&n);
        for (int step = 1; step <= 3; step++) learn(&n, step);
        check_moved(&n, before, STILL);
        check_no_work(&n);
    }
}

static void statistics_move_if_asked_to(void **state)
{
    EACH_BACKEND(b)
    {
        network n = open_on(*state, *b, build(*state, "cnn_encoder", true, false));
        double **before = values_of(&n);
        for (int step = 1; step <= 3; step++) learn(&n, step);
        check_moved(&n, before, STATISTICS_MOVE);
        check_no_work(&n);
    }
}

// The first update of what was frozen is as large as a first update is: Adam's is the rate.
static void what_is_thawed_begins_gently(void **state)
{
    rb_error err = {0};
    EACH_BACKEND(b)
    {
        rb_graph *g = build(*state, "cnn_encoder", true, true);
        network n = open_on(*state, *b, g);
        for (int step = 1; step <= 3; step++) learn(&n, step);
        rb_graph_thaw(g, rb_graph_blocks(g), 3);
        check_done(n.backend->plan(n.arena, n.store, &n.plan->spec, &n.plan, &err), err);
        double **before = values_of(&n);
        learn(&n, 4);
        check_moved(&n, before, ALL_MOVE);
        double **after = values_of(&n);
        for (int i = 0; i < rb_model_head_from(g); i++)
            if (g->params[i]->trained && !has_no_effect(g->params[i]))
                check_near(g->params[i]->name, largest_change(g->params[i], before[i], after[i]), RATE, 0.02, 0);
    }
}

// Block after block, from the head down; what is further up stands still, its statistics too.
static void blocks_thaw_one_after_another(void **state)
{
    rb_graph *g = build(*state, "resnet18", true, true);
    int blocks = rb_graph_blocks(g);
    assert_int_equal(blocks, 9); // eight of layers, and the stem
    for (int block = 1; block <= blocks; block++) {
        rb_graph_thaw(g, block, 10 * block);
        for (int i = 0; i < g->param_count; i++) {
            const rb_param *p = g->params[i];
            if (p->trained) assert_int_equal(p->frozen, p->block > block);
            if (p->trained && p->block) assert_int_equal(p->thawed, p->block > block ? 0 : 10 * p->block);
        }
        for (int i = 0; i < g->node_count; i++)
            if (g->nodes[i]->op == &rb_op_batch_norm)
                assert_int_equal(((const rb_norm *)g->nodes[i]->attr)->frozen, g->nodes[i]->param[0]->block > block);
    }
}

// Frozen, thawed and with rates of their own, the same weights come out of all backends.
static void backends_agree(void **state)
{
    rb_error err = {0};
    double **want = NULL;
    EACH_BACKEND(b)
    {
        rb_graph *g = build(*state, "cnn_encoder", true, true);
        rb_graph_share_rates(g, 0.5);
        network n = open_on(*state, *b, g);
        learn(&n, 1);
        rb_graph_thaw(g, rb_graph_blocks(g), 1);
        check_done(n.backend->plan(n.arena, n.store, &n.plan->spec, &n.plan, &err), err);
        learn(&n, 2);
        double **got = values_of(&n);
        for (int i = 0; want && i < g->param_count; i++)
            if (!has_no_effect(g->params[i]))
                check_close(g->params[i]->name, got[i], want[i], g->params[i]->count, 2e-3);
        want = got;
    }
}

// ---- shares --------------------------------------------------------------------------------------------------------

static void check_share(const rb_graph *g, const char *name, int depth)
{
    const rb_param *p = rb_graph_find_param(g, name);
    assert_non_null(p);
    check_near(name, p->lr_share, pow(0.5, depth), 1e-12, 0);
}

typedef struct place_in {
    const char *name;
    int from_head;
} place_in;

static void check_shares(rb_graph *g, int head_from, const place_in *places, int count)
{
    rb_graph_number_blocks(g, head_from);
    rb_graph_share_rates(g, 0.5);
    for (int i = 0; i < count; i++) check_share(g, places[i].name, places[i].from_head);
}

// The groups of timm's param_groups_layer_decay: stem 0, blocks 1..8, the head in the last.
static void blocks_of_resnet_share_as_in_timm(void **state)
{
    static const place_in places[] = {
        {"conv1.weight", 9},
        {"bn1.bias", 9},
        {"layer1.0.conv1.weight", 8},
        {"layer1.1.bn2.weight", 7},
        {"layer2.0.bn1.bias", 6},
        {"layer2.0.downsample.0.weight", 6},
        {"layer2.0.downsample.1.bias", 6},
        {"layer4.0.conv2.weight", 2},
        {"layer4.1.bn2.bias", 1},
        {"fc.0.weight", 0},
        {"fc.3.bias", 0},
    };
    rb_graph *g = build(*state, "resnet18", false, true);
    check_shares(g, rb_model_head_from(g), places, COUNT(places));
}

static void stages_of_the_encoder_are_blocks(void **state)
{
    static const place_in places[] = {
        {"stages.0.conv1.weight", 4}, {"stages.0.bn2.bias", 4}, {"stages.3.conv1.weight", 1}, {"fc.0.weight", 0}};
    rb_graph *g = build(*state, "cnn_encoder", false, true);
    check_shares(g, rb_model_head_from(g), places, COUNT(places));
}

// As EfficientNet's names are: a convolution after the blocks is a group of its own.
static void what_stands_after_the_blocks_is_one_more(void **state)
{
    static const char *const names[] = {"conv_stem",          "blocks.0.0.conv_dw", "blocks.0.0.se.conv_reduce",
                                        "blocks.1.0.conv_pw", "blocks.1.1.conv_pw", "blocks.1.1.conv_pwl",
                                        "conv_head",          "classifier"};
    static const place_in places[] = {
        {"conv_stem.weight", 5},          {"blocks.0.0.conv_dw.weight", 4},  {"blocks.0.0.se.conv_reduce.weight", 4},
        {"blocks.1.0.conv_pw.weight", 3}, {"blocks.1.1.conv_pwl.weight", 2}, {"conv_head.weight", 1},
        {"classifier.weight", 0}};
    rb_graph *g = rb_graph_new(*state);
    const rb_node *x = rb_input(g, (rb_shape){2, 8, 8});
    for (int i = 0; i < COUNT(names); i++) x = rb_conv2d(g, names[i], x, (rb_conv){.filters = 2, .kernel = 1});
    check_shares(g, COUNT(names) - 1, places, COUNT(places));
}

static void a_share_of_the_rate_is_what_an_update_takes(void **state)
{
    EACH_BACKEND(b)
    {
        rb_graph *g = build(*state, "cnn_encoder", false, true);
        rb_graph_share_rates(g, 0.5);
        network n = open_on(*state, *b, g);
        double **before = values_of(&n);
        learn(&n, 1);
        double **after = values_of(&n);
        for (int i = 0; i < g->param_count; i++) {
            const rb_param *p = g->params[i];
            if (p->trained && !has_no_effect(p))
                check_near(p->name, largest_change(p, before[i], after[i]), RATE * p->lr_share, 0.02, 0);
        }
    }
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(the_backbone_stands_still),
        TEST(statistics_move_if_asked_to),
        TEST(what_is_thawed_begins_gently),
        TEST(blocks_thaw_one_after_another),
        TEST(backends_agree),
        TEST(blocks_of_resnet_share_as_in_timm),
        TEST(stages_of_the_encoder_are_blocks),
        TEST(what_stands_after_the_blocks_is_one_more),
        TEST(a_share_of_the_rate_is_what_an_update_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
