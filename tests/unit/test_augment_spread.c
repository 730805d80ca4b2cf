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

// The linear part of a warp, out to in, and where the middle comes from.
typedef struct seen {
    double xx, xy, yx, yy, x, y;
} seen;

static seen seen_in(rb_arena *a, const rb_augment_step *step, uint32_t draw)
{
    const int side = 101;
    float x[3][101], y[3][101];
    rb_rng random = numbers_of(draw);
    rb_warp warp = step->augment->warp(step->cfg, &random, a, side, side);
    for (int i = 0; i < 3; i++) warp.row(warp.context, 50 * i, side, x[i], y[i]);
    return (seen){(x[1][100] - x[1][0]) / 100.0,
                  (x[2][50] - x[0][50]) / 100.0,
                  (y[1][100] - y[1][0]) / 100.0,
                  (y[2][50] - y[0][50]) / 100.0,
                  x[1][50] - 50,
                  y[1][50] - 50};
}

static double angle_in(seen s)
{
    return atan2(s.yx, s.xx) * 180 / pi;
}

static double scale_in(seen s)
{
    return 1 / hypot(s.xx, s.yx);
}

static double height_scale_in(seen s)
{
    return 1 / s.yy;
}

static double right_in(seen s)
{
    return -s.x / 101;
}

static double down_in(seen s)
{
    return -s.y / 101;
}

static double shear_in(seen s) // of columns: the inverse is [1 -p; -q 1] / det
{
    return atan(-s.xy / s.xx) * 180 / pi;
}

static double row_shear_in(seen s)
{
    return atan(-s.yx / s.yy) * 180 / pi;
}

static void affine_parameters_are_uniform(void **state)
{
    static const struct {
        const char *name, *with;
        double (*value)(seen s);
        double from, to;
    } cases[] = {
        {"ShiftScaleRotate", NULL, angle_in, -45, 45},
        {"ShiftScaleRotate", NULL, scale_in, 0.9, 1.1},
        {"ShiftScaleRotate", "rotate_limit=0 scale_limit=0", right_in, -0.0625, 0.0625},
        {"ShiftScaleRotate", "rotate_limit=0 scale_limit=0", down_in, -0.0625, 0.0625},
        {"Affine", "scale=0.7,1.2", scale_in, 0.7, 1.2},
        {"Affine", "scale=0.7,1.2", height_scale_in, 0.7, 1.2},
        {"Affine", "translate_percent=-0.1,0.3", right_in, -0.1, 0.3},
        {"Affine", "translate_percent=-0.1,0.3", down_in, -0.1, 0.3},
        {"Affine", "rotate=-20,50", angle_in, -20, 50},
        {"Affine", "shear=5,25", shear_in, 5, 25},
        {"Affine", "shear=5,25", row_shear_in, 5, 25},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const rb_augment_step *step = one_step(*state, cases[i].name, cases[i].with);
        spread_of spread = {0};
        for (uint32_t draw = 0; draw < 2000; draw++) take(&spread, cases[i].value(seen_in(*state, step, draw)));
        check_uniform(cases[i].name, spread, cases[i].from, cases[i].to, 1e-5 * (cases[i].to - cases[i].from));
    }
}

// Two draws of one range are not the same number, but with keep_ratio.
static void sides_scale_apart_unless_asked(void **state)
{
    for (int keep = 0; keep < 2; keep++) {
        const rb_augment_step *step =
            one_step(*state, "Affine", keep ? "scale=0.5,1.5 keep_ratio=true" : "scale=0.5,1.5");
        int apart = 0;
        for (uint32_t draw = 0; draw < 100; draw++) {
            seen s = seen_in(*state, step, draw);
            apart += fabs(s.xx - s.yy) > 1e-4;
        }
        assert_true(keep ? !apart : apart > 90);
    }
}

static void parts_are_spread_over_sizes_and_places(void **state)
{
    const rb_augment_step *step = one_step(*state, "RandomResizedCrop", "scale=0.2,0.4 ratio=0.5,2");
    const int side = 401;
    spread_of area = {0}, aspect = {0}, left = {0}, top = {0};
    for (uint32_t draw = 0; draw < 2000; draw++) {
        float x[401], y[401], last[401];
        rb_rng random = numbers_of(draw);
        rb_warp warp = step->augment->warp(step->cfg, &random, *state, side, side);
        warp.row(warp.context, side - 1, side, x, last);
        warp.row(warp.context, 0, side, x, y);
        double w = x[side - 1] - x[0] + 1, h = last[0] - y[0] + 1; // parts are smaller: they begin at their pixels
        take(&area, w * h / (side * side));
        take(&aspect, log2(w / h));
        take(&left, x[0] / (side - w));
        take(&top, y[0] / (side - h));
    }
    check_uniform("area", area, 0.2, 0.4, 0.005);
    check_uniform("aspect", aspect, -1, 1, 0.01);
    check_uniform("left", left, 0, 1, 0.005);
    check_uniform("top", top, 0, 1, 0.005);
}

// ---- the same bytes everywhere -------------------------------------------------------------------------------------

// What gcc 12 and clang 14 both gave at -O3 -march=native on x86-64: a change of numbers is one of every training run.
#define GOLDEN 0x22bb51d7b657e70eu

static void all_builds_give_the_same_bytes(void **state)
{
    static const rb_step_row bends[] = {
        {.name = "ElasticTransform", .with = "p=0.7 alpha=150 sigma=7.5 alpha_affine=4.5"},
        {.name = "GridDistortion", .with = "p=0.7"},
        {.name = "OpticalDistortion", .with = "p=0.7 distort_limit=1.5"},
        {0}};
    static const rb_step_row rows[] = {{.name = "RandomRotate90", .with = "p=0.7"},
                                       {.name = "Rotate", .with = "p=0.7 limit=90"},
                                       {.name = "OneOf", .with = "p=0.9", .steps = bends},
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

static void new_ones_give_the_same_bytes_too(void **state)
{
    static const struct {
        const char *name, *with;
        uint64_t hash; // of 40 pictures
    } want[] = {
        {"ShiftScaleRotate", NULL, 0x6d0d5510565b0b28},
        {"Affine", NULL, 0xc283e71b4071cb15},
        {"RandomResizedCrop", NULL, 0xc6d34ef059db7e88},
        {"CoarseDropout", "hole_height_range=0.05,0.3 num_holes_range=1,5", 0xc0bdc03b67440cd6},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const rb_augment_step *step = one_step(*state, want[i].name, want[i].with);
        uint64_t hash = HASH_BEGIN;
        for (uint32_t draw = 0; draw < 40; draw++) {
            rb_image out = run_step(*state, step, draw, noise_picture(*state, 40 + (int)draw, 53, draw % 2 ? 3 : 1));
            hash = hash_picture(hash, &out);
        }
        if (hash != want[i].hash) fail_msg("%s: 0x%016llx", want[i].name, (unsigned long long)hash);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(angles_are_uniform),
        TEST(grid_steps_are_uniform),
        TEST(lenses_are_uniform),
        TEST(elastic_displacements_have_their_size),
        TEST(affine_parameters_are_uniform),
        TEST(sides_scale_apart_unless_asked),
        TEST(parts_are_spread_over_sizes_and_places),
        TEST(new_ones_give_the_same_bytes_too),
        TEST(all_builds_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
