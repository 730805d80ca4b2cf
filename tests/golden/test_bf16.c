// SPDX-License-Identifier: Apache-2.0
// test_bf16.c - whole networks in bf16 against PyTorch in float64: logits by relative L2, gradients by their direction.
#include "check.h"

#include "golden/networks.h"

#define LOGITS_L2 2e-2 // of the golden vectors' README

// Cosine of each gradient to the exact one. The README suggests .99, which bf16 does not reach: maps keep 8 bits, so
// some ReLUs open or close the other way, and each flip is a whole gradient. PyTorch 1.13 in bf16 on these very
// networks has its worst tensor at .933 (cnn_encoder) and .970 (resnet18); no tensor of ours may be worse than that by
// more than the digits given.
static const struct trial {
    const char *model;
    double cosine;
} trials[] = {{"cnn_encoder", 0.93}, {"resnet18", 0.97}};

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
    rb_store_spec spec = {precision, BATCH, optim, cfg};
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
    const char *model = ((const struct trial *)*state)->model;
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
    if (!(l2 < LOGITS_L2)) fail_msg("logits are off by %.3g in L2, %.3g allowed", l2, LOGITS_L2);
    if (l2 < 1e-6) fail_msg("logits are off by %.3g only: this was not bf16", l2);
    rb_arena_close(a);
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
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        if (!p->trained || rows[i].column[ZERO_GRAD] != 0) continue; // 0 but for rounding has no direction
        double *got = RB_NEW(a, double, p->count), *want = RB_NEW(a, double, p->count);
        rb_backend_onednn.get(s, p, RB_GRAD, got);
        rb_backend_ref.get(oracle, p, RB_GRAD, want);
        double cosine = dot(got, want, p->count) / sqrt(dot(got, got, p->count) * dot(want, want, p->count));
        if (!(cosine >= t->cosine)) fail_msg("%s: cosine %.5f, %.2f wanted", p->name, cosine, t->cosine);
    }
    rb_arena_close(a);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(logits_are_near, (void *)&trials[0]),
        cmocka_unit_test_prestate(logits_are_near, (void *)&trials[1]),
        cmocka_unit_test_prestate(gradients_point_the_same_way, (void *)&trials[0]),
        cmocka_unit_test_prestate(gradients_point_the_same_way, (void *)&trials[1]),
    };
    return check_run("bf16", tests);
}
