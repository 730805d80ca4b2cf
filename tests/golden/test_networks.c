// SPDX-License-Identifier: Apache-2.0
// test_networks.c - whole networks on every backend against PyTorch in float64: evaluation, then three steps of AdamW.
#include "check.h"

#include "golden/networks.h"

// What is allowed, relative to the largest of a tensor unless said otherwise.
typedef struct limits {
    double eval;      // logits and features at evaluation
    double train;     // logits and loss before the first step
    double loss;      // losses after it, absolute
    double stats;     // running statistics after the first forward; the file has floats
    double grad;      // whole gradients; the file has floats
    double grad_norm; // relative, as the next two; printed with 10 digits
    double norm;      // of weights after 1 and 3 steps
    double moved;     // norm of their change since the start
} limits;

// fp64 differs from PyTorch's in the order of sums alone. fp32: ten times what PyTorch itself loses in float32.
static const limits exact = {1e-11, 1e-11, 1e-11, 1e-7, 1e-7, 1e-9, 1e-9, 1e-9};
static const limits cnn_fp32 = {5e-6, 5e-6, 1e-5, 2e-6, 3e-5, 3e-5, 1e-5, 3e-4};
static const limits resnet_fp32 = {5e-6, 2e-5, 1e-5, 1e-5, 5e-5, 1e-3, 3e-4, 1e-2};

static const struct trial {
    const char *name;
    const rb_backend *backend;
    rb_precision precision;
    const char *model;
    const limits *limit;
} trials[] = {
    {"ref fp64 cnn_encoder", &rb_backend_ref, RB_FP64, "cnn_encoder", &exact},
    {"ref fp64 resnet18", &rb_backend_ref, RB_FP64, "resnet18", &exact},
    {"ref fp32 cnn_encoder", &rb_backend_ref, RB_FP32, "cnn_encoder", &cnn_fp32},
    {"ref fp32 resnet18", &rb_backend_ref, RB_FP32, "resnet18", &resnet_fp32},
    {"onednn fp32 cnn_encoder", &rb_backend_onednn, RB_FP32, "cnn_encoder", &cnn_fp32},
    {"onednn fp32 resnet18", &rb_backend_onednn, RB_FP32, "resnet18", &resnet_fp32},
};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

typedef struct run {
    const struct trial *trial;
    rb_arena *arena;
    const rb_graph *graph;
    rb_store *store;
    rb_plan *plan;
    rb_tensors want;
    const golden_param *params;
} run;

// ---- weights -------------------------------------------------------------------------------------------------------

static double norm_of(const double *x, const float *minus, ptrdiff_t count)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        double d = x[i] - (minus ? (double)minus[i] : 0);
        sum += d * d;
    }
    return sqrt(sum);
}

static uint64_t checksum_of(const float *w, ptrdiff_t count)
{
    uint64_t sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &w[i], sizeof bits);
        sum += bits * (2 * (uint64_t)i + 1);
    }
    return sum;
}

// Both sides begin from the same weights, under the same names and in the same order.
static void weights_are_those_of_pytorch(void **state)
{
    const char *model = *state;
    rb_arena *a = rb_arena_open();
    const rb_graph *g = golden_graph(a, model, 1);
    const golden_param *rows = golden_params(a, model, g);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        const float *w = golden_weights(a, model, p);
        assert_string_equal(p->name, rows[i].name);
        assert_int_equal(p->count, rows[i].count);
        assert_int_equal(checksum_of(w, p->count), rows[i].checksum);
        assert_int_equal(p->trained, !isnan(rows[i].column[GRAD_NORM]));
        check_near(p->name, w[0], rows[i].column[FIRST], 1e-8, 0);
        check_near(p->name, w[p->count - 1], rows[i].column[LAST], 1e-8, 0);
    }
    rb_arena_close(a);
}

// ---- a network at work ---------------------------------------------------------------------------------------------

static run open_run(const struct trial *t, int classes, const rb_optim *optim)
{
    rb_error err = {0};
    run r = {.trial = t, .arena = rb_arena_open()};
    r.graph = golden_graph(r.arena, t->model, classes);
    r.want = golden_tensors(r.arena, t->model);
    void *cfg = rb_arena_take(r.arena, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    settings_fill(r.arena, rb_optim_adamw.fields, cfg, "");
    rb_store_spec spec = {t->precision, BATCH, optim, cfg};
    check_done(t->backend->store(r.arena, r.graph, &spec, &r.store, &err), err);
    golden_fill(r.store, t->model);
    return r;
}

static void open_plan(run *r, const rb_plan_spec *spec)
{
    rb_error err = {0};
    check_done(r->trial->backend->plan(r->arena, r->store, spec, &r->plan, &err), err);
}

static const double *get(const run *r, rb_arena *a, const rb_param *p, rb_slot slot)
{
    double *out = RB_NEW(a, double, p->count);
    r->trial->backend->get(r->store, p, slot, out);
    return out;
}

static void forward(const run *r, double *loss, double *logits)
{
    static const float targets[BATCH] = {0, 1};
    rb_error err = {0};
    rb_feed feed = {.n = BATCH, .values = golden_input(r->arena), .targets = targets, .scale = 1.0 / BATCH};
    check_done(r->trial->backend->forward(r->plan, &feed, &err), err);
    check_done(r->trial->backend->read(r->plan, loss, logits, &err), err);
}

static void check_tensor(const run *r, const char *name, const double *got, ptrdiff_t count, double limit)
{
    check_close(name, got, golden_values(r->arena, &r->want, name, count), count, limit);
}

// ---- evaluation ----------------------------------------------------------------------------------------------------

static void check_evaluation(const struct trial *t, int classes, const char *name)
{
    run r = open_run(t, classes, NULL);
    const rb_node *features = rb_model_features(r.graph);
    open_plan(&r, &(rb_plan_spec){.mode = RB_EVALUATE, .batch = BATCH, .keep = features});
    double *logits = RB_NEW(r.arena, double, BATCH *classes);
    double *pooled = RB_NEW(r.arena, double, BATCH * features->shape.c);
    forward(&r, NULL, logits);
    t->backend->peek(r.plan, pooled);
    check_tensor(&r, name, logits, BATCH * classes, t->limit->eval);
    check_tensor(&r, "eval_features", pooled, BATCH * features->shape.c, t->limit->eval);
    rb_arena_close(r.arena);
}

// ---- training ------------------------------------------------------------------------------------------------------

// Calls check(run, scratch, parameter, its row) for each; the scratch is the parameter's own.
static void each_param(const run *r, void (*check)(const run *, rb_arena *, const rb_param *, const golden_param *))
{
    for (int i = 0; i < r->graph->param_count; i++) {
        rb_arena *scratch = rb_arena_open();
        check(r, scratch, r->graph->params[i], &r->params[i]);
        rb_arena_close(scratch);
    }
}

static void check_statistics(const run *r, rb_arena *a, const rb_param *p, const golden_param *row)
{
    (void)row;
    if (p->trained) return;
    const char *name = rb_text_format(a, "bn_after_1.%s", p->name);
    check_tensor(r, name, get(r, a, p, RB_VALUE), p->count, r->trial->limit->stats);
}

// Gradients that are 0 but for rounding, as the file says, are nothing to compare; nor is where Adam goes with them.
static bool comparable(const rb_param *p, const golden_param *row)
{
    return p->trained && row->column[ZERO_GRAD] == 0;
}

static void check_gradient(const run *r, rb_arena *a, const rb_param *p, const golden_param *row)
{
    if (!comparable(p, row)) return;
    const char *name = rb_text_format(a, "grad.%s", p->name);
    const double *got = get(r, a, p, RB_GRAD);
    check_near(name, norm_of(got, NULL, p->count), row->column[GRAD_NORM], r->trial->limit->grad_norm, 0);
    if (rb_tensors_find(&r->want, name)) check_tensor(r, name, got, p->count, r->trial->limit->grad);
}

static void check_weights(const run *r, rb_arena *a, const rb_param *p, const golden_param *row, int norm, int moved)
{
    if (!comparable(p, row)) return;
    const double *got = get(r, a, p, RB_VALUE);
    const float *start = golden_weights(a, r->trial->model, p);
    check_near(p->name, norm_of(got, NULL, p->count), row->column[norm], r->trial->limit->norm, 0);
    check_near(p->name, norm_of(got, start, p->count), row->column[moved], r->trial->limit->moved, 0);
}

static void check_step_1(const run *r, rb_arena *a, const rb_param *p, const golden_param *row)
{
    check_weights(r, a, p, row, NORM1, UPD1);
}

static void check_step_3(const run *r, rb_arena *a, const rb_param *p, const golden_param *row)
{
    check_weights(r, a, p, row, NORM3, UPD3);
}

static void update(const run *r, int step)
{
    rb_error err = {0};
    const rb_backend *b = r->trial->backend;
    rb_update u = {.lr = 1e-3, .momentum = NAN, .weight_decay = 1e-2, .step = step};
    check_done(b->backward(r->plan, false, &err), err);
    if (step == 1) each_param(r, check_gradient);
    check_done(b->update(r->store, &u, &err), err);
}

// Logits and losses come before each of the steps and after the last.
static void check_training(const struct trial *t)
{
    run r = open_run(t, 1, &rb_optim_adamw);
    static const rb_bce bce = {.pos_weight = 2};
    double loss[4], logits[4 * BATCH];
    r.params = golden_params(r.arena, t->model, r.graph);
    open_plan(&r, &(rb_plan_spec){.mode = RB_TRAIN, .batch = BATCH, .loss = &rb_loss_bce, .loss_cfg = &bce});
    for (int step = 1; step <= 4; step++) {
        forward(&r, &loss[step - 1], &logits[(step - 1) * BATCH]);
        if (step == 1) each_param(&r, check_statistics);
        if (step <= 3) update(&r, step);
        if (step == 1) each_param(&r, check_step_1);
        if (step == 3) each_param(&r, check_step_3);
    }
    const double *want = golden_values(r.arena, &r.want, "train_losses", 4);
    check_near("loss 0", loss[0], want[0], t->limit->train, 0);
    for (int i = 1; i < 4; i++) check_near("a later loss", loss[i], want[i], 0, t->limit->loss);
    int rows = t->precision == RB_FP64 ? 4 : 1; // what fp32 loses in a step is judged by the losses
    check_close("train_logits", logits, golden_values(r.arena, &r.want, "train_logits", 4 * BATCH), rows * BATCH,
                t->limit->train);
    rb_arena_close(r.arena);
}

static void agrees_with_pytorch(void **state)
{
    const struct trial *t = *state;
    rb_error err = {0};
    if (!t->backend->usable(&err)) {
        print_message("%s: %s\n", t->name, err.text);
        skip();
    }
    check_evaluation(t, 1, "eval_logits");
    check_evaluation(t, 1000, "eval_logits_1000");
    check_training(t);
}

int main(void)
{
    struct CMUnitTest tests[2 + TRIALS] = {
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "cnn_encoder"),
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "resnet18"),
    };
    for (int i = 0; i < TRIALS; i++)
        tests[2 + i] = (struct CMUnitTest){
            .name = trials[i].name, .test_func = agrees_with_pytorch, .initial_state = (void *)&trials[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
