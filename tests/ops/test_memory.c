// SPDX-License-Identifier: Apache-2.0
// test_memory.c - what a plan's buffers share cannot be seen in its results: whole networks train to the same bits with
// buffers apart, with buffers that share bytes and are spoiled as soon as nobody may read them, and with cheap outputs
// computed again. A lifetime that ends too early would show here as NaN.
#include "check.h"
#include "folder.h"

#include "ops/network.h"

#include "model/model.h"

#define BATCH 9 // Winograd's too
#define REST  4
#define STEPS 2
#define SIDE  32

static const rb_shape picture = {3, SIDE, SIDE};

static const struct way {
    const char *name;
    rb_sharing sharing;
    rb_recompute recompute;
} ways[] = {
    {"spoiled", RB_SPOILED, RB_RECOMPUTE_NONE},
    {"spoiled, computed again", RB_SPOILED, RB_RECOMPUTE_MORE},
};
#define WAYS ((int)(sizeof ways / sizeof *ways))

static const rb_graph *build(rb_arena *a, const char *model, bool freeze)
{
    rb_error err = {0};
    rb_graph *g;
    const rb_model_settings s = {.model_type = model,
                                 .num_classes = 2,
                                 .head_depth = 2,
                                 .head_dropout = 0.3,
                                 .drop_path_rate = 0.2,
                                 .freeze = freeze};
    check_done(rb_model_build(a, &s, picture, &g, &err), err);
    return g;
}

// ---- a training ----------------------------------------------------------------------------------------------------

enum { WHOLE, PART, EVALUATION, PLANS };

typedef struct trained {
    const double **values; // by parameter
    const double *logits;  // [STEPS BATCH 2] of evaluation after each step
} trained;

static rb_feed some_batch(rb_arena *a, int n, uint32_t which)
{
    ptrdiff_t size = (ptrdiff_t)n * 3 * SIDE * SIDE;
    return (rb_feed){.n = n,
                     .values = some_values(a, (int)size, which),
                     .targets = some_values(a, n * 2, which + 1),
                     .scale = 1.0 / n,
                     .draw = which};
}

static void open_plans(network *plans, rb_arena *a, const rb_graph *g, rb_precision precision, const struct way *w)
{
    rb_error err = {0};
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    settings_fill(a, rb_optim_adamw.fields, cfg, "");
    rb_store_spec store = {
        .precision = precision, .batch = BATCH, .optim = &rb_optim_adamw, .optim_cfg = cfg, .recompute = w->recompute};
    plans[WHOLE] = (network){.arena = a, .backend = &rb_backend_onednn, .graph = g};
    check_done(rb_backend_onednn.store(a, g, &store, &plans[WHOLE].store, &err), err);
    for (int i = WHOLE; i < PLANS; i++) {
        rb_plan_spec spec = {.mode = i == EVALUATION ? RB_EVALUATE : RB_TRAIN,
                             .batch = i == PART ? REST : BATCH,
                             .loss = &squared,
                             .seed = 5,
                             .sharing = w->sharing};
        plans[i] = network_beside(&plans[WHOLE], &spec);
    }
}

// Steps of a whole batch, of a part added to it, and evaluation in between.
static trained train(rb_arena *a, const rb_graph *g, rb_precision precision, const struct way *w)
{
    rb_error err = {0};
    network plans[PLANS];
    open_plans(plans, a, g, precision, w);
    for (int i = 0; i < g->param_count; i++) {
        float *values = RB_NEW(a, float, g->params[i]->count);
        rb_param_init(g->params[i], 1, values);
        rb_backend_onednn.put(plans[WHOLE].store, g->params[i], RB_VALUE, values);
    }
    double *logits = RB_NEW(a, double, STEPS *BATCH * 2);
    for (int step = 0; step < STEPS; step++) {
        rb_feed whole = some_batch(a, BATCH, 10 * (uint32_t)step), part = some_batch(a, REST, 10 * (uint32_t)step + 5);
        network_loss(&plans[WHOLE], &whole);
        network_backward(&plans[WHOLE], false);
        network_loss(&plans[PART], &part);
        network_backward(&plans[PART], true);
        network_update(&plans[WHOLE], step + 1);
        network_loss(&plans[EVALUATION], &whole);
        check_done(rb_backend_onednn.read(plans[EVALUATION].plan, NULL, logits + step * BATCH * 2, &err), err);
    }
    trained out = {.values = RB_NEW(a, const double *, g->param_count), .logits = logits};
    for (int i = 0; i < g->param_count; i++) out.values[i] = network_get(&plans[WHOLE], g->params[i], RB_VALUE);
    return out;
}

static void check_way(const rb_graph *g, const struct way *w, const trained *got, const trained *want)
{
    for (int i = 0; i < STEPS * BATCH * 2; i++)
        if (!(got->logits[i] == want->logits[i]))
            fail_msg("%s: logit %d is %.17g, not %.17g", w->name, i, got->logits[i], want->logits[i]);
    for (int i = 0; i < g->param_count; i++)
        for (ptrdiff_t k = 0; k < g->params[i]->count; k++)
            if (!(got->values[i][k] == want->values[i][k]))
                fail_msg("%s: %s[%td] is %.17g, not %.17g", w->name, g->params[i]->name, k, got->values[i][k],
                         want->values[i][k]);
}

static void check_ways(const place *p, const char *model, rb_precision precision, bool freeze)
{
    skip_unless_usable(&rb_backend_onednn);
    if (!rb_backend_onednn.computes(precision)) skip();
    const rb_graph *g = build(p->arena, model, freeze);
    trained apart = train(p->arena, g, precision, &(struct way){"apart", RB_APART, RB_RECOMPUTE_NONE});
    for (int i = 0; i < WAYS; i++) {
        rb_arena *a = rb_arena_open();
        trained got = train(a, g, precision, &ways[i]);
        check_way(g, &ways[i], &got, &apart);
        rb_arena_close(a);
    }
}

static void resnet(void **state)
{
    check_ways(*state, "resnet18", RB_FP32, false);
}

static void resnet_in_bf16(void **state)
{
    check_ways(*state, "resnet18", RB_BF16, false);
}

static void efficientnet(void **state)
{
    check_ways(*state, "efficientnet_b0", RB_FP32, false);
}

static void a_head_alone(void **state)
{
    check_ways(*state, "resnet18", RB_FP32, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    const struct CMUnitTest tests[] = {
        TEST(resnet),
        TEST(resnet_in_bf16),
        TEST(efficientnet),
        TEST(a_head_alone),
    };
    return check_code(cmocka_run_group_tests(tests, NULL, NULL), sizeof tests / sizeof *tests);
}
