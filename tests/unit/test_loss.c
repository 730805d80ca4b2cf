// SPDX-License-Identifier: Apache-2.0
// test_loss.c - losses against PyTorch and against their own numeric derivative.
#include "check.h"
#include "loss/loss.h"
#include "numbers.h"

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

// Central differences with h = 1e-5 err by h²/6 l''' and by eps l / h: both near 1e-11.
static void gradients_equal_differences(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    const double h = 1e-5, z[] = {-6, -0.7, 0.2, 5}, y[] = {0.9, 1, 0, 0.4};
    for (const rb_loss *const *l = rb_losses; *l; l++) {
        void *cfg = rb_arena_take(a, 1, (ptrdiff_t)(*l)->cfg_bytes);
        settings_fill(a, (*l)->fields, cfg, "");
        double grad[4], unused[4];
        (*l)->row(cfg, z, y, 4, grad);
        for (int i = 0; i < 4; i++) {
            double up[4], down[4];
            memcpy(up, z, sizeof z), memcpy(down, z, sizeof z);
            up[i] += h, down[i] -= h;
            double slope = ((*l)->row(cfg, up, y, 4, unused) - (*l)->row(cfg, down, y, 4, unused)) / (2 * h);
            check_near((*l)->name, grad[i], slope, 1e-9, 1e-10);
        }
    }
    rb_arena_close(a);
}

static void bce_is_registered_with_weight_one(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    bool found = false;
    for (const rb_loss *const *l = rb_losses; *l; l++) found |= *l == &rb_loss_bce;
    assert_true(found);
    rb_bce cfg;
    settings_fill(a, rb_loss_bce.fields, &cfg, "");
    assert_true(cfg.pos_weight == 1);
    settings_fill(a, rb_loss_bce.fields, &cfg, "pos_weight=0.2");
    assert_true(cfg.pos_weight == 0.2);
    rb_arena_close(a);
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
        cmocka_unit_test(gradients_equal_differences),
        cmocka_unit_test(bce_is_registered_with_weight_one),
        cmocka_unit_test(sigmoid_is_stable),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
