// SPDX-License-Identifier: Apache-2.0
// test_metric.c - metrics against scikit-learn, against brute force, and where there is nothing to measure.
#include "base/rng.h"
#include "check.h"
#include "judged.h"
#include "metric/metric.h"

#include <float.h>

static const char *const cases[] = {
    "tiny_ties",
    "perfect",
    "inverted",
    "all_tied",
    "random_500_ties",
    "random_1000_imbalanced",
    "chance_300_coarse_ties",
};
#define CASES (int)(sizeof cases / sizeof *cases)

static void check_number(const char *where, const json_t *results, const char *key, double got)
{
    const json_t *want = json_object_get(results, key);
    if (!json_is_number(want)) fail_msg("%s: no number %s", where, key);
    char what[96];
    snprintf(what, sizeof what, "%s %s", where, key);
    check_near(what, got, json_number_value(want), 1e-12, 1e-12);
}

static void check_classes(const json_t *want, const rb_summary *got)
{
    for (int k = 0; k < 2; k++) {
        const rb_class_rates *c = &got->of[k];
        check_near("precision", c->precision, item_of(want, "precision", k), 1e-12, 1e-12);
        check_near("recall", c->recall, item_of(want, "recall", k), 1e-12, 1e-12);
        check_near("f1", c->f1, item_of(want, "f1", k), 1e-12, 1e-12);
        assert_int_equal(c->support, (int)item_of(want, "support", k));
    }
    assert_true(got->macro_precision == (got->of[0].precision + got->of[1].precision) / 2);
    assert_true(got->macro_f1 == (got->of[0].f1 + got->of[1].f1) / 2);
}

static void check_decision(const char *where, const json_t *want, const rb_summary *got)
{
    const rb_confusion *c = &got->confusion;
    const rb_rates *r = &got->rates;
    const struct {
        const char *key;
        double value;
    } rows[] = {
        {"tp", (double)c->tp},
        {"fp", (double)c->fp},
        {"tn", (double)c->tn},
        {"fn", (double)c->fn},
        {"far", r->far},
        {"frr", r->frr},
        {"hter", r->hter},
        {"accuracy", r->accuracy},
        {"precision", r->precision},
        {"balanced_accuracy", r->balanced_accuracy},
        {"recall", r->recall},
        {"f1", r->f1},
        {"mcc", r->mcc},
    };
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) check_number(where, want, rows[i].key, rows[i].value);
}

static void decisions_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        rb_scores s = scores_read(a, cases[i]);
        json_t *results = results_read(a, cases[i]), *want;
        const char *threshold;
        int count = 0;
        json_object_foreach(json_object_get(results, "at_threshold"), threshold, want)
        {
            rb_summary got = rb_summarise(a, s, strtod(threshold, NULL));
            check_decision(rb_text_format(a, "%s at %s", cases[i], threshold), want, &got);
            count++;
        }
        assert_int_equal(count, 5);
        json_decref(results);
    }
    rb_arena_close(a);
}

static void rankings_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        json_t *want = results_read(a, cases[i]);
        rb_summary got = rb_summarise(a, scores_read(a, cases[i]), 0.5);
        check_number(cases[i], want, "n", got.n);
        check_number(cases[i], want, "positives", got.positives);
        check_number(cases[i], want, "roc_auc", got.roc_auc);
        check_number(cases[i], want, "average_precision", got.average_precision);
        check_number(cases[i], want, "eer_interpolated", got.eer);
        check_number(cases[i], want, "log_loss", got.log_loss);
        check_number(cases[i], want, "brier", got.brier);
        check_number(cases[i], want, "pr_auc_trapezoid", got.pr_auc);
        check_number(cases[i], want, "ece", got.ece);
        for (int k = 0; k < RB_FAR_LIMITS; k++)
            check_near("frr at far", got.frr_at_far[k], item_of(want, "frr_at_far", k), 1e-12, 1e-12);
        check_classes(json_object_get(want, "by_class_at_half"), &got);
        assert_int_equal(got.negatives, got.n - got.positives);
        json_decref(want);
    }
    rb_arena_close(a);
}

static void best_thresholds_equal_the_reference(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        rb_scores s = scores_read(a, cases[i]);
        json_t *results = results_read(a, cases[i]), *want = json_object_get(results, "best_hter_over_scores");
        rb_threshold got = rb_best_hter(a, s);
        assert_true(got.threshold == json_number_value(json_object_get(want, "threshold")));
        check_number(cases[i], want, "hter", got.hter);
        assert_true(got.hter == rb_rates_of(rb_confusion_at(s, got.threshold)).hter);
        json_decref(results);
    }
    rb_arena_close(a);
}

// scikit-learn 1.2 begins its curve at the highest score plus one, where ours says +inf.
static void roc_curves_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        numbers want = numbers_read(a, golden(a, cases[i], ".roc.csv"));
        rb_roc got = rb_roc_curve(a, scores_read(a, cases[i]));
        assert_int_equal(got.count, want.rows);
        assert_true(isinf(got.threshold[0]) && got.threshold[0] > 0);
        for (int k = 0; k < got.count; k++) {
            const double *row = numbers_row(&want, k);
            if (k) assert_true(got.threshold[k] == row[0]);
            check_near(cases[i], got.fpr[k], row[1], 1e-12, 0);
            check_near(cases[i], got.tpr[k], row[2], 1e-12, 0);
        }
    }
    rb_arena_close(a);
}

// Where a curve goes straight on it is not drawn: the corners of small sets, the number of them of large ones.
static void roc_corners_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        json_t *results = results_read(a, cases[i]), *want = json_object_get(results, "roc_drop_intermediate");
        rb_roc got = rb_roc_corners(a, scores_read(a, cases[i]));
        json_t *points = json_object_get(want, "points");
        assert_int_equal(got.count, points ? json_integer_value(points)
                                           : (json_int_t)json_array_size(json_object_get(want, "fpr")));
        for (int k = 0; k < got.count && !points; k++) {
            check_near(cases[i], got.fpr[k], item_of(want, "fpr", k), 1e-12, 0);
            check_near(cases[i], got.tpr[k], item_of(want, "tpr", k), 1e-12, 0);
        }
        json_decref(results);
    }
    rb_arena_close(a);
}

static void precision_recall_curves_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        numbers want = numbers_read(a, golden(a, cases[i], ".pr.csv"));
        rb_pr got = rb_pr_curve(a, scores_read(a, cases[i]));
        assert_int_equal(got.count, want.rows);
        for (int k = 0; k < got.count; k++) {
            const double *row = numbers_row(&want, k);
            assert_true(got.threshold[k] == row[0]);
            check_near(cases[i], got.precision[k], row[1], 1e-12, 0);
            check_near(cases[i], got.recall[k], row[2], 1e-12, 0);
        }
    }
    rb_arena_close(a);
}

// A search that steps over 0, 1/99, ... 1 instead of over the scores.
static void hter_on_a_grid_equals_the_reference(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < CASES; i++) {
        rb_scores s = scores_read(a, cases[i]);
        json_t *results = results_read(a, cases[i]);
        double best = 1;
        for (int k = 0; k < 100; k++) best = fmin(best, rb_rates_of(rb_confusion_at(s, k / 99.)).hter);
        check_number(cases[i], json_object_get(results, "best_hter_grid100"), "hter", best);
        json_decref(results);
    }
    rb_arena_close(a);
}

// ---- brute force -------------------------------------------------------------------------------------------------

// n random scores on a grid of `levels`, so that there are ties, shifted up for label 1; both classes are there.
static rb_scores scores_random(rb_arena *a, uint32_t seed, int n, int levels)
{
    rb_rng r = rb_rng_at(seed, RB_STREAM_SYNTH, 0, 0, 0);
    double *score = RB_NEW(a, double, n);
    int *label = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) {
        label[i] = i < 2 ? i : rb_rng_unit(&r) < 0.2;
        score[i] = (rb_rng_below(&r, levels) + label[i] * levels / 4) / (double)levels;
    }
    return (rb_scores){score, label, n};
}

static double auc_by_pairs(rb_scores s)
{
    double wins = 0, pairs = 0;
    for (int i = 0; i < s.n; i++)
        for (int j = 0; j < s.n; j++) {
            if (!s.label[i] || s.label[j]) continue;
            pairs++;
            wins += (s.score[i] > s.score[j]) + 0.5 * (s.score[i] == s.score[j]);
        }
    return wins / pairs;
}

// Each positive's share: the precision at its own score.
static double precision_by_positives(rb_scores s)
{
    double sum = 0, positives = 0;
    for (int i = 0; i < s.n; i++) {
        if (!s.label[i]) continue;
        positives++;
        sum += rb_rates_of(rb_confusion_at(s, s.score[i])).precision;
    }
    return sum / positives;
}

static rb_threshold best_by_trial(rb_scores s)
{
    rb_threshold best = {-INFINITY, 2};
    for (int i = 0; i < s.n; i++) {
        double hter = rb_rates_of(rb_confusion_at(s, s.score[i])).hter;
        bool tied = fabs(hter - best.hter) < 1e-12;
        if (tied ? s.score[i] > best.threshold : hter < best.hter) best = (rb_threshold){s.score[i], hter};
    }
    return best;
}

static void rankings_equal_brute_force(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (uint32_t seed = 0; seed < 60; seed++) {
        rb_scores s = scores_random(a, seed, 2 + (int)seed * 5, seed % 2 ? 12 : 100000);
        check_near("auc", rb_roc_auc(a, s), auc_by_pairs(s), 1e-12, 0);
        check_near("average precision", rb_average_precision(a, s), precision_by_positives(s), 1e-12, 0);
        rb_threshold got = rb_best_hter(a, s), want = best_by_trial(s);
        check_near("hter", got.hter, want.hter, 1e-12, 0);
        assert_true(got.threshold == want.threshold);
    }
    rb_arena_close(a);
}

// The order of rows and any rising map of the scores change nothing in a ranking.
static void rankings_ignore_row_order_and_scale(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_random(a, 7, 400, 50);
    double *score = RB_NEW(a, double, s.n);
    int *label = RB_NEW(a, int, s.n);
    for (int i = 0; i < s.n; i++) score[i] = exp(s.score[s.n - 1 - i]), label[i] = s.label[s.n - 1 - i];
    rb_scores mapped = {score, label, s.n};
    assert_true(rb_roc_auc(a, s) == rb_roc_auc(a, mapped));
    assert_true(rb_average_precision(a, s) == rb_average_precision(a, mapped));
    assert_true(rb_eer(a, s) == rb_eer(a, mapped));
    assert_true(rb_best_hter(a, s).hter == rb_best_hter(a, mapped).hter);
    rb_arena_close(a);
}

// Counts whose products pass 2^32: separable scores, then the same with labels exchanged.
static void a_million_rows_are_counted_exactly(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    int n = 1000000;
    double *score = RB_NEW(a, double, n);
    int *label = RB_NEW(a, int, n), *other = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) {
        score[i] = (double)(i * 7919LL % n) / n;
        label[i] = score[i] >= 0.5;
        other[i] = !label[i];
    }
    rb_scores s = {score, label, n}, inverse = {score, other, n};
    assert_true(rb_roc_auc(a, s) == 1 && rb_roc_auc(a, inverse) == 0);
    rb_threshold best = rb_best_hter(a, s);
    assert_true(best.threshold == 0.5 && best.hter == 0);
    assert_true(rb_eer(a, s) == 0 && rb_eer(a, inverse) == 1);
    check_near("average precision", rb_average_precision(a, s), 1, 1e-12, 0);
    rb_arena_close(a);
}

// ---- intervals ---------------------------------------------------------------------------------------------------

// Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3 (four digits).
static void wilson_equals_published_intervals(void **state)
{
    (void)state;
    static const struct {
        int errors, n;
        double low, high;
    } published[] = {
        {81, 263, 0.2553, 0.3662},
        {15, 148, 0.0624, 0.1605},
        {0, 20, 0.0000, 0.1611},
        {1, 29, 0.0061, 0.1718},
    };
    for (int i = 0; i < 4; i++) {
        rb_interval got = rb_wilson(published[i].errors, published[i].n);
        check_near("low", got.low, published[i].low, 0, 5e-5);
        check_near("high", got.high, published[i].high, 0, 5e-5);
    }
    rb_interval got = rb_wilson(4, 200);
    check_near("low", got.low, 0.007804, 0, 5e-7);
    check_near("high", got.high, 0.050287, 0, 5e-7);
}

// statsmodels' proportion_confint.
static void wilson_equals_statsmodels(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, golden(a, "wilson", ".csv"));
    for (int i = 0; i < want.rows; i++) {
        const double *row = numbers_row(&want, i);
        rb_interval got = rb_wilson((int64_t)row[0], (int64_t)row[1]);
        check_near("low", got.low, row[2], 1e-10, 1e-12);
        check_near("high", got.high, row[3], 1e-10, 1e-12);
    }
    rb_arena_close(a);
}

static void wilson_stays_between_zero_and_one(void **state)
{
    (void)state;
    for (int n = 1; n < 60; n++) {
        assert_true(rb_wilson(0, n).low == 0 && rb_wilson(n, n).high == 1);
        for (int errors = 0; errors <= n; errors++) {
            rb_interval got = rb_wilson(errors, n), mirror = rb_wilson(n - errors, n);
            double rate = errors / (double)n;
            assert_true(got.low >= 0 && got.low <= rate && got.high >= rate && got.high <= 1);
            check_near("mirror", got.low, 1 - mirror.high, 0, 1e-15);
        }
    }
    assert_true(isnan(rb_wilson(0, 0).low) && isnan(rb_wilson(0, 0).high));
}

// ---- too little to measure -----------------------------------------------------------------------------------------

static void one_class_leaves_pairs_unsaid(void **state)
{
    (void)state;
    static const double score[] = {0.2, 0.9, 0.4};
    static const int zeros[] = {0, 0, 0}, ones[] = {1, 1, 1};
    rb_arena *a = rb_arena_open();
    for (int positive = 0; positive < 2; positive++) {
        rb_scores s = {score, positive ? ones : zeros, 3};
        rb_summary got = rb_summarise(a, s, 0.4);
        rb_threshold best = rb_best_hter(a, s);
        assert_true(isnan(best.threshold) && isnan(best.hter));
        assert_true(isnan(got.roc_auc) && isnan(got.eer) && isnan(got.rates.hter) &&
                    isnan(got.rates.balanced_accuracy));
        assert_true(isnan(positive ? got.rates.far : got.rates.frr));
        assert_true(isnan(positive ? got.far_interval.low : got.frr_interval.high));
        check_near("accuracy", got.rates.accuracy, positive ? 2 / 3. : 1 / 3., 1e-15, 0);
        assert_true(got.rates.mcc == 0 && isfinite(got.log_loss) && isfinite(got.brier));
        assert_true(positive ? got.average_precision == 1 : isnan(got.average_precision));
        rb_roc roc = rb_roc_curve(a, s);
        assert_int_equal(roc.count, 4);
        assert_true(isnan(positive ? roc.fpr[3] : roc.tpr[3]));
        assert_true((positive ? roc.tpr[3] : roc.fpr[3]) == 1);
    }
    rb_arena_close(a);
}

static void no_rows_leave_everything_unsaid(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = {0};
    rb_summary got = rb_summarise(a, s, 0.5);
    assert_int_equal(got.n + got.positives + got.negatives, 0);
    const double unsaid[] = {got.rates.far,
                             got.rates.frr,
                             got.rates.hter,
                             got.rates.accuracy,
                             got.rates.recall,
                             got.roc_auc,
                             got.average_precision,
                             got.eer,
                             got.log_loss,
                             got.brier,
                             rb_best_hter(a, s).threshold};
    for (int i = 0; i < (int)(sizeof unsaid / sizeof *unsaid); i++) assert_true(isnan(unsaid[i]));
    assert_true(got.rates.precision == 0 && got.rates.f1 == 0 && got.rates.mcc == 0);
    assert_int_equal(rb_roc_curve(a, s).count, 1);
    rb_arena_close(a);
}

// A score of exactly 0 or 1 that is wrong costs -log(eps), not infinity.
static void log_loss_clips_certain_errors(void **state)
{
    (void)state;
    static const double score[] = {0, 1};
    static const int wrong[] = {1, 0}, right[] = {0, 1};
    check_near("wrong", rb_log_loss((rb_scores){score, wrong, 2}), -log(DBL_EPSILON), 1e-12, 0);
    check_near("right", rb_log_loss((rb_scores){score, right, 2}), DBL_EPSILON, 1e-12, 0);
    check_near("brier", rb_brier((rb_scores){score, wrong, 2}), 1, 0, 0);
}

// Logits can be ranked; nothing can be said of them as probabilities.
static void scores_that_are_no_probabilities_are_ranked_alone(void **state)
{
    (void)state;
    static const double logit[] = {-3, 0.5, 2, 0.25};
    static const int label[] = {0, 1, 1, 0};
    rb_arena *a = rb_arena_open();
    rb_summary got = rb_summarise(a, (rb_scores){logit, label, 4}, 0.4);
    assert_true(got.roc_auc == 1 && got.rates.hter == 0);
    assert_true(isnan(got.log_loss) && isnan(got.brier) && isnan(got.ece));
    rb_arena_close(a);
}

// An edge belongs to the bin below it: .2 is 3/15.
static void calibration_bins_are_closed_above(void **state)
{
    (void)state;
    static const double score[] = {0.2, 0.19, 0, 0.0666, 1};
    static const int label[] = {1, 0, 0, 0, 1};
    double want = (fabs(0.2 + 0.19 - 1) + 0.0666) / 5;
    check_near("ece", rb_ece((rb_scores){score, label, 5}), want, 1e-12, 0);
}

// The same as two pictures of 3 and 300: rates are compared as quotients.
static void frr_at_far_takes_the_lowest_threshold_allowed(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    double *score = RB_NEW(a, double, 400);
    int *label = RB_NEW(a, int, 400);
    for (int i = 0; i < 400; i++) score[i] = i / 400., label[i] = i >= 100 && i < 200; // 200 false accepts at the top
    rb_scores s = {score, label, 400};
    assert_true(rb_frr_at_far(a, s, 0.1) == 1);
    check_near("all", rb_frr_at_far(a, s, 200 / 300.), 0, 0, 0);
    for (int i = 0; i < 400; i++) label[i] = i >= 297; // 297 negatives below, then 3 among the positives
    label[300] = label[301] = label[302] = 0;
    check_near("3 of 300", rb_frr_at_far(a, s, 0.01), 0, 0, 0);
    check_near("2 of 300", rb_frr_at_far(a, s, 2.5 / 300), 3 / 100., 1e-12, 0);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_equal_scikit_learn),
        cmocka_unit_test(rankings_equal_scikit_learn),
        cmocka_unit_test(best_thresholds_equal_the_reference),
        cmocka_unit_test(roc_curves_equal_scikit_learn),
        cmocka_unit_test(rankings_equal_brute_force),
        cmocka_unit_test(rankings_ignore_row_order_and_scale),
        cmocka_unit_test(a_million_rows_are_counted_exactly),
        cmocka_unit_test(wilson_equals_published_intervals),
        cmocka_unit_test(wilson_stays_between_zero_and_one),
        cmocka_unit_test(one_class_leaves_pairs_unsaid),
        cmocka_unit_test(no_rows_leave_everything_unsaid),
        cmocka_unit_test(log_loss_clips_certain_errors),
        cmocka_unit_test(roc_corners_equal_scikit_learn),
        cmocka_unit_test(precision_recall_curves_equal_scikit_learn),
        cmocka_unit_test(hter_on_a_grid_equals_the_reference),
        cmocka_unit_test(wilson_equals_statsmodels),
        cmocka_unit_test(scores_that_are_no_probabilities_are_ranked_alone),
        cmocka_unit_test(calibration_bins_are_closed_above),
        cmocka_unit_test(frr_at_far_takes_the_lowest_threshold_allowed),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
