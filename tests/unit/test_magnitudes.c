// SPDX-License-Identifier: Apache-2.0
// test_magnitudes.c - ranges for bytes: as good as any that is tried on the values themselves.
#include "check.h"

#include "backend/magnitudes.h"
#include "base/arena.h"
#include "base/rng.h"

#include <math.h>

#define COUNT 20000

typedef enum kind { UNIFORM, NORMAL, HEAVY, SPARSE } kind;

static float draw(rb_rng *random, kind k)
{
    double sum = -6, u = rb_rng_unit(random);
    for (int i = 0; i < 12; i++) sum += rb_rng_unit(random);
    if (k == UNIFORM) return (float)(3 * u);
    if (k == SPARSE && u < 0.9) return 0;
    if (k == HEAVY) sum = sum * sum * sum;
    return (float)fabs(sum);
}

static double squared_error(const float *x, double range, int levels)
{
    double sum = 0, step = range / levels;
    for (int i = 0; i < COUNT; i++) {
        double byte = fmin(levels, rint((double)x[i] / step)), off = (double)x[i] - byte * step;
        sum += off * off;
    }
    return sum;
}

static void ranges_are_as_good_as_any(void **state)
{
    (void)state;
    static rb_magnitudes m;
    static float x[COUNT];
    for (int k = UNIFORM; k <= SPARSE; k++)
        for (int levels = 127; levels <= 255; levels += 128) {
            rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, (uint32_t)k, 0, 0);
            float largest = 0;
            m = (rb_magnitudes){0};
            for (int i = 0; i < COUNT; i++) {
                x[i] = draw(&random, (kind)k);
                largest = fmaxf(largest, x[i]);
                rb_magnitudes_add(&m, i % 2 ? x[i] : -x[i]);
            }
            double range = (double)rb_magnitudes_range(&m, levels), best = INFINITY;
            for (int i = 1; i <= 200; i++) best = fmin(best, squared_error(x, (double)largest * i / 200, levels));
            double error = squared_error(x, range, levels);
            // Bins are 3 % wide, and near its least the error is flat.
            if (!(error <= 1.1 * best))
                fail_msg("kind %d, %d levels: range %g of %g errs by %g, the best by %g", k, levels, range,
                         (double)largest, error, best);
        }
}

static void an_outlier_is_cut_off(void **state)
{
    (void)state;
    static rb_magnitudes m;
    m = (rb_magnitudes){0};
    for (int i = 0; i < 1000000; i++) rb_magnitudes_add(&m, (float)(i % 1000) / 1000);
    rb_magnitudes_add(&m, 40);
    float range = rb_magnitudes_range(&m, 127);
    if (!(range > 1 && range < 20)) fail_msg("range %g", (double)range);
}

static void nothing_is_no_range_and_zeros_are_one(void **state)
{
    (void)state;
    static rb_magnitudes m;
    m = (rb_magnitudes){0};
    assert_true(rb_magnitudes_range(&m, 255) == 0);
    rb_magnitudes_add(&m, 0);
    rb_magnitudes_add(&m, -0.0F);
    assert_true(rb_magnitudes_range(&m, 255) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_as_good_as_any),
        cmocka_unit_test(an_outlier_is_cut_off),
        cmocka_unit_test(nothing_is_no_range_and_zeros_are_one),
    };
    return check_run("magnitudes", tests);
}
