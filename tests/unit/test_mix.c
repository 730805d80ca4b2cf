// SPDX-License-Identifier: Apache-2.0
// test_mix.c - mixup and CutMix: timm's arithmetic, the distribution of draws, and who is left alone.
#include "check.h"
#include "numbers.h"

#include "base/parallel.h"
#include "base/rng.h"
#include "loss/loss.h"
#include "train/mix.h"

// ---- timm's arithmetic ---------------------------------------------------------------------------------------------

static void rectangles_equal_timms(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers n = numbers_read(a, "golden/mix/rectangle.csv");
    for (int i = 0; i < n.rows; i++) {
        const double *r = numbers_row(&n, i);
        rb_mix m = rb_mix_rectangle(r[2], (int)r[3], (int)r[4], (int)r[0], (int)r[1]);
        assert_true(m.cut);
        const double got[] = {m.top, m.bottom, m.left, m.right};
        check_close("rectangle", got, r + 5, 4, 0);
        check_near("own", m.own, r[9], 1e-15, 0);
    }
    rb_arena_close(a);
}

static void blends_equal_timms(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    numbers n = numbers_read(a, "golden/mix/blend.csv");
    static const bool good[2] = {false, false};
    for (int i = 0; i < n.rows; i++) {
        const double *r = numbers_row(&n, i);
        const uint8_t pixels[] = {(uint8_t)r[1], (uint8_t)r[2]};
        uint8_t out[2];
        rb_mixed_batch b = {2, 1, 1, 1, pixels, good};
        rb_mix_pixels(&(rb_mix){.own = r[0]}, &b, out);
        if (out[0] != (uint8_t)r[3]) fail_msg("row %d: %d, not %g", i, out[0], r[3]);
    }
    rb_arena_close(a);
}

// timm computes targets in floats.
static void targets_equal_timms(void **state)
{
    (void)state;
    enum { BATCH = 6, CLASSES = 4 };
    rb_arena *a = rb_arena_open();
    numbers n = numbers_read(a, "golden/mix/target.csv");
    static const bool good[BATCH] = {false};
    for (int first = 0; first < n.rows; first += BATCH) {
        const double *r = numbers_row(&n, first);
        float targets[BATCH * CLASSES];
        for (int i = 0; i < BATCH; i++) {
            double target[CLASSES];
            rb_label_target((int)numbers_row(&n, first + i)[2], CLASSES, target);
            rb_target_smooth(r[0], CLASSES, target);
            for (int c = 0; c < CLASSES; c++) targets[i * CLASSES + c] = (float)target[c];
        }
        rb_mix_targets(&(rb_mix){.own = r[1]}, &(rb_mixed_batch){BATCH, 1, 1, 1, NULL, good}, CLASSES, targets);
        for (int i = 0; i < BATCH; i++)
            for (int c = 0; c < CLASSES; c++)
                check_near("target", (double)targets[i * CLASSES + c], numbers_row(&n, first + i)[3 + c], 0, 2e-7);
    }
    rb_arena_close(a);
}

// ---- draws ---------------------------------------------------------------------------------------------------------

#define DRAWS 20000

static double uniform(double x)
{
    return x;
}

static double arcsine(double x) // Beta(1/2, 1/2)
{
    return 2 / M_PI * asin(sqrt(x));
}

static double cubic(double x) // Beta(2, 2)
{
    return x * x * (3 - 2 * x);
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// Kolmogorov and Smirnov: a right distribution is further off than this in one of a hundred such tests.
static void shares_are_from_beta(void **state)
{
    (void)state;
    static const struct {
        double alpha;
        double (*below)(double x);
    } cases[] = {{1, uniform}, {0.5, arcsine}, {2, cubic}};
    static double own[DRAWS];
    for (int k = 0; k < 3; k++) {
        rb_mix_settings s = {.mixup_alpha = cases[k].alpha, .prob = 1, .switch_prob = 0.5};
        double furthest = 0;
        for (int i = 0; i < DRAWS; i++) own[i] = rb_mix_draw(&s, 1, 2, (uint32_t)i, 8, 8).own;
        qsort(own, DRAWS, sizeof *own, by_size);
        for (int i = 0; i < DRAWS; i++) {
            double want = cases[k].below(own[i]);
            furthest = fmax(furthest, fmax(fabs((i + 1.0) / DRAWS - want), fabs((double)i / DRAWS - want)));
        }
        if (!(furthest < 1.63 / sqrt(DRAWS))) fail_msg("alpha %g is off by %g", cases[k].alpha, furthest);
    }
}

// With a small alpha one picture has nearly all; no draw may come out as NaN.
static void the_smallest_alpha_draws_numbers(void **state)
{
    (void)state;
    rb_mix_settings s = {.mixup_alpha = 1e-3, .prob = 1};
    int ends = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        double own = rb_mix_draw(&s, 1, 0, i, 8, 8).own;
        assert_true(own >= 0 && own <= 1);
        ends += own < 1e-6 || own > 1 - 1e-6;
    }
    assert_true(ends > 1900 && ends < 2000);
}

// Shares within four standard deviations.
static void probabilities_are_kept(void **state)
{
    (void)state;
    rb_mix_settings s = {.mixup_alpha = 1, .cutmix_alpha = 1, .prob = 0.7, .switch_prob = 0.2};
    int mixed = 0, cut = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        rb_mix m = rb_mix_draw(&s, 1, 0, i, 64, 64);
        mixed += m.own < 1 || m.cut;
        cut += m.cut;
    }
    check_near("mixed", mixed, 0.7 * DRAWS, 0, 4 * sqrt(DRAWS * 0.7 * 0.3));
    check_near("cut", cut, 0.2 * mixed, 0, 4 * sqrt(DRAWS * 0.7 * 0.2 * 0.8));
    s = (rb_mix_settings){.cutmix_alpha = 1, .prob = 1, .switch_prob = 0};
    assert_true(rb_mix_draw(&s, 1, 0, 0, 64, 64).cut);
    assert_true(rb_mix_wanted(&s));
    s.prob = 0;
    assert_false(rb_mix_wanted(&s));
    assert_true(rb_mix_draw(&s, 1, 0, 0, 64, 64).own == 1);
}

static bool same(rb_mix x, rb_mix y)
{
    return x.own == y.own && x.cut == y.cut && x.top == y.top && x.left == y.left;
}

static void a_draw_is_a_function_of_its_place(void **state)
{
    (void)state;
    rb_mix_settings s = {.mixup_alpha = 0.4, .cutmix_alpha = 1, .prob = 1, .switch_prob = 0.5};
    rb_mix one = rb_mix_draw(&s, 1, 2, 3, 64, 64);
    assert_true(same(one, rb_mix_draw(&s, 1, 2, 3, 64, 64)));
    assert_false(same(one, rb_mix_draw(&s, 4, 2, 3, 64, 64)));
    assert_false(same(one, rb_mix_draw(&s, 1, 4, 3, 64, 64)));
    assert_false(same(one, rb_mix_draw(&s, 1, 2, 4, 64, 64)));
}

// ---- batches -------------------------------------------------------------------------------------------------------

enum { N = 5, H = 4, W = 3, C = 3, SIZE = H * W * C };

static void fill(uint8_t *pixels)
{
    for (int i = 0; i < N * SIZE; i++) pixels[i] = (uint8_t)(i * 37 % 251);
}

static void a_rectangle_comes_from_the_other_picture(void **state)
{
    (void)state;
    uint8_t pixels[N * SIZE], out[N * SIZE];
    const bool bad[N] = {false};
    fill(pixels);
    rb_mix m = {.own = 0.5, .cut = true, .top = 1, .bottom = 3, .left = 1, .right = 3};
    rb_mix_pixels(&m, &(rb_mixed_batch){N, H, W, C, pixels, bad}, out);
    for (int i = 0; i < N; i++)
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                for (int c = 0; c < C; c++) {
                    bool inside = y >= 1 && y < 3 && x >= 1;
                    int from = inside ? N - 1 - i : i, at = (y * W + x) * C + c;
                    assert_int_equal(out[i * SIZE + at], pixels[from * SIZE + at]);
                }
}

// Row 3 could not be read: it and row 1 stay what they are. The middle one meets itself.
static void a_bad_picture_is_mixed_with_nothing(void **state)
{
    (void)state;
    uint8_t pixels[N * SIZE], out[N * SIZE];
    const bool bad[N] = {[3] = true};
    fill(pixels);
    memset(pixels + 3 * SIZE, 0, SIZE);
    const rb_mix mixes[] = {{.own = 0.25}, {.own = 0.25, .cut = true, .bottom = H, .right = W}};
    for (int k = 0; k < 2; k++) {
        rb_mixed_batch b = {N, H, W, C, pixels, bad};
        float targets[] = {1, 1, 0, 0, 0};
        rb_mix_pixels(&mixes[k], &b, out);
        rb_mix_targets(&mixes[k], &b, 1, targets);
        for (int i = 1; i <= 3; i++) assert_memory_equal(out + i * SIZE, pixels + i * SIZE, SIZE);
        assert_memory_not_equal(out, pixels, SIZE);
        assert_memory_not_equal(out + 4 * SIZE, pixels + 4 * SIZE, SIZE);
        const float want[] = {0.25f, 1, 0, 0, 0.75f};
        assert_memory_equal(targets, want, sizeof want);
    }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    uint8_t pixels[N * SIZE], out[2][N * SIZE];
    const bool bad[N] = {false};
    fill(pixels);
    for (int k = 0; k < 2; k++) {
        rb_parallel_threads(k ? 3 : 1);
        rb_mix_pixels(&(rb_mix){.own = 0.37}, &(rb_mixed_batch){N, H, W, C, pixels, bad}, out[k]);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rectangles_equal_timms),
        cmocka_unit_test(blends_equal_timms),
        cmocka_unit_test(targets_equal_timms),
        cmocka_unit_test(shares_are_from_beta),
        cmocka_unit_test(the_smallest_alpha_draws_numbers),
        cmocka_unit_test(probabilities_are_kept),
        cmocka_unit_test(a_draw_is_a_function_of_its_place),
        cmocka_unit_test(a_rectangle_comes_from_the_other_picture),
        cmocka_unit_test(a_bad_picture_is_mixed_with_nothing),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
