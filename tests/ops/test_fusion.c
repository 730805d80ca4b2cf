// SPDX-License-Identifier: Apache-2.0
// test_fusion.c - what an evaluation plan of onednn has no steps of its own for: normalisations, activations, drop
// paths and additions of whole networks go into the convolutions before them.
#include "check.h"

#include "ops/network.h"

#include "model/model.h"

typedef struct counts {
    int norms, activations, additions, drops;
} counts;

static counts counts_of(const char *model, rb_precision precision)
{
    rb_error err = {0};
    rb_arena *a = rb_arena_open();
    rb_graph *g;
    rb_store *store;
    rb_plan *plan;
    rb_model_settings s = {.model_type = model, .num_classes = 1, .head_depth = 1, .dim_base = 32};
    s.drop_path_rate = 0.2;
    check_done(rb_model_build(a, &s, (rb_shape){3, 64, 64}, &g, &err), err);
    check_done(rb_backend_onednn.store(a, g, &(rb_store_spec){.precision = precision, .batch = 4}, &store, &err), err);
    check_done(rb_backend_onednn.plan(a, store, &(rb_plan_spec){.mode = RB_EVALUATE, .batch = 4}, &plan, &err), err);
    counts c = {0};
    for (int i = 0; i < plan->work_count; i++) {
        const rb_work_item *w = &plan->work[i];
        c.norms += w->work == RB_WORK_NORM;
        c.activations += !strcmp(w->node, "relu") || !strcmp(w->node, "silu");
        c.additions += !strcmp(w->node, "add");
        c.drops += !strcmp(w->node, "drop_path");
    }
    rb_arena_close(a);
    return c;
}

static void evaluation_is_convolutions(void **state)
{
    static const char *const models[] = {"resnet18", "resnet50", "efficientnet_b0", "cnn_encoder"};
    (void)state;
    skip_unless_usable(&rb_backend_onednn);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        for (int precision = RB_FP32; precision <= RB_BF16; precision++) {
            if (!rb_backend_onednn.computes((rb_precision)precision)) continue;
            counts c = counts_of(models[i], (rb_precision)precision);
            if (c.norms || c.activations || c.additions || c.drops)
                fail_msg("%s: steps for %d norms, %d activations, %d additions, %d drop paths", models[i], c.norms,
                         c.activations, c.additions, c.drops);
        }
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(evaluation_is_convolutions)};
    return check_run("fusion", tests);
}
