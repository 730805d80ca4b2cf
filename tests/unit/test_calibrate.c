// SPDX-License-Identifier: Apache-2.0
// test_calibrate.c - maps from logits to probabilities, against scikit-learn and scipy, and what a checkpoint keeps.
#include "base/rng.h"
#include "calibrate/calibrate.h"
#include "check.h"
#include "numbers.h"

#include <jansson.h>

static const char *const cases[] = {"sure_500", "ties_300"};

static rb_logits logits_read(rb_arena *a, const char *name)
{
    numbers n = numbers_read(a, rb_text_format(a, "golden/calibrate/%s.csv", name));
    int k = n.columns - 1;
    double *z = RB_NEW(a, double, n.rows *k);
    int *label = RB_NEW(a, int, n.rows);
    for (int i = 0; i < n.rows; i++) {
        label[i] = (int)numbers_row(&n, i)[0];
        memcpy(z + i * k, numbers_row(&n, i) + 1, (size_t)k * sizeof *z);
    }
    return (rb_logits){z, label, n.rows, k};
}

static double wanted(rb_arena *a, const char *name, const char *key)
{
    json_error_t err;
    json_t *all = json_load_file(rb_text_format(a, "golden/calibrate/%s.json", name), 0, &err);
    const json_t *value = json_object_get(all, key);
    if (!json_is_number(value)) fail_msg("%s: no number %s", name, key);
    double out = json_number_value(value);
    json_decref(all);
    return out;
}

static rb_calibration fit(rb_arena *a, rb_calibration_method method, rb_logits v, const double *shift)
{
    rb_error err = {0};
    rb_calibration c;
    check_done(rb_calibration_fit(a, method, v, shift, &c, &err), err);
    return c;
}

static double at(const rb_calibration *c, double z)
{
    double p;
    rb_calibrate(c, &z, &p);
    return p;
}

// ---- against others -----------------------------------------------------------------------------------------------

static void temperatures_equal_scipy(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 2; i++) {
        rb_calibration c = fit(a, RB_CALIBRATE_TEMPERATURE, logits_read(a, cases[i]), NULL);
        check_near(cases[i], c.temperature, wanted(a, cases[i], "temperature"), 1e-10, 0);
        check_near("p", at(&c, 1.5), 1 / (1 + exp(-1.5 / c.temperature)), 1e-14, 0);
    }
    rb_logits four = logits_read(a, "four_400");
    rb_calibration c = fit(a, RB_CALIBRATE_TEMPERATURE, four, NULL);
    double p[4], sum = 0;
    check_near("four", c.temperature, wanted(a, "four_400", "temperature"), 1e-10, 0);
    rb_calibrate(&c, four.z, p);
    for (int k = 0; k < 4; k++) sum += p[k];
    check_near("sum", sum, 1, 1e-14, 0);
    check_near("odds", p[0] / p[1], exp((four.z[0] - four.z[1]) / c.temperature), 1e-12, 0);
    rb_arena_close(a);
}

static void platt_equals_scipy(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 2; i++) {
        rb_calibration c = fit(a, RB_CALIBRATE_PLATT, logits_read(a, cases[i]), NULL);
        check_near("slope", c.slope, wanted(a, cases[i], "slope"), 1e-9, 0);
        check_near("offset", c.offset, wanted(a, cases[i], "offset"), 1e-9, 0);
        check_near("p", at(&c, -0.3), 1 / (1 + exp(0.3 * c.slope - c.offset)), 1e-14, 0);
    }
    rb_arena_close(a);
}

static void isotonic_equals_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 2; i++) {
        rb_calibration c = fit(a, RB_CALIBRATE_ISOTONIC, logits_read(a, cases[i]), NULL);
        numbers want = numbers_read(a, rb_text_format(a, "golden/calibrate/%s.isotonic.csv", cases[i]));
        assert_int_equal(c.knots, (int)wanted(a, cases[i], "isotonic_knots"));
        for (int k = 0; k < want.rows; k++) {
            const double *row = numbers_row(&want, k);
            check_near(rb_text_format(a, "%s at %g", cases[i], row[0]), at(&c, row[0]), row[1], 1e-12, 1e-12);
        }
    }
    rb_arena_close(a);
}

// ---- by hand ------------------------------------------------------------------------------------------------------

static void isotonic_by_hand(void **state)
{
    (void)state;
    // 0 1 | 1 0 pooled to 1/2 | 1; equal logits are one point.
    static const double z[] = {1, 2, 3, 3, 5, 4};
    static const int label[] = {0, 1, 1, 0, 1, 0};
    rb_arena *a = rb_arena_open();
    rb_calibration c = fit(a, RB_CALIBRATE_ISOTONIC, (rb_logits){z, label, 6, 1}, NULL);
    assert_int_equal(c.knots, 4); // 0 at 1; 1/2 from 2 to 4; 1 at 5
    check_near("pooled", at(&c, 2), 0.5, 0, 0);
    check_near("pooled", at(&c, 3.7), 0.5, 0, 0);
    check_near("between", at(&c, 1.5), 0.25, 1e-15, 0);
    check_near("between", at(&c, 4.5), 0.75, 1e-15, 0);
    assert_true(at(&c, -9) == 0 && at(&c, 9) == 1);
    rb_arena_close(a);
}

static void the_prior_is_taken_back(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    double shift = log(9); // half of the draws, a tenth of the pictures
    rb_calibration c = fit(a, RB_CALIBRATE_PRIOR, (rb_logits){.k = 1}, &shift);
    check_near("p", at(&c, 1), 0.231969, 0, 5e-7); // worked out from Elkan's formula
    c = fit(a, RB_CALIBRATE_NONE, (rb_logits){.k = 1}, &shift);
    check_near("as it is", at(&c, 1), 1 / (1 + exp(-1)), 1e-15, 0);

    // Softmax of logits that carry log(seen/meant) and log(weight) is the posterior times both: taken back, it is the
    // posterior.
    static const double seen[] = {0.4, 0.4, 0.2}, meant[] = {0.7, 0.2, 0.1}, w[] = {1, 2, 3},
                        posterior[] = {0.5, 0.3, 0.2};
    double z[3], by[3], p[3];
    for (int k = 0; k < 3; k++) {
        by[k] = log(seen[k] / meant[k]) + log(w[k]);
        z[k] = log(posterior[k] * seen[k] / meant[k] * w[k]) + 0.77;
    }
    c = fit(a, RB_CALIBRATE_PRIOR, (rb_logits){.k = 3}, by);
    rb_calibrate(&c, z, p);
    check_close("posterior", p, posterior, 3, 1e-13);
    rb_arena_close(a);
}

// What a temperature, a line or a shift did to logits is found again.
static void a_known_map_is_found(void **state)
{
    (void)state;
    enum { N = 40000 };
    rb_arena *a = rb_arena_open();
    rb_rng r = rb_rng_at(1, RB_STREAM_SYNTH, 0, 0, 0);
    double *z = RB_NEW(a, double, N), shift = 1.25;
    int *label = RB_NEW(a, int, N);
    for (int i = 0; i < N; i++) {
        double truth = 1.5 * rb_rng_normal(&r) - 0.5;
        label[i] = rb_rng_unit(&r) < 1 / (1 + exp(-truth));
        z[i] = 2.5 * truth + shift;
    }
    rb_logits v = {z, label, N, 1};
    check_near("temperature", fit(a, RB_CALIBRATE_TEMPERATURE, v, &shift).temperature, 2.5, 0.03, 0);
    rb_calibration line = fit(a, RB_CALIBRATE_PLATT, v, NULL);
    check_near("slope", line.slope, 1 / 2.5, 0.03, 0);
    check_near("offset", line.offset, -shift / 2.5, 0.06, 0);
    rb_calibration map = fit(a, RB_CALIBRATE_ISOTONIC, v, NULL);
    for (double truth = -2; truth < 2; truth += 0.5)
        check_near("map", at(&map, 2.5 * truth + shift), 1 / (1 + exp(-truth)), 0, 0.05);
    rb_arena_close(a);
}

static void what_parts_perfectly_stays_finite(void **state)
{
    (void)state;
    static const double z[] = {-2, -1, 1, 3}, same[] = {1, 1, 1, 1};
    static const int label[] = {0, 0, 1, 1}, against[] = {1, 1, 0, 0};
    rb_arena *a = rb_arena_open();
    rb_logits v = {z, label, 4, 1};
    check_near("coldest", fit(a, RB_CALIBRATE_TEMPERATURE, v, NULL).temperature, 0.01, 1e-9, 0);
    check_near("hottest", fit(a, RB_CALIBRATE_TEMPERATURE, (rb_logits){z, against, 4, 1}, NULL).temperature, 100, 1e-9,
               0);
    rb_calibration c = fit(a, RB_CALIBRATE_PLATT, v, NULL);
    assert_true(isfinite(c.slope) && isfinite(c.offset) && c.slope > 0 && at(&c, 3) < 1);
    c = fit(a, RB_CALIBRATE_PLATT, (rb_logits){same, label, 4, 1}, NULL);
    check_near("no order", at(&c, 1), 0.5, 1e-6, 0);
    c = fit(a, RB_CALIBRATE_ISOTONIC, (rb_logits){same, label, 4, 1}, NULL);
    assert_true(c.knots == 1 && at(&c, 0) == 0.5 && at(&c, 2) == 0.5);
    rb_arena_close(a);
}

// Four rows bear out no more than five to one; what is too sure already is left to be made less sure.
static void nothing_is_made_surer_than_the_rows_bear_out(void **state)
{
    (void)state;
    static const double z[] = {-2, -1, 1, 3}, small[] = {-0.2, -0.1, 0.1, 0.3}, off[] = {-3, -2, 0, 2},
                        two[] = {0.2, 0, 0, 0.1, 0.1, 0, 0, 0.3};
    static const int label[] = {0, 0, 1, 1}, against[] = {1, 1, 0, 0}, pairs[] = {0, 1, 0, 1};
    rb_arena *a = rb_arena_open();
    const struct {
        rb_logits v;
        double shift, temperature;
    } rows[] = {
        {{z, label, 4, 1}, 0, 1},     {{small, label, 4, 1}, 0, 0.3 / log(5)}, {{off, label, 4, 1}, -1, 1},
        {{z, against, 4, 1}, 0, 100}, {{two, pairs, 4, 2}, 0, 0.3 / log(5)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double shift[2] = {rows[i].shift, 0};
        rb_calibration c = fit(a, RB_CALIBRATE_TEMPERATURE, rows[i].v, shift);
        rb_calibration_restrain(&c, rows[i].v);
        check_near(rb_text_format(a, "case %zu", i), c.temperature, rows[i].temperature, 1e-9, 0);
    }
    rb_calibration line = fit(a, RB_CALIBRATE_PLATT, (rb_logits){z, against, 4, 1}, NULL);
    assert_true(line.slope < 0);
    rb_calibration_restrain(&line, (rb_logits){z, against, 4, 1});
    assert_true(at(&line, -1) < at(&line, 1));
    rb_arena_close(a);
}

static void what_cannot_be_fitted_is_said(void **state)
{
    (void)state;
    static const double z[] = {-2, -1, 1};
    static const int zeros[] = {0, 0, 0}, three[] = {0};
    rb_arena *a = rb_arena_open();
    rb_error err = {0};
    rb_calibration c;
    check_failed(rb_calibration_fit(a, RB_CALIBRATE_PLATT, (rb_logits){z, zeros, 3, 1}, NULL, &c, &err), err,
                 RB_ERR_DATA, "calibration: none of the 3 pictures it is fitted to has label 1");
    check_failed(rb_calibration_fit(a, RB_CALIBRATE_ISOTONIC, (rb_logits){z, three, 1, 3}, NULL, &c, &err), err,
                 RB_ERR_USAGE, "calibration isotonic is for two classes; temperature is for more");
    rb_arena_close(a);
}

// ---- as a checkpoint keeps it -------------------------------------------------------------------------------------

static const char *stored(rb_arena *a, const rb_calibration *c)
{
    rb_json *j = rb_json_new(a);
    rb_calibration_to_json(j, NULL, c);
    return rb_json_text(j);
}

static void what_is_stored_reads_back_the_same(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_logits v = logits_read(a, "sure_500");
    double shift = 0.1;
    for (int method = 0; method < RB_CALIBRATIONS; method++)
        for (int shifts = 0; shifts < 2; shifts++) {
            rb_error err = {0};
            rb_calibration c = fit(a, (rb_calibration_method)method, v, shifts ? &shift : NULL), back;
            check_done(rb_calibration_read(a, stored(a, &c), 1, &back, &err), err);
            assert_string_equal(stored(a, &back), stored(a, &c));
            assert_true(!strcmp(stored(a, &c), "null") == !method);
            for (double z = -5; z < 5; z += 0.37) assert_true(at(&back, z) == at(&c, z));
        }
    rb_arena_close(a);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
        int k;
    } bad[] = {
        {"{", "calibration: is not JSON", 1},
        {"[]", "lacks \"method\"", 1},
        {"{\"method\":\"vector\",\"shift\":[0]}", "lacks \"method\"", 1},
        {"{\"method\":\"none\",\"shift\":[0]}", "lacks \"method\"", 1},
        {"{\"method\":\"prior\"}", "lacks \"shift\"", 1},
        {"{\"method\":\"prior\",\"shift\":[0,1]}", "lacks \"shift\"", 1},
        {"{\"method\":\"prior\",\"shift\":[\"0\"]}", "lacks \"shift\"", 1},
        {"{\"method\":\"temperature\",\"shift\":[0]}", "lacks \"temperature\"", 1},
        {"{\"method\":\"temperature\",\"shift\":[0],\"temperature\":0}", "lacks \"temperature\"", 1},
        {"{\"method\":\"platt\",\"shift\":[0],\"slope\":1}", "lacks \"offset\"", 1},
        {"{\"method\":\"platt\",\"shift\":[0,0,0],\"slope\":1,\"offset\":0}", "lacks \"method\"", 3},
        {"{\"method\":\"isotonic\",\"shift\":[0],\"x\":[],\"y\":[]}", "lacks \"x\"", 1},
        {"{\"method\":\"isotonic\",\"shift\":[0],\"x\":[1,1],\"y\":[0,1]}", "lacks \"x\"", 1},
        {"{\"method\":\"isotonic\",\"shift\":[0],\"x\":[1,2],\"y\":[0]}", "lacks \"y\"", 1},
        {"{\"method\":\"isotonic\",\"shift\":[0],\"x\":[1,2],\"y\":[1,0]}", "lacks \"y\"", 1},
        {"{\"method\":\"isotonic\",\"shift\":[0],\"x\":[1,2],\"y\":[0,1.5]}", "lacks \"y\"", 1},
    };
    rb_arena *a = rb_arena_open();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err = {0};
        rb_calibration c;
        check_failed(rb_calibration_read(a, bad[i].text, bad[i].k, &c, &err), err, RB_ERR_WEIGHTS, bad[i].said);
    }
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperatures_equal_scipy),
        cmocka_unit_test(platt_equals_scipy),
        cmocka_unit_test(isotonic_equals_scikit_learn),
        cmocka_unit_test(isotonic_by_hand),
        cmocka_unit_test(the_prior_is_taken_back),
        cmocka_unit_test(a_known_map_is_found),
        cmocka_unit_test(what_parts_perfectly_stays_finite),
        cmocka_unit_test(nothing_is_made_surer_than_the_rows_bear_out),
        cmocka_unit_test(what_cannot_be_fitted_is_said),
        cmocka_unit_test(what_is_stored_reads_back_the_same),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return check_run("calibrate", tests);
}
