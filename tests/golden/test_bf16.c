// SPDX-License-Identifier: Apache-2.0
// test_bf16.c - whole networks in bf16 against PyTorch in float64: logits by relative L2, gradients by their direction.
#include "check.h"

#include "golden/networks.h"

// Cosine of each gradient to the exact one. The README suggests .99, which bf16 does not reach: maps keep 8 bits, so
// some ReLUs open or close the other way, and each flip is a whole gradient. PyTorch 1.13 in bf16 on these very
// networks has its worst tensor at .933 (cnn_encoder) and .970 (resnet18); no tensor of ours may be worse than that by
// more than the digits given. In the deep networks two pictures of 64x64 make norms over eight values: there PyTorch's
// worst tensors are .786 (resnet50; half of them above .854) and -.085 (efficientnet_b0; .704), and chance decides
// which of two is worse. So half of ours have to be as near. How near differs between sums that differ by 1e-7: with
// norms over runs of 8, 16, 32 or 64 pixels resnet18's worst was .965 to .972, efficientnet_b0's median .64 to .73.
// They may be worse by that. Logits: the README's 2e-2, but for efficientnet_b0, where PyTorch is 5.6e-2 off.
static const struct trial {
    const char *model;
    double logits, worst, median;
} trials[] = {{"cnn_encoder", 2e-2, 0.93, 0.93},
              {"resnet18", 2e-2, 0.965, 0.97},
              {"resnet50", 2e-2, 0.7, 0.84},
              {"efficientnet_b0", 3e-2, -1, 0.64}};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

static double dot(const double *x, const double *y, ptrdiff_t count)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

static rb_store *open_store(rb_arena *a, const rb_graph *g, const char *model, rb_precision precision,
                            const rb_backend *b, const rb_optim *optim)
{
    rb_error err = {0};
    rb_store *s;
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    settings_fill(a, rb_optim_adamw.fields, cfg, "");
    rb_store_spec spec = {
        .precision = precision, .batch = BATCH, .optim = optim, .optim_cfg = cfg, .recompute = RB_RECOMPUTE_CHEAP};
    check_done(b->store(a, g, &spec, &s, &err), err);
    golden_fill(s, model);
    return s;
}

static rb_plan *stepped(rb_arena *a, rb_store *s, rb_mode mode)
{
    static const rb_bce bce = {.pos_weight = 2};
    static const float targets[BATCH] = {0, 1};
    const rb_backend *b = s->backend;
    rb_error err = {0};
    rb_plan *p;
    rb_plan_spec spec = {
        .mode = mode, .batch = BATCH, .loss = mode == RB_TRAIN ? &rb_loss_bce : NULL, .loss_cfg = &bce};
    rb_feed feed = {.n = BATCH, .values = golden_input(a), .targets = targets, .scale = 1.0 / BATCH};
    check_done(b->plan(a, s, &spec, &p, &err), err);
    check_done(b->forward(p, &feed, &err), err);
    if (mode == RB_TRAIN) check_done(b->backward(p, false, &err), err);
    return p;
}

static void skip_unless_native(void)
{
    if (rb_backend_onednn.computes(RB_BF16)) return;
    print_message("bf16: this CPU has no instructions for it\n");
    skip();
}

static void logits_are_near(void **state)
{
    skip_unless_native();
    rb_arena *a = rb_arena_open();
    rb_error err = {0};
    const struct trial *t = *state;
    const char *model = t->model;
    const rb_graph *g = golden_graph(a, model, 1000);
    rb_store *s = open_store(a, g, model, RB_BF16, &rb_backend_onednn, NULL);
    rb_plan *p = stepped(a, s, RB_EVALUATE);
    rb_tensors want = golden_tensors(a, model);
    ptrdiff_t count = BATCH * 1000;
    const double *exact = golden_values(a, &want, "eval_logits_1000", count);
    double *logits = RB_NEW(a, double, count), *off = RB_NEW(a, double, count);
    check_done(rb_backend_onednn.read(p, NULL, logits, &err), err);
    for (ptrdiff_t i = 0; i < count; i++) off[i] = logits[i] - exact[i];
    double l2 = sqrt(dot(off, off, count) / dot(exact, exact, count));
    if (!(l2 < t->logits)) fail_msg("logits are off by %.3g in L2, %.3g allowed", l2, t->logits);
    if (l2 < 1e-6) fail_msg("logits are off by %.3g only: this was not bf16", l2);
    rb_arena_close(a);
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// Against ref in fp64, which test_networks.c holds against PyTorch.
static void gradients_point_the_same_way(void **state)
{
    skip_unless_native();
    rb_arena *a = rb_arena_open();
    const struct trial *t = *state;
    const rb_graph *g = golden_graph(a, t->model, 1);
    const golden_param *rows = golden_params(a, t->model, g);
    rb_store *s = open_store(a, g, t->model, RB_BF16, &rb_backend_onednn, &rb_optim_adamw);
    rb_store *oracle = open_store(a, g, t->model, RB_FP64, &rb_backend_ref, &rb_optim_adamw);
    stepped(a, s, RB_TRAIN);
    stepped(a, oracle, RB_TRAIN);
    double *cosines = RB_NEW(a, double, g->param_count);
    int count = 0;
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        if (!p->trained || rows[i].column[ZERO_GRAD] != 0) continue; // 0 but for rounding has no direction
        double *got = RB_NEW(a, double, p->count), *want = RB_NEW(a, double, p->count);
        rb_backend_onednn.get(s, p, RB_GRAD, got);
        rb_backend_ref.get(oracle, p, RB_GRAD, want);
        double cosine = dot(got, want, p->count) / sqrt(dot(got, got, p->count) * dot(want, want, p->count));
        if (!(cosine >= t->worst)) fail_msg("%s: cosine %.5f, %.2f wanted", p->name, cosine, t->worst);
        cosines[count++] = cosine;
    }
    qsort(cosines, (size_t)count, sizeof *cosines, by_size);
    if (!(cosines[count / 2] >= t->median))
        fail_msg("half of the cosines are below %.5f, %.2f wanted", cosines[count / 2], t->median);
    rb_arena_close(a);
}

int main(void)
{
    struct CMUnitTest tests[2 * TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        tests[i] = (struct CMUnitTest){.name = "logits are near", .test_func = logits_are_near};
        tests[TRIALS + i] = (struct CMUnitTest){.name = "gradients point the same way"};
        tests[TRIALS + i].test_func = gradients_point_the_same_way;
        tests[i].initial_state = tests[TRIALS + i].initial_state = (void *)&trials[i];
    }
    return check_run("bf16", tests);
}
