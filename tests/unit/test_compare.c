// SPDX-License-Identifier: Apache-2.0
// test_compare.c - two judges of the same pictures, against statsmodels, all pairs, and chance.
#include "base/rng.h"
#include "check.h"
#include "judged.h"
#include "metric/compare.h"

typedef struct pair {
    rb_scores a, b;
} pair;

static pair pair_read(rb_arena *arena, const char *name)
{
    numbers n = numbers_read(arena, golden(arena, name, ".csv"));
    double *a = RB_NEW(arena, double, n.rows), *b = RB_NEW(arena, double, n.rows);
    int *label = RB_NEW(arena, int, n.rows);
    for (int i = 0; i < n.rows; i++) {
        const double *row = numbers_row(&n, i);
        label[i] = (int)row[0], a[i] = row[1], b[i] = row[2];
    }
    return (pair){{a, label, n.rows}, {b, label, n.rows}};
}

static void mcnemar_equals_statsmodels(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, golden(a, "mcnemar", ".csv"));
    int exact = 0;
    for (int i = 0; i < want.rows; i++) {
        const double *row = numbers_row(&want, i);
        rb_mcnemar got = rb_mcnemar_test((int64_t)row[0], (int64_t)row[1]);
        assert_int_equal((got.kind == RB_BINOMIAL), row[0] + row[1] <= RB_MCNEMAR_EXACT);
        check_near("p", got.p, got.kind == RB_BINOMIAL ? row[2] : row[3], 1e-10, 0);
        assert_true(rb_mcnemar_test((int64_t)row[1], (int64_t)row[0]).p == got.p);
        exact += (got.kind == RB_BINOMIAL);
    }
    assert_true(exact > 3 && exact < want.rows);
    assert_true(rb_mcnemar_test(0, 0).p == 1);
    rb_arena_close(a);
}

// The recipe forms all pairs of a positive and a negative.
static void delong_equals_all_pairs(void **state)
{
    (void)state;
    static const char *const pairs[] = {"pair_400", "pair_60_ties"};
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 2; i++) {
        pair p = pair_read(a, pairs[i]);
        json_t *want = results_read(a, pairs[i]), *rows = json_object_get(want, "covariance");
        double covariance[2][2];
        for (int r = 0; r < 2; r++)
            for (int c = 0; c < 2; c++)
                covariance[r][c] = json_number_value(json_array_get(json_array_get(rows, (size_t)r), (size_t)c));
        rb_auc one = rb_delong(a, p.a), two = rb_delong(a, p.b);
        check_near("auc", one.auc, item_of(want, "auc", 0), 1e-12, 0);
        check_near("auc", two.auc, item_of(want, "auc", 1), 1e-12, 0);
        check_near("variance", one.variance, covariance[0][0], 1e-11, 0);
        check_near("variance", two.variance, covariance[1][1], 1e-11, 0);
        check_near("half width", one.at.high - one.auc, 1.959963984540054 * sqrt(covariance[0][0]), 1e-11, 0);

        rb_comparison got = rb_compare(a, p.a, 0.5, p.b, 0.5, &(rb_bootstrap){0});
        double apart = covariance[0][0] + covariance[1][1] - 2 * covariance[0][1];
        check_near("p", got.delong_p, json_number_value(json_object_get(want, "p")), 1e-10, 0);
        check_near("half width", got.delong.at.high - got.delong.value, 1.959963984540054 * sqrt(apart), 1e-10, 0);
        assert_int_equal(got.all.ours, (int)item_of(want, "discordant", 0));
        assert_int_equal(got.all.theirs, (int)item_of(want, "discordant", 1));
        check_near("mcnemar", got.all.p, json_number_value(json_object_get(want, "mcnemar_exact")), 1e-10, 0);
        assert_int_equal(got.of[0].ours + got.of[1].ours, got.all.ours);
        assert_int_equal(got.of[0].theirs + got.of[1].theirs, got.all.theirs);
        assert_true(isnan(got.hter_bootstrap.at.low));
        json_decref(want);
    }
    rb_arena_close(a);
}

// What draws the same pictures for both is as wide as DeLong says of a pair, and far narrower than of two alone.
static void paired_resamples_agree_with_delong(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    pair p = pair_read(a, "pair_400");
    rb_comparison got = rb_compare(a, p.a, 0.5, p.b, 0.5, &(rb_bootstrap){.resamples = 2000});
    double width = got.auc_bootstrap.at.high - got.auc_bootstrap.at.low;
    assert_true(got.auc_bootstrap.value == got.delong.value);
    check_near("width", width, got.delong.at.high - got.delong.at.low, 0.06, 0);
    check_near("low", got.auc_bootstrap.at.low, got.delong.at.low, 0, 0.01);
    assert_true(got.hter_bootstrap.at.low < got.hter_bootstrap.value);
    assert_true(got.hter_bootstrap.at.high > got.hter_bootstrap.value);
    rb_arena_close(a);
}

static void a_judge_equals_itself(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    pair p = pair_read(a, "pair_400");
    rb_comparison got = rb_compare(a, p.a, 0.5, p.a, 0.5, &(rb_bootstrap){.resamples = 50});
    assert_true(got.delong_p == 1 && got.delong.value == 0 && got.delong.at.low == 0 && got.delong.at.high == 0);
    assert_true(got.all.p == 1 && got.all.ours + got.all.theirs == 0);
    assert_true(got.hter_bootstrap.at.low == 0 && got.hter_bootstrap.at.high == 0);
    got = rb_compare(a, p.a, 0.5, p.b, 0.5, &(rb_bootstrap){.resamples = 50});
    rb_comparison back = rb_compare(a, p.b, 0.5, p.a, 0.5, &(rb_bootstrap){.resamples = 50});
    assert_true(got.delong.value == -back.delong.value && got.delong_p == back.delong_p);
    check_near("mirror", got.hter_bootstrap.at.low, -back.hter_bootstrap.at.high, 0, 1e-15);
    rb_arena_close(a);
}

static void one_class_cannot_be_compared_by_area(void **state)
{
    (void)state;
    static const double x[] = {0.2, 0.9, 0.4}, y[] = {0.8, 0.1, 0.4};
    static const int ones[] = {1, 1, 1};
    rb_arena *a = rb_arena_open();
    rb_comparison got =
        rb_compare(a, (rb_scores){x, ones, 3}, 0.5, (rb_scores){y, ones, 3}, 0.5, &(rb_bootstrap){.resamples = 9});
    assert_true(isnan(got.delong.value) && isnan(got.delong_p) && isnan(got.hter_bootstrap.value));
    assert_int_equal(got.of[1].ours, 1);
    assert_int_equal(got.of[1].theirs, 1);
    rb_arena_close(a);
}

// ---- chance -------------------------------------------------------------------------------------------------------

// Two judges of equal worth that share a part of what they see: a test at 5 % should cry wolf in 5 % of the trials.
static void tests_of_equals_reject_five_per_cent(void **state)
{
    (void)state;
    int trials = getenv("RAREBIT_LONG") ? 4000 : 800, delong = 0, mcnemar = 0, n = 300;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < trials; t++, rb_arena_reset(a)) {
        rb_rng r = rb_rng_at((uint32_t)t, RB_STREAM_SYNTH, 0, 0, 0);
        double *x = RB_NEW(a, double, n), *y = RB_NEW(a, double, n);
        int *label = RB_NEW(a, int, n);
        for (int i = 0; i < n; i++) {
            label[i] = i % 4 == 0;
            double seen = 1.5 * label[i] + rb_rng_normal(&r);
            x[i] = seen + 0.7 * rb_rng_normal(&r);
            y[i] = seen + 0.7 * rb_rng_normal(&r);
        }
        rb_comparison c =
            rb_compare(a, (rb_scores){x, label, n}, 0.75, (rb_scores){y, label, n}, 0.75, &(rb_bootstrap){0});
        delong += c.delong_p < 0.05;
        mcnemar += c.all.p < 0.05;
    }
    // Four standard errors of a share of 5 %; the exact test stays below its level.
    double room = 4 * sqrt(0.05 * 0.95 / trials);
    check_near("DeLong", delong / (double)trials, 0.05, 0, room);
    assert_true(mcnemar / (double)trials < 0.05 + room && mcnemar > 0);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mcnemar_equals_statsmodels),           cmocka_unit_test(delong_equals_all_pairs),
        cmocka_unit_test(paired_resamples_agree_with_delong),   cmocka_unit_test(a_judge_equals_itself),
        cmocka_unit_test(one_class_cannot_be_compared_by_area), cmocka_unit_test(tests_of_equals_reject_five_per_cent),
    };
    return check_run("compare", tests);
}
