// SPDX-License-Identifier: Apache-2.0
// test_optim.c - optimiser rules against traces of PyTorch.
#include "check.h"
#include "numbers.h"
#include "optim/optim.h"

#define WEIGHTS 5
#define COLUMNS (1 + 2 * WEIGHTS) // step, weights, gradients

static const struct trace {
    const char *file, *optim;
    double lr, weight_decay;
    const char *settings;
} traces[] = {
    {"adamw_lr1e-3_wd1e-2.csv", "adamw", 1e-3, 1e-2, ""},
    {"adamw_lr1e-2_wd1e-1_b09_099_eps1e-6.csv", "adamw", 1e-2, 0.1, "beta1=0.9 beta2=0.99 eps=1e-6"},
    {"adam_l2_lr1e-3_wd1e-2.csv", "adam", 1e-3, 1e-2, ""},
    {"sgd_m09_wd1e-2.csv", "sgd", 0.1, 1e-2, "momentum=0.9"},
    {"sgd_nesterov_m09.csv", "sgd", 0.1, 0, "momentum=0.9 nesterov=true"},
};
#define TRACES (int)(sizeof traces / sizeof *traces)

static const rb_optim *found(const char *name)
{
    rb_error err = {0};
    const rb_optim *o = rb_optim_find(name, &err);
    if (!o) fail_msg("%s", err.text);
    return o;
}

static void *optim_settings(rb_arena *a, const rb_optim *o, const char *keys)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)o->cfg_bytes);
    settings_fill(a, o->fields, cfg, keys);
    return cfg;
}

static void *adamw_settings(rb_arena *a, const char *keys)
{
    return optim_settings(a, &rb_optim_adamw, keys);
}

// One update of n weights in doubles; state [RB_OPTIM_STATES][n].
static void take_step(const rb_optim *o, const void *cfg, const rb_update *u, int n, double *w, const double *g,
                      double *state)
{
    double coef[RB_OPTIM_COEFS], *each[RB_OPTIM_STATES] = {state, state + n};
    rb_optim_prepare(o, cfg, u, NAN, 2, coef);
    o->apply(coef, n, w, g, each);
}

static void take_step_f32(const rb_optim *o, const void *cfg, const rb_update *u, int n, float *w, const float *g,
                          float *state)
{
    double coef[RB_OPTIM_COEFS];
    float *each[RB_OPTIM_STATES] = {state, state + n};
    rb_optim_prepare(o, cfg, u, NAN, 2, coef);
    o->apply_f32(coef, n, w, g, each);
}

static void check_weights(const char *file, int step, const double *got, const double *want, double relative,
                          double absolute)
{
    for (int i = 0; i < WEIGHTS; i++) {
        char what[96];
        snprintf(what, sizeof what, "%s step %d weight %d", file, step, i);
        check_near(what, got[i], want[i], relative, absolute);
    }
}

static void rules_equal_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < TRACES; t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        assert_int_equal(want.columns, COLUMNS);
        const rb_optim *o = found(traces[t].optim);
        void *cfg = optim_settings(a, o, traces[t].settings);
        double w[WEIGHTS], kept[RB_OPTIM_STATES * WEIGHTS] = {0};
        memcpy(w, numbers_row(&want, 0) + 1, sizeof w);
        for (int step = 1; step < want.rows; step++) {
            const double *row = numbers_row(&want, step);
            rb_update u = {.lr = traces[t].lr, .momentum = NAN, .weight_decay = traces[t].weight_decay, .step = step};
            take_step(o, cfg, &u, WEIGHTS, w, row + 1 + WEIGHTS, kept);
            check_weights(traces[t].file, step, w, row + 1, 1e-12, 1e-15);
        }
    }
    rb_arena_close(a);
}

// Twelve steps in single precision: rounding of weights up to 2, 6e-8 of them each step. The state is compared too: in
// Adam's squares alone 1 - beta2, taken from a rounded beta2, would show. Means and SGD's buffer, whose terms reach 7,
// cancel, so that they are held to a few roundings of their terms.
static void rules_in_f32_equal_pytorch_to_rounding(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < TRACES; t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        const rb_optim *o = found(traces[t].optim);
        void *cfg = optim_settings(a, o, traces[t].settings);
        float w[WEIGHTS], g[WEIGHTS], kept[RB_OPTIM_STATES * WEIGHTS] = {0};
        double got[WEIGHTS], twin[WEIGHTS], exact[RB_OPTIM_STATES * WEIGHTS] = {0};
        memcpy(twin, numbers_row(&want, 0) + 1, sizeof twin);
        for (int i = 0; i < WEIGHTS; i++) w[i] = (float)twin[i];
        for (int step = 1; step < want.rows; step++) {
            const double *row = numbers_row(&want, step);
            for (int i = 0; i < WEIGHTS; i++) g[i] = (float)row[1 + WEIGHTS + i];
            rb_update u = {.lr = traces[t].lr, .momentum = NAN, .weight_decay = traces[t].weight_decay, .step = step};
            take_step_f32(o, cfg, &u, WEIGHTS, w, g, kept);
            take_step(o, cfg, &u, WEIGHTS, twin, row + 1 + WEIGHTS, exact);
            for (int i = 0; i < WEIGHTS; i++) got[i] = w[i];
            check_weights(traces[t].file, step, got, row + 1, 1e-6, 1e-7);
            for (int i = 0; i < o->states * WEIGHTS; i++) check_near("state", kept[i], exact[i], 2e-6, 1e-6);
            for (int i = WEIGHTS; i < o->states * WEIGHTS; i++) check_near("square", kept[i], exact[i], 2e-6, 0);
        }
    }
    rb_arena_close(a);
}

// The formula of AdamW as published, with beta1 moving and its correction by the beta1 of the step.
static void momentum_takes_the_place_of_beta1(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    void *cfg = adamw_settings(a, "");
    double w = 1, kept[2] = {0}, want = 1, mean = 0, square = 0;
    for (int step = 1; step <= 6; step++) {
        double b1 = 0.95 - 0.02 * step, g = cos(step), lr = 0.1 / step;
        rb_update u = {.lr = lr, .momentum = b1, .weight_decay = 0.05, .step = step};
        take_step(&rb_optim_adamw, cfg, &u, 1, &w, &g, kept);
        mean = b1 * mean + (1 - b1) * g;
        square = 0.999 * square + 0.001 * g * g;
        want *= 1 - lr * 0.05;
        want -= lr * (mean / (1 - pow(b1, step))) / (sqrt(square / (1 - pow(0.999, step))) + 1e-8);
        check_near("weight", w, want, 1e-13, 0);
    }
    rb_arena_close(a);
}

// As torch runs it when OneCycleLR writes the group's momentum before each step.
static void momentum_takes_the_place_of_sgds(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_optim *o = found("sgd");
    for (int nesterov = 0; nesterov < 2; nesterov++) {
        void *cfg = optim_settings(a, o, nesterov ? "momentum=0.5 nesterov=true" : "momentum=0.5");
        double w = 1, kept[2] = {0}, want = 1, buffer = 0;
        for (int step = 1; step <= 6; step++) {
            double mu = 0.95 - 0.02 * step, g = cos(step), lr = 0.1 / step;
            rb_update u = {.lr = lr, .momentum = mu, .weight_decay = 0.05, .step = step};
            double slope = g + 0.05 * want;
            take_step(o, cfg, &u, 1, &w, &g, kept);
            buffer = mu * buffer + slope;
            want -= lr * (nesterov ? slope + mu * buffer : buffer);
            check_near("weight", w, want, 1e-13, 0);
        }
    }
    rb_arena_close(a);
}

// Scaling gradients by hand is the same as clipping; at a norm within the bound nothing changes, to the bit.
static void clipping_scales_the_gradient(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (const rb_optim *const *o = rb_optims; *o; o++) {
        void *cfg = optim_settings(a, *o, "");
        double coef[RB_OPTIM_COEFS], g[] = {3, -4}, by_hand[2], w[3][2] = {{1, 2}, {1, 2}, {1, 2}}, kept[3][4] = {{0}};
        rb_update clipped = {.lr = 0.1, .momentum = NAN, .weight_decay = 0.1, .step = 1, .clip = 2}, plain = clipped;
        plain.clip = 0;
        for (int i = 0; i < 2; i++) by_hand[i] = g[i] * (2 / (5 + 1e-6));
        rb_optim_prepare(*o, cfg, &clipped, 5, 2, coef);
        (*o)->apply(coef, 2, w[0], g, (double *const[]){kept[0], kept[0] + 2});
        take_step(*o, cfg, &plain, 2, w[1], by_hand, kept[1]);
        for (int i = 0; i < 2; i++) check_near((*o)->name, w[0][i], w[1][i], 1e-15, 0);
        for (int i = 0; i < 4; i++) check_near((*o)->name, kept[0][i], kept[1][i], 1e-15, 0);

        clipped.clip = 5.1;
        rb_optim_prepare(*o, cfg, &clipped, 5, 2, coef);
        w[1][0] = 1, w[1][1] = 2;
        memset(kept, 0, sizeof kept);
        (*o)->apply(coef, 2, w[2], g, (double *const[]){kept[0], kept[0] + 2});
        take_step(*o, cfg, &plain, 2, w[1], g, kept[1]);
        assert_memory_equal(w[2], w[1], sizeof w[1]);
    }
    rb_arena_close(a);
}

// A gradient of zero shows the decay alone: SGD's first step is lr decay w.
static void biases_and_norms_may_be_spared(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const struct {
        bool spare;
        int axes;
        double want;
    } cases[] = {{false, 1, 1.9}, {false, 4, 1.9}, {true, 1, 2}, {true, 2, 1.9}, {true, 4, 1.9}};
    static const char *const names[] = {"sgd", "adamw"};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
            const rb_optim *o = found(names[k]);
            double coef[RB_OPTIM_COEFS], w = 2, g = 0, kept[2] = {0};
            rb_update u = {.lr = 0.5, .momentum = NAN, .weight_decay = 0.1, .spare = cases[i].spare, .step = 1};
            rb_optim_prepare(o, optim_settings(a, o, ""), &u, NAN, cases[i].axes, coef);
            o->apply(coef, 1, &w, &g, (double *const[]){kept, kept + 1});
            check_near(names[k], w, cases[i].want, 1e-15, 0);
        }
    rb_arena_close(a);
}

// Hand-worked vector: w 1, lr .1, decay .01, gradients .5, -.2, .1.
static void adamw_equals_the_reference_vector(void **state)
{
    (void)state;
    static const double g[] = {0.5, -0.2, 0.1}, want[] = {0.89900000, 0.86354042, 0.82473770};
    rb_arena *a = rb_arena_open();
    void *cfg = adamw_settings(a, "");
    double w = 1, kept[2] = {0};
    for (int i = 0; i < 3; i++) {
        rb_update u = {.lr = 0.1, .momentum = NAN, .weight_decay = 0.01, .step = i + 1};
        take_step(&rb_optim_adamw, cfg, &u, 1, &w, &g[i], kept);
        check_near("weight", w, want[i], 0, 1e-8);
    }
    rb_arena_close(a);
}

static void a_gradient_of_zero_leaves_only_decay(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    void *cfg = adamw_settings(a, "");
    float w[] = {2, -3}, g[2] = {0}, kept[4] = {0};
    rb_update u = {.lr = 0.5, .momentum = NAN, .weight_decay = 0.5, .step = 1};
    take_step_f32(&rb_optim_adamw, cfg, &u, 2, w, g, kept);
    assert_true(w[0] == 1.5f && w[1] == -2.25f);
    rb_arena_close(a);
}

static void rules_are_found_by_name(void **state)
{
    (void)state;
    rb_error err = {0};
    assert_ptr_equal(found("adamw"), &rb_optim_adamw);
    assert_int_equal(found("adamw")->states, 2);
    assert_string_equal(found("adam")->state[1], "exp_avg_sq");
    assert_int_equal(found("sgd")->states, 1);
    assert_string_equal(found("sgd")->state[0], "momentum_buffer");
    check_failed(rb_optim_find("adamv", &err), err, RB_ERR_USAGE,
                 "optimizer: there is no 'adamv'; did you mean 'adam'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_equal_pytorch),
        cmocka_unit_test(rules_in_f32_equal_pytorch_to_rounding),
        cmocka_unit_test(momentum_takes_the_place_of_beta1),
        cmocka_unit_test(momentum_takes_the_place_of_sgds),
        cmocka_unit_test(clipping_scales_the_gradient),
        cmocka_unit_test(biases_and_norms_may_be_spared),
        cmocka_unit_test(adamw_equals_the_reference_vector),
        cmocka_unit_test(a_gradient_of_zero_leaves_only_decay),
        cmocka_unit_test(rules_are_found_by_name),
    };
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
