// SPDX-License-Identifier: Apache-2.0
// Geometric transforms: how their parameters are spread, read off pictures, and the bytes of a whole pipeline.
#include "augments.h"

static const double pi = 3.14159265358979323846;

typedef struct spread_of {
    double sum, least, most;
    int count;
} spread_of;

static void take(spread_of *s, double value)
{
    s->least = s->count ? fmin(s->least, value) : value;
    s->most = s->count ? fmax(s->most, value) : value;
    s->sum += value;
    s->count++;
}

// Uniform in from..to as read off pictures, each reading within `blur`.
static void check_uniform(const char *what, spread_of s, double from, double to, double blur)
{
    double middle = 0.5 * (from + to), width = to - from;
    check_near(what, s.sum / s.count, middle, 0, 4 * width / sqrt(12.0 * s.count));
    assert_true(s.least >= from - blur && s.most <= to + blur);
    assert_true(s.least <= from + 0.02 * width + blur && s.most >= to - 0.02 * width - blur);
}

static rb_image ramp(rb_arena *a, int h, int w, double from, double slope)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w), h, w, 1};
    for (int i = 0; i < h * w; i++) out.pixels[i] = (uint8_t)lrint(from + slope * (i % w));
    return out;
}

static void angles_are_uniform(void **state)
{
    const rb_augment_step *step = one_step(*state, "Rotate", "limit=60");
    rb_image in = ramp(*state, 65, 65, 0, 3); // 3 levels a pixel: along x before, along (cos, -sin) after
    spread_of angles = {0};
    for (uint32_t draw = 0; draw < 2000; draw++) {
        rb_image out = run_step(*state, step, draw, in);
        const uint8_t *at = out.pixels + 32 * 65 + 32;
        take(&angles, atan2(at[-20 * 65] - at[20 * 65], at[20] - at[-20]) * 180 / pi);
    }
    check_uniform("angle", angles, -60, 60, 1);
}

static void grid_steps_are_uniform(void **state)
{
    const rb_augment_step *step = one_step(*state, "GridDistortion", NULL);
    rb_image in = ramp(*state, 1, 101, 0, 2);
    spread_of steps = {0};
    for (uint32_t draw = 0; draw < 2000; draw++)
        take(&steps, run_step(*state, step, draw, in).pixels[20] / 2.0 / 20); // the first of five cells ends here
    check_uniform("step", steps, 0.7, 1.3, 0.02);
}

static void lenses_are_uniform(void **state)
{
    const rb_augment_step *step = one_step(*state, "OpticalDistortion", "distort_limit=4 shift_limit=0");
    rb_image in = ramp(*state, 1, 121, 8, 2);
    double r = 30 / 121.0, bend = 30 * 2 * (r * r + r * r * r * r); // levels that k = 1 changes 30 pixels out
    spread_of lenses = {0};
    for (uint32_t draw = 0; draw < 2000; draw++)
        take(&lenses, (run_step(*state, step, draw, in).pixels[90] - (8 + 2 * 90)) / bend);
    check_uniform("k", lenses, -4, 4, 1 / bend);
}

// A Gaussian of sigma leaves U(-1, 1) a deviation of 1 / sqrt(3) / (2 sqrt(pi) sigma) away from edges.
static void elastic_displacements_have_their_size(void **state)
{
    const rb_augment_step *step = one_step(*state, "ElasticTransform", "alpha=60 sigma=4 alpha_affine=0");
    rb_image in = ramp(*state, 81, 81, 0, 3);
    double sum = 0, squares = 0;
    const int n = 400;
    for (uint32_t draw = 0; draw < (uint32_t)n; draw++) {
        double dx = (run_step(*state, step, draw, in).pixels[40 * 81 + 40] - 120) / 3.0;
        sum += dx, squares += dx * dx;
    }
    double want = 60 / sqrt(3) / (2 * sqrt(pi) * 4);
    check_near("mean", sum / n, 0, 0, 4 * want / sqrt(n));
    check_near("deviation", sqrt(squares / n), want, 4 / sqrt(2.0 * n), 0); // its own deviation: 1 / sqrt(2 n)
}

// ---- the same bytes everywhere -------------------------------------------------------------------------------------

// What gcc 12 and clang 14 both gave at -O3 -march=native on x86-64: a change of numbers is one of every training run.
#define GOLDEN 0x22bb51d7b657e70eu

static void all_builds_give_the_same_bytes(void **state)
{
    static const rb_step_row bends[] = {
        {.name = "ElasticTransform", .p = 0.7, .with = "alpha=150 sigma=7.5 alpha_affine=4.5"},
        {.name = "GridDistortion", .p = 0.7},
        {.name = "OpticalDistortion", .p = 0.7, .with = "distort_limit=1.5"},
        {0}};
    static const rb_step_row rows[] = {{.name = "RandomRotate90", .p = 0.7},
                                       {.name = "Rotate", .p = 0.7, .with = "limit=90"},
                                       {.name = "OneOf", .p = 0.9, .steps = bends},
                                       {.name = "VerticalFlip"},
                                       {0}};
    rb_pipeline p;
    rb_error err;
    check_done(rb_pipeline_build(*state, rows, "test", &p, &err), err);
    uint64_t hash = HASH_BEGIN;
    for (uint32_t draw = 0; draw < 40; draw++) {
        rb_image image = gradient_picture(*state, 96, 96, draw % 2 ? 3 : 1);
        rb_pipeline_run(&p, 1, draw, 2, *state, &image);
        hash = hash_picture(hash, &image);
    }
    if (hash != GOLDEN) fail_msg("0x%016llx", (unsigned long long)hash);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(angles_are_uniform),
        TEST(grid_steps_are_uniform),
        TEST(lenses_are_uniform),
        TEST(elastic_displacements_have_their_size),
        TEST(all_builds_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
