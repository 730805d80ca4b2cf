// SPDX-License-Identifier: Apache-2.0
// test_loss.c - losses against PyTorch and against their own numeric derivative.
#include "check.h"
#include "loss/loss.h"
#include "numbers.h"

static const int skewed[] = {900, 100}, four[] = {500, 20, 100, 3};

static const rb_loss *found(const char *name)
{
    rb_error err = {0};
    const rb_loss *l = rb_loss_find(name, &err);
    if (!l) fail_msg("%s", err.text);
    return l;
}

static void *settings_of(rb_arena *a, const rb_loss *l, const char *keys)
{
    void *settings = rb_arena_take(a, 1, (ptrdiff_t)l->cfg_bytes);
    settings_fill(a, l->fields, settings, keys);
    return settings;
}

static const void *prepared(rb_arena *a, const rb_loss *l, const char *keys, rb_class_counts of)
{
    rb_error err = {0};
    const void *cfg;
    check_done(l->prepare(a, settings_of(a, l, keys), of, &cfg, &err), err);
    return cfg;
}

// Counts for one logit, which is two classes, or for four.
static rb_class_counts counts_for(int k)
{
    return k == 1 ? (rb_class_counts){skewed, 2} : (rb_class_counts){four, 4};
}

// ---- bce ----------------------------------------------------------------------------------------------------------

enum { LOGIT, TARGET, POS_WEIGHT, LOSS, SLOPE };

// PyTorch subtracts two numbers near |z|, so that its own loss is good to about an ulp of |z| only.
static void bce_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, "golden/sched/bce_with_logits.csv");
    assert_int_equal(want.rows, 132);
    for (int i = 0; i < want.rows; i++) {
        const double *at = numbers_row(&want, i);
        rb_bce cfg = {.pos_weight = at[POS_WEIGHT]};
        double slope, loss = rb_loss_bce.row(&cfg, &at[LOGIT], &at[TARGET], 1, &slope);
        const char *what = rb_text_format(a, "z %g, y %g, w %g", at[LOGIT], at[TARGET], at[POS_WEIGHT]);
        double absolute = fabs(at[LOGIT]) >= 30 ? 1e-14 : 1e-15;
        check_near(what, loss, at[LOSS], 1e-12, absolute);
        check_near(what, slope, at[SLOPE], 1e-12, absolute);
    }
    rb_arena_close(a);
}

// Where PyTorch cancels: log(1 + e^-z) = e^-z - e^-2z/2 + ...
static void bce_keeps_digits_of_small_losses(void **state)
{
    (void)state;
    rb_bce cfg = {.pos_weight = 1};
    double slope, z = -40, zero = 0, far = 800, one = 1;
    check_near("loss", rb_loss_bce.row(&cfg, &z, &zero, 1, &slope), exp(-40), 1e-15, 0);
    check_near("slope", slope, exp(-40), 1e-15, 0);
    check_near("far loss", rb_loss_bce.row(&cfg, &far, &zero, 1, &slope), 800, 0, 0);
    check_near("far slope", slope, 1, 0, 0);
    check_near("sure loss", rb_loss_bce.row(&cfg, &far, &one, 1, &slope), 0, 0, 0);
    check_near("sure slope", slope, 0, 0, 0);
}

static void bce_row_is_the_mean_of_its_logits(void **state)
{
    (void)state;
    rb_bce cfg = {.pos_weight = 3};
    double z[] = {-1.5, 0.25, 2}, y[] = {1, 0.3, 0}, grad[3], sum = 0;
    double loss = rb_loss_bce.row(&cfg, z, y, 3, grad);
    for (int i = 0; i < 3; i++) {
        double alone;
        sum += rb_loss_bce.row(&cfg, &z[i], &y[i], 1, &alone);
        check_near("gradient", grad[i], alone / 3, 1e-15, 0);
    }
    check_near("loss", loss, sum / 3, 1e-15, 0);
}

static void bce_says_its_weight(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const struct {
        const char *keys;
        double want;
    } cases[] = {{"", 1}, {"pos_weight=0.2", 0.2}, {"pos_weight=auto", 9}, {"pos_weight=1e6", 1e6}};
    for (int i = 0; i < 4; i++) {
        const rb_bce *b = prepared(a, &rb_loss_bce, cases[i].keys, (rb_class_counts){skewed, 2});
        assert_true(b->pos_weight == cases[i].want);
        check_near("shift", rb_loss_bce.shift(b, 1) - rb_loss_bce.shift(b, 0), log(cases[i].want), 1e-15, 0);
    }
    rb_arena_close(a);
}

// ---- every loss ---------------------------------------------------------------------------------------------------

static const struct trial {
    const char *loss, *keys;
} trials[] = {
    {"bce", "pos_weight=3"},         {"focal", ""},
    {"focal", "alpha=0.25 gamma=2"}, {"focal", "gamma=0.5"},
    {"class_balanced", ""},          {"class_balanced", "beta=0.99 gamma=1.5"},
    {"cross_entropy", ""},           {"cross_entropy", "class_weight=balanced"},
    {"logit_adjustment", ""},        {"logit_adjustment", "tau=2.5"},
};
#define TRIALS (int)(sizeof trials / sizeof *trials)

// Central differences with h = 1e-5 err by h²/6 of the third derivative and by eps l / h: both near 1e-10 where weights
// reach 50.
static void check_slopes(rb_arena *a, const struct trial *t, const double *z, const double *y, int k)
{
    const double h = 1e-5;
    const rb_loss *l = found(t->loss);
    const void *cfg = prepared(a, l, t->keys, counts_for(k));
    double grad[4], unused[4];
    l->row(cfg, z, y, k, grad);
    for (int i = 0; i < k; i++) {
        double up[4], down[4];
        memcpy(up, z, (size_t)k * sizeof *z), memcpy(down, z, (size_t)k * sizeof *z);
        up[i] += h, down[i] -= h;
        double slope = (l->row(cfg, up, y, k, unused) - l->row(cfg, down, y, k, unused)) / (2 * h);
        check_near(rb_text_format(a, "%s %s, logit %d of %d", t->loss, t->keys, i, k), grad[i], slope, 1e-8, 5e-10);
    }
}

static void gradients_equal_differences(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const double z[] = {-6, -0.7, 0.2, 5}, y[][4] = {{0, 1, 0, 0}, {0.1, 0.6, 0, 0.3}, {0, 0, 0, 1}},
                        one[] = {0, 1, 0.3, 0.95};
    for (int t = 0; t < TRIALS; t++) {
        for (int i = 0; i < 3; i++) check_slopes(a, &trials[t], z, y[i], 4);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) check_slopes(a, &trials[t], &z[i], &one[j], 1);
    }
    rb_arena_close(a);
}

// At |logit| = 1e4 probabilities are 0 and 1: a loss is then a multiple of the logit or nothing, never NaN, and its
// slope is at most a weight; the largest weight here is 52.
static void check_far(rb_arena *a, const struct trial *t, const double *z, const double *y, int k)
{
    const rb_loss *l = found(t->loss);
    double grad[4], loss = l->row(prepared(a, l, t->keys, counts_for(k)), z, y, k, grad);
    if (!(loss >= 0 && loss < 2e6)) fail_msg("%s %s, %d logits: loss %g", t->loss, t->keys, k, loss);
    for (int c = 0; c < k; c++)
        if (!(fabs(grad[c]) < 60)) fail_msg("%s %s, %d logits: slope %g", t->loss, t->keys, k, grad[c]);
}

static void no_logit_is_too_large(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const double z[][4] = {{1e4, -1e4, 0, 3}, {-1e4, -1e4, -1e4, 1e4}, {1e4, 1e4, 1e4, 1e4}},
                        y[][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0.5, 0.25, 0.25, 0}, {0, 0, 0, 1}};
    for (int t = 0; t < TRIALS; t++)
        for (int i = 0; i < 12; i++) {
            check_far(a, &trials[t], z[i / 4], y[i % 4], 1);
            check_far(a, &trials[t], z[i / 4], y[i % 4], 4);
        }
    rb_arena_close(a);
}

// Two logits and one are the same two classes: z = z_1 - z_0. (bce takes two logits for two decisions.)
static void one_logit_is_two(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int t = 1; t < TRIALS; t++)
        for (double z = -30; z <= 30; z += 3.7)
            for (double y = 0; y <= 1; y++) {
                const rb_loss *l = found(trials[t].loss);
                const void *cfg = prepared(a, l, trials[t].keys, (rb_class_counts){skewed, 2});
                double grad, two[2], logits[] = {-z / 4, z * 3 / 4}, target[] = {1 - y, y};
                double one = l->row(cfg, &z, &y, 1, &grad);
                check_near(trials[t].loss, l->row(cfg, logits, target, 2, two), one, 1e-12, 0);
                check_near(trials[t].loss, two[1], grad, 1e-12, 0);
                check_near(trials[t].loss, two[0], -grad, 1e-12, 0);
                if (l->weight) check_near("mass", l->weight(cfg, target, 2), l->weight(cfg, &y, 1), 0, 0);
            }
    rb_arena_close(a);
}

static void losses_are_found_by_name(void **state)
{
    (void)state;
    rb_error err = {0};
    assert_ptr_equal(found("bce"), &rb_loss_bce);
    check_failed(rb_loss_find("focl", &err), err, RB_ERR_USAGE, "loss: there is no 'focl'; did you mean 'focal'?");
}

static void bad_weights_are_refused(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const struct {
        const char *loss, *keys, *says;
        int classes;
    } cases[] = {
        {"bce", "pos_weight=0", "pos_weight: '0' is neither auto nor a number in 1e-6..1e6", 2},
        {"bce", "pos_weight=atuo", "pos_weight: 'atuo' is neither", 2},
        {"bce", "pos_weight=2x", "pos_weight: '2x' is neither", 2},
        {"bce", "pos_weight=nan", "pos_weight: 'nan' is neither", 2},
        {"bce", "pos_weight=auto", "pos_weight: auto is for two classes; name a number", 4},
        {"cross_entropy", "class_weight=1,2", "cross_entropy_class_weight: has 2 numbers for 4 classes", 4},
        {"cross_entropy", "class_weight=1,2,3", "cross_entropy_class_weight: has 3 numbers for 2 classes", 2},
        {"cross_entropy", "class_weight=1,", "cross_entropy_class_weight: '' is neither none nor balanced", 2},
        {"cross_entropy", "class_weight=balance", "cross_entropy_class_weight: 'balance' is neither", 2},
        {"cross_entropy", "class_weight=1,-2", "cross_entropy_class_weight: '-2' is neither", 2},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const rb_loss *l = found(cases[i].loss);
        rb_error err = {0};
        const void *unused;
        void *keys = settings_of(a, l, cases[i].keys);
        check_failed(l->prepare(a, keys, (rb_class_counts){four, cases[i].classes}, &unused, &err), err, RB_ERR_USAGE,
                     cases[i].says);
    }
    rb_arena_close(a);
}

// ---- against others -----------------------------------------------------------------------------------------------

// torchvision takes p_t from 1: an ulp of 1 is its error, and where 0 is left, gamma 0.5 makes its slope NaN.
static void focal_equals_torchvision(void **state)
{
    (void)state;
    enum { Z, Y, ALPHA, GAMMA, WANT, WANT_SLOPE };
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, "golden/loss/focal.csv");
    assert_int_equal(want.rows, 540);
    for (int i = 0; i < want.rows; i++) {
        const double *at = numbers_row(&want, i);
        const char *keys = rb_text_format(a, "alpha=%g gamma=%g", at[ALPHA], at[GAMMA]);
        const void *cfg = prepared(a, found("focal"), keys, (rb_class_counts){skewed, 2});
        double slope, loss = found("focal")->row(cfg, &at[Z], &at[Y], 1, &slope);
        const char *what = rb_text_format(a, "z %g, y %g, %s", at[Z], at[Y], keys);
        check_near(what, loss, at[WANT], 1e-12, 1e-14);
        if (!isfinite(at[WANT_SLOPE])) continue;
        check_near(what, slope, at[WANT_SLOPE], 1e-12, 1e-14);
    }
    rb_arena_close(a);
}

static void focal_equals_the_reference_vector(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_loss *l = found("focal");
    const void *cfg = prepared(a, l, "alpha=0.25 gamma=2", (rb_class_counts){skewed, 2});
    double z = 0.7, slope, one = 1, zero = 0;
    check_near("loss", l->row(cfg, &z, &one, 1, &slope), 0.01109763, 0, 5e-9);
    check_near("slope", slope, -0.02396368, 0, 5e-9);
    check_near("loss", l->row(cfg, &z, &zero, 1, &slope), 0.36940866, 0, 5e-9);
    check_near("slope", slope, 0.46889542, 0, 5e-9);
    check_near("shift", l->shift(cfg, 1) - l->shift(cfg, 0), log(0.25 / 0.75), 1e-15, 0);
    rb_arena_close(a);
}

static const char *weights_text(rb_arena *a, const double *w)
{
    return rb_text_format(a, "class_weight=%.17g,%.17g,%.17g,%.17g", w[0], w[1], w[2], w[3]);
}

static void check_row(rb_arena *a, const char *what, const double *z, const double *target, const double *weight,
                      const double *want)
{
    const rb_loss *l = found("cross_entropy");
    double grad[4];
    const void *cfg = prepared(a, l, weights_text(a, weight), (rb_class_counts){four, 4});
    check_near(what, l->row(cfg, z, target, 4, grad), want[0], 1e-12, 1e-15);
    for (int c = 0; c < 4; c++) check_near(what, grad[c], want[1 + c], 1e-12, 1e-15);
}

static void cross_entropy_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers labels = numbers_read(a, "golden/loss/cross_entropy_labels.csv");
    assert_int_equal(labels.rows, 192);
    for (int i = 0; i < labels.rows; i++) {
        const double *at = numbers_row(&labels, i);
        double target[4];
        rb_label_target((int)at[4], 4, target);
        rb_target_smooth(at[9], 4, target);
        check_row(a, rb_text_format(a, "labels, row %d", i), at, target, at + 5, at + 10);
    }
    numbers shares = numbers_read(a, "golden/loss/cross_entropy_shares.csv");
    assert_int_equal(shares.rows, 48);
    for (int i = 0; i < shares.rows; i++) {
        const double *at = numbers_row(&shares, i);
        check_row(a, rb_text_format(a, "shares, row %d", i), at, at + 4, at + 8, at + 12);
    }
    rb_arena_close(a);
}

// Eight labels, and the same as targets: the batch's mean and all gradients.
static void check_mean(rb_arena *a, const numbers *want, int first, bool soft)
{
    const rb_loss *l = found("cross_entropy");
    const double *head = numbers_row(want, first);
    double logits[32], gradient[32], target[4];
    float targets[32] = {0};
    int label[8];
    for (int i = 0; i < 8; i++) {
        const double *at = numbers_row(want, first + i);
        memcpy(logits + 4 * i, at, 4 * sizeof *at);
        label[i] = (int)at[4];
        targets[4 * i + label[i]] = 1;
    }
    const void *cfg = prepared(a, l, weights_text(a, head + 5), (rb_class_counts){four, 4});
    rb_judged_batch b = {8, 4, logits, soft ? NULL : label, soft ? targets : NULL, NULL, 1};
    b.scale = 1 / rb_loss_mass(l, cfg, &b, target);
    check_near("mean", rb_loss_batch(l, cfg, &b, target, gradient), head[9], 1e-12, 0);
    for (int i = 0; i < 32; i++)
        check_near("gradient", gradient[i], numbers_row(want, first + i / 4)[10 + i % 4], 1e-12, 1e-16);
}

static void cross_entropys_mean_equals_pytorch(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, "golden/loss/cross_entropy_mean.csv");
    assert_int_equal(want.rows, 16);
    for (int i = 0; i < 4; i++) check_mean(a, &want, i / 2 * 8, i % 2 == 1);
    rb_arena_close(a);
}

// ---- weights and priors -------------------------------------------------------------------------------------------

// Of logits 0 the loss is log 2 times the weight.
static void class_balanced_weighs_by_effective_number(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_loss *l = found("class_balanced");
    static const struct {
        const char *keys;
        double want[2], tolerance;
    } cases[] = {
        {"beta=0.999", {0.276437, 1.723563}, 5e-7}, {"beta=0", {1, 1}, 1e-15}, {"beta=0.9999999", {0.2, 1.8}, 1e-4}};
    for (int i = 0; i < 3; i++) {
        const void *cfg = prepared(a, l, cases[i].keys, (rb_class_counts){skewed, 2});
        for (int c = 0; c < 4; c++) {
            double z[2] = {0}, target[2], grad[2];
            rb_label_target(c % 2, 1 + c / 2, target);
            check_near(cases[i].keys, l->row(cfg, z, target, 1 + c / 2, grad) / log(2), cases[i].want[c % 2], 0,
                       cases[i].tolerance);
        }
    }
    rb_arena_close(a);
}

// As plain cross-entropy of logits with the prior in them.
static void logit_adjustment_adds_log_priors(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const rb_loss *l = found("logit_adjustment"), *plain = found("cross_entropy");
    const void *cfg = prepared(a, l, "tau=1.5", (rb_class_counts){skewed, 2});
    const void *none = prepared(a, plain, "", (rb_class_counts){skewed, 2});
    for (double z = -5; z < 5; z += 0.9) {
        double y = 1, moved = z + 1.5 * log(100 / 900.0), grad, want;
        check_near("loss", l->row(cfg, &z, &y, 1, &grad), plain->row(none, &moved, &y, 1, &want), 1e-13, 0);
        check_near("slope", grad, want, 1e-13, 0);
    }
    check_near("shift", l->shift(cfg, 1) - l->shift(cfg, 0), 1.5 * log(9), 1e-14, 0);
    rb_arena_close(a);
}

static void smoothing_spreads_a_share(void **state)
{
    (void)state;
    double three[3], one;
    rb_label_target(1, 3, three);
    rb_target_smooth(0.3, 3, three);
    check_close("of three", three, (double[]){0.1, 0.8, 0.1}, 3, 1e-15);
    for (int label = 0; label < 2; label++) {
        rb_label_target(label, 1, &one);
        assert_true(one == label);
        rb_target_smooth(0, 1, &one);
        assert_true(one == label);
        rb_target_smooth(0.1, 1, &one);
        check_near("of two", one, label ? 0.95 : 0.05, 1e-15, 0);
    }
}

static void sigmoid_is_stable(void **state)
{
    (void)state;
    static const double want[][2] = {
        {0, 0.5}, {1000, 1}, {-1000, 0}, {-700, 9.8596765437597708e-305}, {3, 0.95257412682243336}};
    for (int i = 0; i < 5; i++) check_near("sigmoid", rb_sigmoid(want[i][0]), want[i][1], 1e-14, 0);
    for (double z = -30; z < 30; z += 0.37) check_near("s(z) + s(-z)", rb_sigmoid(z) + rb_sigmoid(-z), 1, 1e-15, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bce_equals_pytorch),
        cmocka_unit_test(bce_keeps_digits_of_small_losses),
        cmocka_unit_test(bce_row_is_the_mean_of_its_logits),
        cmocka_unit_test(bce_says_its_weight),
        cmocka_unit_test(gradients_equal_differences),
        cmocka_unit_test(no_logit_is_too_large),
        cmocka_unit_test(one_logit_is_two),
        cmocka_unit_test(losses_are_found_by_name),
        cmocka_unit_test(bad_weights_are_refused),
        cmocka_unit_test(focal_equals_torchvision),
        cmocka_unit_test(focal_equals_the_reference_vector),
        cmocka_unit_test(cross_entropy_equals_pytorch),
        cmocka_unit_test(cross_entropys_mean_equals_pytorch),
        cmocka_unit_test(class_balanced_weighs_by_effective_number),
        cmocka_unit_test(logit_adjustment_adds_log_priors),
        cmocka_unit_test(smoothing_spreads_a_share),
        cmocka_unit_test(sigmoid_is_stable),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
