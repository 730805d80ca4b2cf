// SPDX-License-Identifier: Apache-2.0
// test_optim.c - optimiser rules against traces of PyTorch.
#include "check.h"
#include "numbers.h"
#include "optim/optim.h"

#define WEIGHTS 5
#define COLUMNS (1 + 2 * WEIGHTS) // step, weights, gradients

static const struct trace {
    const char *file;
    double lr, weight_decay;
    const char *settings;
} traces[] = {
    {"adamw_lr1e-3_wd1e-2.csv", 1e-3, 1e-2, ""},
    {"adamw_lr1e-2_wd1e-1_b09_099_eps1e-6.csv", 1e-2, 0.1, "beta1=0.9 beta2=0.99 eps=1e-6"},
};
#define TRACES (int)(sizeof traces / sizeof *traces)

static void *adamw_settings(rb_arena *a, const char *keys)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    settings_fill(a, rb_optim_adamw.fields, cfg, keys);
    return cfg;
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

static void adamw_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < TRACES; t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        assert_int_equal(want.columns, COLUMNS);
        void *cfg = adamw_settings(a, traces[t].settings);
        double w[WEIGHTS], m[WEIGHTS] = {0}, v[WEIGHTS] = {0}, coef[RB_OPTIM_COEFS];
        memcpy(w, numbers_row(&want, 0) + 1, sizeof w);
        for (int step = 1; step < want.rows; step++) {
            const double *row = numbers_row(&want, step);
            rb_update u = {traces[t].lr, NAN, traces[t].weight_decay, step};
            rb_optim_adamw.prepare(cfg, &u, coef);
            rb_optim_adamw.apply(coef, WEIGHTS, w, row + 1 + WEIGHTS, m, v);
            check_weights(traces[t].file, step, w, row + 1, 1e-12, 1e-15);
        }
    }
    rb_arena_close(a);
}

// Twelve steps in single precision: rounding of weights up to 2, 6e-8 of them each step. The squares are compared too:
// in them alone 1 - beta2, taken from a rounded beta2, would show.
static void adamw_f32_equals_pytorch_to_rounding(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < TRACES; t++) {
        numbers want = numbers_read(a, rb_path_join(a, "golden/sched", traces[t].file));
        void *cfg = adamw_settings(a, traces[t].settings);
        float w[WEIGHTS], g[WEIGHTS], m[WEIGHTS] = {0}, v[WEIGHTS] = {0};
        double coef[RB_OPTIM_COEFS], got[WEIGHTS], twin[WEIGHTS] = {0}, mean[WEIGHTS] = {0}, square[WEIGHTS] = {0};
        for (int i = 0; i < WEIGHTS; i++) w[i] = (float)numbers_row(&want, 0)[1 + i];
        for (int step = 1; step < want.rows; step++) {
            const double *row = numbers_row(&want, step);
            for (int i = 0; i < WEIGHTS; i++) g[i] = (float)row[1 + WEIGHTS + i];
            rb_update u = {traces[t].lr, NAN, traces[t].weight_decay, step};
            rb_optim_adamw.prepare(cfg, &u, coef);
            rb_optim_adamw.apply_f32(coef, WEIGHTS, w, g, m, v);
            rb_optim_adamw.apply(coef, WEIGHTS, twin, row + 1 + WEIGHTS, mean, square);
            for (int i = 0; i < WEIGHTS; i++) got[i] = w[i];
            check_weights(traces[t].file, step, got, row + 1, 1e-6, 1e-7);
            for (int i = 0; i < WEIGHTS; i++) check_near("square", v[i], square[i], 2e-6, 0);
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
    double w = 1, m = 0, v = 0, coef[RB_OPTIM_COEFS], want = 1, mean = 0, square = 0;
    for (int step = 1; step <= 6; step++) {
        double b1 = 0.95 - 0.02 * step, g = cos(step), lr = 0.1 / step;
        rb_optim_adamw.prepare(cfg, &(rb_update){lr, b1, 0.05, step}, coef);
        rb_optim_adamw.apply(coef, 1, &w, &g, &m, &v);
        mean = b1 * mean + (1 - b1) * g;
        square = 0.999 * square + 0.001 * g * g;
        want *= 1 - lr * 0.05;
        want -= lr * (mean / (1 - pow(b1, step))) / (sqrt(square / (1 - pow(0.999, step))) + 1e-8);
        check_near("weight", w, want, 1e-13, 0);
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
    double w = 1, m = 0, v = 0, coef[RB_OPTIM_COEFS];
    for (int i = 0; i < 3; i++) {
        rb_optim_adamw.prepare(cfg, &(rb_update){0.1, NAN, 0.01, i + 1}, coef);
        rb_optim_adamw.apply(coef, 1, &w, &g[i], &m, &v);
        check_near("weight", w, want[i], 0, 1e-8);
    }
    rb_arena_close(a);
}

static void a_gradient_of_zero_leaves_only_decay(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    void *cfg = adamw_settings(a, "");
    float w[] = {2, -3}, g[2] = {0}, m[2] = {0}, v[2] = {0};
    double coef[RB_OPTIM_COEFS];
    rb_optim_adamw.prepare(cfg, &(rb_update){0.5, NAN, 0.5, 1}, coef);
    rb_optim_adamw.apply_f32(coef, 2, w, g, m, v);
    assert_true(w[0] == 1.5f && w[1] == -2.25f);
    rb_arena_close(a);
}

static void adamw_is_registered(void **state)
{
    (void)state;
    bool found = false;
    for (const rb_optim *const *o = rb_optims; *o; o++) found |= *o == &rb_optim_adamw;
    assert_true(found);
    assert_int_equal(rb_optim_adamw.moments, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adamw_equals_pytorch),
        cmocka_unit_test(adamw_f32_equals_pytorch_to_rounding),
        cmocka_unit_test(momentum_takes_the_place_of_beta1),
        cmocka_unit_test(adamw_equals_the_reference_vector),
        cmocka_unit_test(a_gradient_of_zero_leaves_only_decay),
        cmocka_unit_test(adamw_is_registered),
    };
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
