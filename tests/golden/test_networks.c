// SPDX-License-Identifier: Apache-2.0
// test_networks.c - whole networks on every backend against PyTorch in float64: evaluation, then three steps of AdamW.
#include "check.h"

#include "golden/networks.h"

#include "base/parallel.h"

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
// Its logits are 2e-15 off before the first step. Biases of its projections have a gradient of exactly 0; Adam makes
// steps of what each side rounds there, and the last logits are 5e-11 apart.
static const limits exact_efficientnet = {1e-11, 1e-10, 1e-11, 1e-7, 1e-7, 1e-9, 1e-9, 1e-9};
static const limits cnn_fp32 = {5e-6, 5e-6, 1e-5, 2e-6, 3e-5, 3e-5, 1e-5, 3e-4};
static const limits resnet_fp32 = {5e-6, 2e-5, 1e-5, 1e-5, 5e-5, 1e-3, 3e-4, 1e-2};
// Many of resnet50's ReLUs stand so near their edge that a float opens them the other way.
static const limits resnet50_fp32 = {5e-6, 5e-5, 1e-4, 3e-5, 3e-2, 5e-3, 4e-3, 3e-2};
static const limits efficientnet_fp32 = {3e-5, 1e-4, 1e-3, 5e-5, 2e-3, 1e-3, 1e-3, 1e-2};

static const struct trial {
    const char *name;
    const rb_backend *backend;
    rb_precision precision;
    const char *model;
    const limits *limit;
} trials[] = {
    {"ref fp64 cnn_encoder", &rb_backend_ref, RB_FP64, "cnn_encoder", &exact},
    {"ref fp64 resnet18", &rb_backend_ref, RB_FP64, "resnet18", &exact},
    {"ref fp64 resnet50", &rb_backend_ref, RB_FP64, "resnet50", &exact},
    {"ref fp64 efficientnet_b0", &rb_backend_ref, RB_FP64, "efficientnet_b0", &exact_efficientnet},
    {"ref fp32 cnn_encoder", &rb_backend_ref, RB_FP32, "cnn_encoder", &cnn_fp32},
    {"ref fp32 resnet18", &rb_backend_ref, RB_FP32, "resnet18", &resnet_fp32},
    {"ref fp32 efficientnet_b0", &rb_backend_ref, RB_FP32, "efficientnet_b0", &efficientnet_fp32},
    {"onednn fp32 cnn_encoder", &rb_backend_onednn, RB_FP32, "cnn_encoder", &cnn_fp32},
    {"onednn fp32 resnet18", &rb_backend_onednn, RB_FP32, "resnet18", &resnet_fp32},
    {"onednn fp32 resnet50", &rb_backend_onednn, RB_FP32, "resnet50", &resnet50_fp32},
    {"onednn fp32 efficientnet_b0", &rb_backend_onednn, RB_FP32, "efficientnet_b0", &efficientnet_fp32},
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
    rb_store_spec spec = {
        .precision = t->precision, .batch = BATCH, .optim = optim, .optim_cfg = cfg, .recompute = RB_RECOMPUTE_CHEAP};
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

static run open_training(const struct trial *t)
{
    static const rb_bce bce = {.pos_weight = 2};
    run r = open_run(t, 1, &rb_optim_adamw);
    r.params = golden_params(r.arena, t->model, r.graph);
    open_plan(&r, &(rb_plan_spec){.mode = RB_TRAIN, .batch = BATCH, .loss = &rb_loss_bce, .loss_cfg = &bce});
    return r;
}

static void backward(const run *r)
{
    rb_error err = {0};
    check_done(r->trial->backend->backward(r->plan, false, &err), err);
}

static void update(const run *r, int step)
{
    rb_error err = {0};
    rb_update u = {.lr = 1e-3, .momentum = NAN, .weight_decay = 1e-2, .step = step};
    check_done(r->trial->backend->update(r->store, &u, &err), err);
}

static void take_step(const run *r, int step)
{
    double loss;
    forward(r, &loss, NULL);
    backward(r);
    update(r, step);
}

// ---- training in fp32 ----------------------------------------------------------------------------------------------
//
// Where a gradient is as small as what float loses of it, Adam makes a whole step of the rounding: cnn_encoder's
// stages.1.conv1.weight[6533] has an exact first gradient of 1.2e-8, and any two orders of summing send it to places up
// to lr apart. A few such weights put later losses up to 2e-5 off, and who judges those judges luck. So ref in fp64,
// itself held to PyTorch's numbers, goes along with an fp32 run and
// - settles those weights after each step; with that, later losses are 1e-7 off;
// - lends its state to a third run at the start of each later step, which is thus judged for that step alone.

typedef struct company {
    run guide, led;
} company;

static company open_company(const struct trial *t)
{
    static struct trial guide = {"the guide", &rb_backend_ref, RB_FP64, NULL, &exact};
    guide.model = t->model;
    return (company){open_training(&guide), open_training(t)};
}

static float *floats_of(const run *r, rb_arena *a, const rb_param *p, rb_slot slot)
{
    const double *x = get(r, a, p, slot);
    float *out = RB_NEW(a, float, p->count);
    for (ptrdiff_t i = 0; i < p->count; i++) out[i] = (float)x[i];
    return out;
}

static const rb_slot state_slots[] = {RB_VALUE, RB_MOMENT1, RB_MOMENT2};

static void lend_state(const company *c)
{
    for (int i = 0; i < c->led.graph->param_count; i++) {
        rb_arena *scratch = rb_arena_open();
        const rb_param *p = c->led.graph->params[i];
        for (int k = 0; k < (p->trained ? 3 : 1); k++)
            c->led.trial->backend->put(c->led.store, p, state_slots[k],
                                       floats_of(&c->guide, scratch, c->guide.graph->params[i], state_slots[k]));
        rb_arena_close(scratch);
    }
}

// The gradients so far, their root mean square, are below a tenth of what `grad` allows, which is what PyTorch's own
// float32 loses: about one weight in 10^4, besides those that have no gradient at all.
static const bool *undecided_of(const run *guide, rb_arena *a, const rb_param *p, int step, double allowed)
{
    const double *gradient = get(guide, a, p, RB_GRAD), *v = get(guide, a, p, RB_MOMENT2);
    bool *out = RB_NEW(a, bool, p->count);
    double largest = 0;
    for (ptrdiff_t i = 0; i < p->count; i++) largest = fmax(largest, fabs(gradient[i]));
    for (ptrdiff_t i = 0; i < p->count; i++) out[i] = sqrt(v[i] / (1 - pow(0.999, step))) < allowed / 10 * largest;
    return out;
}

static void settle_param(const run *r, const run *guide, rb_arena *a, int i, int step)
{
    const rb_param *own = r->graph->params[i], *p = guide->graph->params[i];
    const bool *undecided = undecided_of(guide, a, p, step, r->trial->limit->grad);
    for (int slot = 0; slot < 3; slot++) {
        const float *exactly = floats_of(guide, a, p, state_slots[slot]);
        float *values = floats_of(r, a, own, state_slots[slot]);
        for (ptrdiff_t k = 0; k < p->count; k++)
            if (undecided[k]) values[k] = exactly[k];
        r->trial->backend->put(r->store, own, state_slots[slot], values);
    }
}

static void settle(const run *r, const run *guide, int step)
{
    for (int i = 0; i < r->graph->param_count; i++) {
        rb_arena *scratch = rb_arena_open();
        if (r->graph->params[i]->trained) settle_param(r, guide, scratch, i, step);
        rb_arena_close(scratch);
    }
}

// After `r` has taken a step.
static void accompany(const run *r, const company *c, int step)
{
    if (step > 1) lend_state(c);
    take_step(&c->led, step);
    take_step(&c->guide, step);
    settle(r, &c->guide, step);
}

// ---- training ------------------------------------------------------------------------------------------------------

static void check_numbers(const run *r, const double *loss, const double *logits)
{
    const limits *limit = r->trial->limit;
    const double *want = golden_values(r->arena, &r->want, "train_losses", 4);
    check_near("loss 0", loss[0], want[0], limit->train, 0);
    for (int i = 1; i < 4; i++) check_near("a later loss", loss[i], want[i], 0, limit->loss);
    int rows = r->trial->precision == RB_FP64 ? 4 : 1; // what fp32 loses in a step is judged by the losses
    check_close("train_logits", logits, golden_values(r->arena, &r->want, "train_logits", 4 * BATCH), rows * BATCH,
                limit->train);
}

// Logits and losses come before each of the steps and after the last.
static void check_training(const struct trial *t)
{
    run r = open_training(t);
    bool alone = t->precision == RB_FP64;
    company c = alone ? (company){r, r} : open_company(t);
    double loss[4], logits[4 * BATCH];
    for (int step = 1; step <= 4; step++) {
        forward(&r, &loss[step - 1], &logits[(step - 1) * BATCH]);
        if (step == 1) each_param(&r, check_statistics);
        if (step == 4) break;
        backward(&r);
        if (step == 1) each_param(&r, check_gradient);
        update(&r, step);
        if (step == 1) each_param(&r, check_step_1);
        if (!alone) accompany(&r, &c, step);
    }
    check_numbers(&r, loss, logits);
    each_param(&c.guide, check_step_3);
    each_param(&c.led, check_step_3);
    if (!alone) rb_arena_close(c.guide.arena);
    if (!alone) rb_arena_close(c.led.arena);
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

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    struct CMUnitTest tests[4 + TRIALS] = {
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "cnn_encoder"),
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "resnet18"),
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "resnet50"),
        cmocka_unit_test_prestate(weights_are_those_of_pytorch, "efficientnet_b0"),
    };
    for (int i = 0; i < TRIALS; i++)
        tests[4 + i] = (struct CMUnitTest){
            .name = trials[i].name, .test_func = agrees_with_pytorch, .initial_state = (void *)&trials[i]};
    return check_run("networks", tests);
}
