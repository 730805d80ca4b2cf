// SPDX-License-Identifier: Apache-2.0
// test_shift.c - distances and shares against scipy, and what a checkpoint keeps of scores.
#include "base/rng.h"
#include "check.h"
#include "metric/shift.h"
#include "numbers.h"

#include <jansson.h>

static rb_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = rb_arena_open();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    rb_arena_close(arena);
    return 0;
}

static rb_score_record record_of(const double *score, int n, double prior)
{
    rb_score_record r;
    rb_score_record_of(arena, score, n, prior, &r);
    return r;
}

static rb_shift shift_of(const double *score, int n, const rb_score_record *was)
{
    rb_sketch *s = RB_NEW(arena, rb_sketch, 1);
    rb_shift out;
    for (int i = 0; i < n; i++) rb_sketch_add(s, score[i]);
    rb_shift_of(arena, s, was, &out);
    return out;
}

// ---- against scipy --------------------------------------------------------------------------------------------------

static void tails_are_those_of_kolmogorov(void **state)
{
    (void)state;
    numbers n = numbers_read(arena, "golden/shift/kolmogorov.csv");
    for (int i = 0; i < n.rows; i++) {
        const double *row = numbers_row(&n, i);
        double size = 1e20, root = sqrt(size / 2); // so many that the correction is nothing
        check_near("tail", rb_ks_p(row[0] / root, size, size), row[1], 1e-8, 1e-15);
    }
}

// Side 0 is validation, side 1 is here.
static double *side_of(const numbers *n, int side, int *count)
{
    double *out = RB_NEW(arena, double, n->rows);
    *count = 0;
    for (int i = 0; i < n->rows; i++)
        if ((int)numbers_row(n, i)[0] == side) out[(*count)++] = numbers_row(n, i)[1];
    return out;
}

static void shifts_are_those_of_scipy(void **state)
{
    (void)state;
    static const char *const cases[] = {"same", "rarer", "moved", "balanced"};
    for (int c = 0; c < 4; c++) {
        numbers n = numbers_read(arena, rb_text_format(arena, "golden/shift/%s.csv", cases[c]));
        json_error_t why;
        json_t *want = json_load_file(rb_text_format(arena, "golden/shift/%s.json", cases[c]), 0, &why);
        assert_non_null(want);
        int was, now;
        const double *then = side_of(&n, 0, &was), *here = side_of(&n, 1, &now);
        rb_score_record r = record_of(then, was, json_real_value(json_object_get(want, "prior")));
        rb_shift s = shift_of(here, now, &r);
        const struct {
            const char *key;
            double got, tolerance; // a bin's mean is a sum divided: the last bits differ, and a root is as exact
        } figures[] = {{"distance", s.distance, 1e-12}, {"share", s.share, 1e-9},     {"low", s.share_at.low, 1e-9},
                       {"high", s.share_at.high, 1e-9}, {"share_p", s.share_p, 1e-6}, {"rest", s.rest, 1e-9},
                       {"odds", s.odds, 1e-9}};
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
            check_near(rb_text_format(arena, "%s: %s", cases[c], figures[i].key), figures[i].got,
                       json_real_value(json_object_get(want, figures[i].key)), figures[i].tolerance, 0);
        // The exact distribution is scipy's, ours its limit: orders of magnitude agree, not digits.
        double exact = json_real_value(json_object_get(want, "exact_p"));
        check_near("log of p", log(s.p), log(exact), 0.1, 0.02);
        json_decref(want);
    }
}

// ---- what must hold whatever the numbers ---------------------------------------------------------------------------

static double *drawn(int n, uint32_t seed)
{
    double *out = RB_NEW(arena, double, n);
    rb_rng r = rb_rng_at(seed, RB_STREAM_SPLIT, 0, 0, 0);
    for (int i = 0; i < n; i++) {
        double one = rb_rng_unit(&r) < 0.3 ? 2 : -2;
        out[i] = (double)(float)(1 / (1 + exp(-(one + 2 * rb_rng_normal(&r)))));
    }
    return out;
}

static void many_scores_are_kept_as_quantiles(void **state)
{
    (void)state;
    double *score = drawn(20000, 1);
    rb_score_record r = record_of(score, 20000, 0.3);
    assert_int_equal(r.count, RB_QUANTILES);
    rb_shift same = shift_of(score, 20000, &r);
    if (!(same.distance <= 1.0 / RB_QUANTILES)) fail_msg("the same scores are %g apart", same.distance);
    assert_true(same.p > 0.99);
    rb_shift other = shift_of(drawn(20000, 2), 20000, &r);
    if (!(other.p > 0.001)) fail_msg("scores drawn alike have p = %g", other.p);
}

static void the_same_scores_are_not_apart(void **state)
{
    (void)state;
    double *score = drawn(200, 1);
    rb_score_record r = record_of(score, 200, 0.3);
    rb_shift s = shift_of(score, 200, &r);
    check_near("distance", s.distance, 0, 0, 1e-12);
    check_near("p", s.p, 1, 1e-12, 0);
    check_near("share", s.share, 0.3, 1e-9, 0);
    check_near("p of the share", s.share_p, 1, 0, 1e-6);
    assert_true(s.share_at.low < 0.3 && s.share_at.high > 0.3);
}

// Order-keeping: what is above a threshold stays above the threshold carried along.
static void probabilities_at_another_share_keep_their_order(void **state)
{
    (void)state;
    double *was = drawn(400, 1), here[300];
    rb_score_record r = record_of(was, 400, 0.3);
    for (int i = 0; i < 300; i++) here[i] = was[i] * 0.3;
    rb_shift s = shift_of(here, 300, &r);
    assert_true(s.share < 0.3);
    double before = rb_shift_probability(&s, 0);
    assert_true(before == 0);
    for (int i = 1; i <= 100; i++) {
        double p = rb_shift_probability(&s, i / 100.0);
        assert_true(p > before);
        before = p;
    }
    assert_true(before == 1);
}

// A threshold that was chosen on validation's scores belongs to what corrects them, whatever the share here.
static void corrected_scores_mean_the_share_of_validation(void **state)
{
    (void)state;
    double *was = drawn(400, 1), here[400], sum = 0;
    rb_score_record r = record_of(was, 400, 0.05); // as a balanced training sees a rare class
    int count = 0;
    for (int i = 0; i < 400; i++)
        if (was[i] > 0.5 || i % 2) here[count++] = was[i];
    rb_shift s = shift_of(here, count, &r);
    assert_true(s.times < 0.5 && s.share > 0.05);
    for (int i = 0; i < 400; i++) sum += rb_shift_corrected(&s, was[i]);
    // A bin's scores are corrected as one there, and one by one here.
    check_near("mean", sum / 400, 0.05, 1e-5, 0);
    double share = s.share / (1 - s.share), prior = 0.05 / 0.95;
    check_near("odds", s.odds, s.times * share / prior, 0, 1e-12);
}

// Nothing here is of label 1, or everything: the share is at its end, the interval is not empty, and nothing is NaN.
static void shares_end_at_nothing_and_all(void **state)
{
    (void)state;
    double *was = drawn(400, 1), none[200], all[200];
    rb_score_record r = record_of(was, 400, 0.3);
    for (int i = 0; i < 200; i++) none[i] = 0, all[i] = 1;
    rb_shift s = shift_of(none, 200, &r);
    check_near("share", s.share, 0, 0, 1e-12);
    assert_true(s.share_at.low < 1e-9 && s.share_at.high > 0.005 && s.share_at.high < 0.05);
    assert_true(isfinite(s.odds) && isfinite(s.rest) && s.share_p < 1e-6);
    s = shift_of(all, 200, &r);
    check_near("share", s.share, 1, 1e-12, 0);
    assert_true(s.share_at.high > 1 - 1e-9 && s.share_at.low > 0.95 && isfinite(s.odds));
}

static void of_more_classes_no_share_is_said(void **state)
{
    (void)state;
    double *score = drawn(200, 1);
    rb_score_record r = record_of(score, 200, NAN);
    rb_shift s = shift_of(score, 200, &r);
    check_near("distance", s.distance, 0, 0, 1e-12);
    assert_true(isnan(s.share) && isnan(s.odds) && isnan(s.rest));
}

// ---- what a checkpoint keeps ----------------------------------------------------------------------------------------

static void a_record_reads_back(void **state)
{
    (void)state;
    rb_error err;
    rb_score_record back, r = record_of(drawn(2000, 3), 2000, 0.25);
    check_done(rb_score_record_read(rb_score_record_text(arena, &r), &back, &err), err);
    assert_int_equal(back.n, 2000);
    assert_int_equal(back.count, RB_QUANTILES);
    assert_memory_equal(back.quantile, r.quantile, sizeof r.quantile);
    check_near("prior", back.prior, 0.25, 0, 0);
    r.prior = NAN;
    check_done(rb_score_record_read(rb_score_record_text(arena, &r), &back, &err), err);
    assert_true(isnan(back.prior));
}

static void a_record_without_sense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"[", "is not JSON"},
        {"{}", "\"n\""},
        {"{\"n\":0,\"prior\":0.5,\"quantiles\":[0.5]}", "\"n\""},
        {"{\"n\":3,\"prior\":1,\"quantiles\":[0.5]}", "\"prior\""},
        {"{\"n\":3,\"quantiles\":[0.5]}", "\"prior\""},
        {"{\"n\":3,\"prior\":0.5,\"quantiles\":[]}", "\"quantiles\""},
        {"{\"n\":3,\"prior\":0.5,\"quantiles\":[0.5,2]}", "\"quantiles\""},
        {"{\"n\":3,\"prior\":0.5,\"quantiles\":[0.5,\"x\"]}", "\"quantiles\""},
        {"{\"n\":1,\"prior\":0.5,\"quantiles\":[0.5,0.6]}", "\"quantiles\""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        rb_error err;
        rb_score_record r;
        check_failed(rb_score_record_read(texts[i][0], &r, &err), err, RB_ERR_WEIGHTS, texts[i][1]);
    }
}

#define with_arena(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_arena(tails_are_those_of_kolmogorov),
        with_arena(shifts_are_those_of_scipy),
        with_arena(many_scores_are_kept_as_quantiles),
        with_arena(the_same_scores_are_not_apart),
        with_arena(probabilities_at_another_share_keep_their_order),
        with_arena(corrected_scores_mean_the_share_of_validation),
        with_arena(shares_end_at_nothing_and_all),
        with_arena(of_more_classes_no_share_is_said),
        with_arena(a_record_reads_back),
        with_arena(a_record_without_sense_is_refused),
    };
    return check_run("shift", tests);
}
