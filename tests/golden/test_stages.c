// SPDX-License-Identifier: Apache-2.0
// test_stages.c - where a network goes wrong: mean, norm and first values of each stage's output, ref in fp64 against
// PyTorch. test_networks.c says that a network is wrong, this one since when.
#include "check.h"

#include "golden/networks.h"

#define TOLERANCE 1e-9 // the files have 10 digits

enum { MEAN, L2, VALUE0, VALUE1, VALUE2, FIGURES };

// Nodes without a name are found from the last named one: an activation is 1 later, a joint and its ReLU 2.
static const struct stage {
    const char *model, *name, *after;
    int later;
} stages[] = {
    {"resnet18", "stem", "bn1", 1},
    {"resnet18", "maxpool", "bn1", 2},
    {"resnet18", "layer1", "layer1.1.bn2", 2},
    {"resnet18", "layer2", "layer2.1.bn2", 2},
    {"resnet18", "layer3", "layer3.1.bn2", 2},
    {"resnet18", "layer4", "layer4.1.bn2", 2},
    {"resnet50", "stem", "bn1", 1},
    {"resnet50", "maxpool", "bn1", 2},
    {"resnet50", "layer1", "layer1.2.bn3", 2},
    {"resnet50", "layer2", "layer2.3.bn3", 2},
    {"resnet50", "layer3", "layer3.5.bn3", 2},
    {"resnet50", "layer4", "layer4.2.bn3", 2},
    {"efficientnet_b0", "stem", "bn1", 1},
    {"efficientnet_b0", "blocks.0", "blocks.0.0.bn2", 0},
    {"efficientnet_b0", "blocks.1", "blocks.1.1.bn3", 1},
    {"efficientnet_b0", "blocks.2", "blocks.2.1.bn3", 1},
    {"efficientnet_b0", "blocks.3", "blocks.3.2.bn3", 1},
    {"efficientnet_b0", "blocks.4", "blocks.4.2.bn3", 1},
    {"efficientnet_b0", "blocks.5", "blocks.5.3.bn3", 1},
    {"efficientnet_b0", "blocks.6", "blocks.6.0.bn3", 0},
    {"efficientnet_b0", "head", "bn2", 1},
    {"cnn_encoder", "stages.0", "stages.0.bn2", 1},
    {"cnn_encoder", "stages.1", "stages.1.bn2", 1},
    {"cnn_encoder", "stages.2", "stages.2.bn2", 1},
    {"cnn_encoder", "stages.3", "stages.3.bn2", 1},
};
#define STAGES ((int)(sizeof stages / sizeof *stages))

static const rb_node *node_of(const rb_graph *g, const struct stage *s)
{
    for (int i = 0; i < g->node_count; i++)
        if (!strcmp(g->nodes[i]->name, s->after)) return g->nodes[i + s->later];
    fail_msg("%s has no node %s", s->model, s->after);
    return NULL;
}

// The rest of the line that begins with "mode,stage,", after its shape.
static void read_figures(rb_arena *a, const struct stage *s, const char *mode, double *figures)
{
    const char *text = (const char *)golden_file(a, s->model, "acts.csv").data;
    char *at = strstr(text, rb_text_format(a, "\n%s,%s,", mode, s->name));
    if (!at) fail_msg("%s.acts.csv has no stage %s while in %s", s->model, s->name, mode);
    for (int commas = 0; commas < 3; commas++) at = strchr(at, ',') + 1;
    for (int i = 0; i < FIGURES; i++, at++) figures[i] = strtod(at, &at);
}

static void measure(const double *x, ptrdiff_t count, double *figures)
{
    double sum = 0, squares = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    figures[MEAN] = sum / (double)count;
    figures[L2] = sqrt(squares);
    for (int i = 0; i < 3; i++) figures[VALUE0 + i] = x[i];
}

static void check_stage(const struct stage *s, rb_mode mode)
{
    rb_error err = {0};
    rb_arena *a = rb_arena_open();
    const rb_graph *g = golden_graph(a, s->model, 1);
    const rb_node *n = node_of(g, s);
    rb_store *store;
    rb_plan *plan;
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    rb_store_spec spec = {.precision = RB_FP64,
                          .batch = BATCH,
                          .optim = mode == RB_TRAIN ? &rb_optim_adamw : NULL,
                          .optim_cfg = cfg,
                          .recompute = RB_RECOMPUTE_CHEAP};
    check_done(rb_backend_ref.store(a, g, &spec, &store, &err), err);
    golden_fill(store, s->model);
    check_done(rb_backend_ref.plan(a, store, &(rb_plan_spec){.mode = mode, .batch = BATCH, .keep = n}, &plan, &err),
               err);
    check_done(rb_backend_ref.forward(plan, &(rb_feed){.n = BATCH, .values = golden_input(a)}, &err), err);

    ptrdiff_t count = (ptrdiff_t)BATCH * n->shape.c * n->shape.h * n->shape.w;
    double *x = RB_NEW(a, double, count), got[FIGURES], want[FIGURES];
    rb_backend_ref.peek(plan, x);
    measure(x, count, got);
    read_figures(a, s, mode == RB_TRAIN ? "train" : "eval", want);
    for (int i = 0; i < FIGURES; i++) check_near(s->name, got[i], want[i], TOLERANCE, 0);
    rb_arena_close(a);
}

static void each_stage_agrees(void **state)
{
    (void)state;
    for (int i = 0; i < STAGES; i++)
        for (int mode = RB_EVALUATE; mode <= RB_TRAIN; mode++) check_stage(&stages[i], (rb_mode)mode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_stage_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
