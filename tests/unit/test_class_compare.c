// SPDX-License-Identifier: Apache-2.0
// test_class_compare.c - two judges of four classes, against statsmodels and scikit-learn, against two classes, and
// chance.
#include "base/rng.h"
#include "check.h"
#include "judged.h"
#include "metric/compare.h"
#include "metric/resample.h"

typedef struct judges {
    rb_class_scores a, b;
    int *group;
} judges;

static judges judges_new(rb_arena *a, int n, int k)
{
    int *label = RB_NEW(a, int, n);
    return (judges){{RB_NEW(a, double, (ptrdiff_t)n *k), label, n, k},
                    {RB_NEW(a, double, (ptrdiff_t)n *k), label, n, k},
                    RB_NEW(a, int, n)};
}

static judges judges_read(rb_arena *a, const char *name)
{
    numbers n = numbers_read(a, golden(a, name, ".csv"));
    int k = (n.columns - 2) / 2;
    judges j = judges_new(a, n.rows, k);
    for (int i = 0; i < n.rows; i++) {
        const double *row = numbers_row(&n, i);
        ((int *)j.a.label)[i] = (int)row[0];
        j.group[i] = (int)row[1];
        memcpy((double *)j.a.p + i * k, row + 2, (size_t)k * sizeof *row);
        memcpy((double *)j.b.p + i * k, row + 2 + k, (size_t)k * sizeof *row);
    }
    return j;
}

static void judges_equal_others(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    judges j = judges_read(a, "pair_300x4");
    json_t *want = results_read(a, "pair_300x4"), *of = json_object_get(want, "discordant_of_label");
    rb_comparison got = rb_class_compare(a, j.a, j.b, &(rb_bootstrap){0});
    for (int i = 0; i < 2; i++) {
        check_near("hter", got.hter[i], item_of(want, "hter", i), 1e-12, 0);
        check_near("auc", got.auc[i], item_of(want, "auc", i), 1e-12, 0);
    }
    assert_int_equal(got.k, 4);
    assert_int_equal(got.all.ours, (int)item_of(want, "discordant", 0));
    assert_int_equal(got.all.theirs, (int)item_of(want, "discordant", 1));
    check_near("p", got.all.p, json_number_value(json_object_get(want, "mcnemar_exact")), 1e-10, 0);
    for (int label = 0; label < 4; label++) {
        const json_t *counts = json_array_get(of, (size_t)label);
        assert_int_equal(got.of[label].ours, json_integer_value(json_array_get(counts, 0)));
        assert_int_equal(got.of[label].theirs, json_integer_value(json_array_get(counts, 1)));
        check_near("p of a label", got.of[label].p, item_of(want, "mcnemar_exact_of_label", label), 1e-10, 0);
    }
    assert_true(got.all.kind == RB_BINOMIAL && isnan(got.hter_bootstrap.at.low) && isnan(got.delong_p));
    assert_true(got.hter_bootstrap.value == got.hter[0] - got.hter[1]);
    got = rb_class_compare(a, j.a, j.b, &(rb_bootstrap){.group = j.group});
    assert_true(got.all.kind == RB_BY_GROUP);
    check_near("p by group", got.all.p, json_number_value(json_object_get(want, "mcnemar_by_group")), 1e-10, 0);
    json_decref(want);
    rb_arena_close(a);
}

// Drawn within labels, the difference of macro recalls is a mean of independent means: its spread is known.
static void resamples_agree_with_the_formula(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    judges j = judges_read(a, "pair_300x4");
    rb_comparison got = rb_class_compare(a, j.a, j.b, &(rb_bootstrap){.resamples = 4000});
    double variance = 0;
    for (int c = 0; c < 4; c++) {
        double n = 0, sum = (double)(got.of[c].ours - got.of[c].theirs);
        for (int i = 0; i < j.a.n; i++) n += j.a.label[i] == c;
        double squares = (double)(got.of[c].ours + got.of[c].theirs);
        variance += (squares / n - sum * sum / (n * n)) / n / 16;
    }
    rb_interval at = got.hter_bootstrap.at;
    check_near("half the width", (at.high - at.low) / 2, 1.96 * sqrt(variance), 0.06, 0);
    check_near("middle", (at.high + at.low) / 2, got.hter_bootstrap.value, 0, 0.005);
    assert_true(at.high < 0); // the clearer judge has fewer errors
    assert_true(got.auc_bootstrap.at.low > 0 && got.auc_bootstrap.value == got.auc[0] - got.auc[1]);
    rb_arena_close(a);
}

static void a_judge_equals_itself_and_its_mirror(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    judges j = judges_read(a, "pair_300x4");
    rb_bootstrap b = {.resamples = 60, .group = j.group};
    rb_comparison got = rb_class_compare(a, j.a, j.a, &b);
    assert_true(got.all.p == 1 && got.all.ours + got.all.theirs == 0);
    assert_true(got.hter_bootstrap.at.low == 0 && got.hter_bootstrap.at.high == 0 && got.auc_bootstrap.at.high == 0);
    got = rb_class_compare(a, j.a, j.b, &b);
    rb_comparison back = rb_class_compare(a, j.b, j.a, &b);
    check_near("mirror", got.hter_bootstrap.at.low, -back.hter_bootstrap.at.high, 0, 1e-15);
    check_near("mirror", got.auc_bootstrap.at.low, -back.auc_bootstrap.at.high, 0, 1e-15);
    assert_true(got.all.ours == back.all.theirs && got.all.p == back.all.p);
    rb_arena_close(a);
}

// Two columns say what one does.
static void two_columns_equal_two_classes(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers n = numbers_read(a, golden(a, "pair_400", ".csv"));
    judges j = judges_new(a, n.rows, 2);
    double *x = RB_NEW(a, double, n.rows), *y = RB_NEW(a, double, n.rows);
    for (int i = 0; i < n.rows; i++) {
        const double *row = numbers_row(&n, i);
        ((int *)j.a.label)[i] = (int)row[0];
        x[i] = row[1], y[i] = row[2];
        const double rows[2][2] = {{1 - x[i], x[i]}, {1 - y[i], y[i]}};
        memcpy((double *)j.a.p + 2 * i, rows[0], sizeof rows[0]);
        memcpy((double *)j.b.p + 2 * i, rows[1], sizeof rows[1]);
        j.group[i] = i / 3;
    }
    rb_bootstrap b = {.resamples = 100, .group = j.group};
    rb_comparison many = rb_class_compare(a, j.a, j.b, &b);
    rb_comparison two =
        rb_compare(a, (rb_scores){x, j.a.label, n.rows}, 0.5, (rb_scores){y, j.a.label, n.rows}, 0.5, &b);
    check_near("low", many.hter_bootstrap.at.low, two.hter_bootstrap.at.low, 0, 1e-12);
    check_near("high", many.auc_bootstrap.at.high, two.auc_bootstrap.at.high, 0, 1e-12);
    check_near("p", many.all.p, two.all.p, 1e-12, 0);
    for (int k = 0; k < 2; k++) assert_int_equal(many.of[k].ours, two.of[k].ours);
    rb_arena_close(a);
}

// No intervals are asked for: there are the differences alone.
static void nothing_drawn_leaves_differences(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    judges j = judges_read(a, "pair_300x4");
    rb_comparison got = rb_class_compare(a, j.a, j.b, &(rb_bootstrap){0});
    assert_true(got.hter_bootstrap.value == got.hter[0] - got.hter[1] && isnan(got.hter_bootstrap.at.low));
    assert_true(got.auc_bootstrap.value == got.auc[0] - got.auc[1] && isnan(got.auc_bootstrap.at.high));
    rb_arena_close(a);
}

// Of many classes over many pictures this decides whether they fit: a row of a class takes 9 bytes, not 53.
static void ranks_take_what_they_hold(void **state)
{
    (void)state;
    enum { N = 100000, CLASSES = 20 };
    rb_arena *a = rb_arena_open(), *kept = rb_arena_open();
    double *score = RB_NEW(a, double, N);
    int *label = RB_NEW(a, int, N);
    for (int i = 0; i < N; i++) score[i] = i / (double)N, label[i] = i % 2;
    rb_units u = rb_units_of(a, label, NULL, N, 2);
    for (int k = 0; k < CLASSES; k++) {
        rb_weighable w = rb_ranks_of(kept, (rb_scores){score, label, N}, INFINITY, &u);
        assert_true(!w.loss && !w.square);
    }
    print_message("%.1f bytes a row\n", (double)rb_arena_bytes(kept) / N / CLASSES);
    assert_true(rb_arena_bytes(kept) < 16 * N * CLASSES); // chunks are not filled to the brim
    rb_arena_close(kept);
    rb_arena_close(a);
}

static void a_missing_class_leaves_macro_figures_unsaid(void **state)
{
    (void)state;
    static const double p[] = {.5, .3, .2, .1, .8, .1, .6, .4, 0}, q[] = {.1, .3, .6, .1, .8, .1, .2, .8, 0};
    static const int label[] = {0, 1, 1};
    rb_arena *a = rb_arena_open();
    rb_comparison got = rb_class_compare(a, (rb_class_scores){p, label, 3, 3}, (rb_class_scores){q, label, 3, 3},
                                         &(rb_bootstrap){.resamples = 9});
    assert_true(isnan(got.hter_bootstrap.value) && isnan(got.auc_bootstrap.at.low));
    assert_int_equal(got.all.ours, 1);
    assert_int_equal(got.all.theirs, 1);
    assert_true(got.of[2].p == 1);
    rb_arena_close(a);
}

// ---- chance -------------------------------------------------------------------------------------------------------

enum { PICTURES = 360, GROUP = 3, CLASSES = 3 };

// Equal judges that share a part of what they see; each errs alike within a group by a slip of its own.
static void draw(judges *j, int trial, double slip)
{
    rb_rng r = rb_rng_at((uint32_t)trial, RB_STREAM_SYNTH, 1, 0, 0);
    double own[2][CLASSES] = {{0}};
    for (int i = 0; i < PICTURES; i++) {
        int label = i / GROUP % 5 < 3 ? 0 : i / GROUP % 5 - 2;
        ((int *)j->a.label)[i] = label;
        j->group[i] = i / GROUP;
        if (i % GROUP == 0)
            for (int c = 0; c < 2 * CLASSES; c++) own[c / CLASSES][c % CLASSES] = slip * rb_rng_normal(&r);
        for (int c = 0; c < CLASSES; c++) {
            double seen = (c == label) + 0.7 * rb_rng_normal(&r);
            ((double *)j->a.p)[i * CLASSES + c] = 1 / (1 + exp(-seen - own[0][c] - 0.5 * rb_rng_normal(&r)));
            ((double *)j->b.p)[i * CLASSES + c] = 1 / (1 + exp(-seen - own[1][c] - 0.5 * rb_rng_normal(&r)));
        }
    }
}

typedef struct alarms {
    double hter, mcnemar; // shares of trials that call equal judges different
} alarms;

static alarms cry(rb_arena *a, int trials, double slip, bool groups)
{
    alarms out = {0, 0};
    judges j = judges_new(a, PICTURES, CLASSES);
    rb_bootstrap b = {.resamples = 300, .group = groups ? j.group : NULL};
    for (int t = 0; t < trials; t++) {
        draw(&j, t, slip);
        rb_arena *scratch = rb_arena_open();
        rb_comparison c = rb_class_compare(scratch, j.a, j.b, &b);
        out.hter += (c.hter_bootstrap.at.low > 0 || c.hter_bootstrap.at.high < 0) / (double)trials;
        out.mcnemar += (c.all.p < 0.05) / (double)trials;
        rb_arena_close(scratch);
    }
    return out;
}

// A test at 5 % should cry wolf in 5 % of the trials: four standard errors of that share, and one point for what a
// bootstrap of few units lacks in width. The exact test stays below its level.
static void equals_are_called_different_in_five_per_cent(void **state)
{
    (void)state;
    int trials = getenv("RAREBIT_LONG") ? 2000 : 300;
    double room = 4 * sqrt(0.05 * 0.95 / trials) + 0.01;
    rb_arena *a = rb_arena_open();
    alarms alone = cry(a, trials, 0, false), grouped = cry(a, trials, 1.2, true), blind = cry(a, trials, 1.2, false);
    printf("of %d trials: hter %.3f, McNemar %.3f; by group %.3f, %.3f; groups unheeded %.3f, %.3f\n", trials,
           alone.hter, alone.mcnemar, grouped.hter, grouped.mcnemar, blind.hter, blind.mcnemar);
    check_near("hter", alone.hter, 0.05, 0, room);
    assert_true(alone.mcnemar > 0 && alone.mcnemar < 0.05 + room);
    check_near("hter by group", grouped.hter, 0.05, 0, room);
    check_near("McNemar by group", grouped.mcnemar, 0.05, 0, room);
    assert_true(blind.hter > 0.05 + room && blind.mcnemar > 0.05 + room); // what groups are for
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_equal_others),
        cmocka_unit_test(resamples_agree_with_the_formula),
        cmocka_unit_test(a_judge_equals_itself_and_its_mirror),
        cmocka_unit_test(two_columns_equal_two_classes),
        cmocka_unit_test(nothing_drawn_leaves_differences),
        cmocka_unit_test(ranks_take_what_they_hold),
        cmocka_unit_test(a_missing_class_leaves_macro_figures_unsaid),
        cmocka_unit_test(equals_are_called_different_in_five_per_cent),
    };
    return check_run("class_compare", tests);
}
