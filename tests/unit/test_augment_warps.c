// SPDX-License-Identifier: Apache-2.0
// Geometric steps composed: one sampling instead of several, and pictures otherwise as they were.
#include "sampled.h"

#include <stdlib.h>

static const struct shape {
    int h, w, c;
} shapes[] = {{1, 1, 3}, {1, 6, 1}, {7, 2, 3}, {16, 16, 1}, {25, 25, 3}, {31, 48, 3}};
#define SHAPES ((int)(sizeof shapes / sizeof *shapes))

// A pipeline of steps that always fire.
static rb_pipeline built(rb_arena *a, const char *const (*steps)[2], bool compose)
{
    rb_step_row rows[9] = {{0}};
    for (int i = 0; steps[i][0]; i++)
        rows[i] =
            (rb_step_row){.name = steps[i][0], .with = rb_text_format(a, "p=1 %s", steps[i][1] ? steps[i][1] : "")};
    rb_pipeline p;
    rb_error err;
    check_done(rb_pipeline_build(a, rows, "test", &p, &err), err);
    assert_false(p.compose);
    p.compose = compose;
    return p;
}

static rb_image run(rb_arena *a, const char *const (*steps)[2], bool compose, uint32_t draw, rb_image in)
{
    rb_image image = picture_like(a, in);
    rb_pipeline p = built(a, steps, compose);
    rb_pipeline_run(&p, SEED, draw, 0, a, &image);
    return image;
}

static bool same(rb_image p, rb_image q)
{
    return !memcmp(p.pixels, q.pixels, (size_t)p.h * (size_t)p.w * (size_t)p.c);
}

// ---- exact moves ---------------------------------------------------------------------------------------------------

static void warps_of_exact_moves_are_exact(void **state)
{
    static const char *const names[] = {"HorizontalFlip", "VerticalFlip", "RandomRotate90"};
    for (int n = 0; n < 3; n++)
        for (int s = 0; s < SHAPES; s++)
            for (uint32_t draw = 0; draw < 12; draw++) {
                const rb_augment *augment = one_step(*state, names[n], NULL)->augment;
                rb_image moved = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c);
                rb_image sampled_there = picture_like(*state, moved);
                rb_rng random = numbers_of(draw), again = random;
                augment->apply(NULL, &random, *state, &moved);
                rb_remap(*state, &sampled_there, augment->warp(NULL, &again, *state, moved.h, moved.w));
                assert_true(same(moved, sampled_there));
                assert_memory_equal(&random, &again, sizeof again);
            }
}

static void flips_and_right_angles_stay_exact(void **state)
{
    static const char *const flip[][2] = {{"HorizontalFlip"}, {NULL}};
    static const char *const many[][2] = {{"RandomRotate90"}, {"HorizontalFlip"}, {"RandomRotate90"},
                                          {"VerticalFlip"},   {"RandomRotate90"}, {NULL}};
    for (int s = 0; s < SHAPES; s++)
        for (uint32_t draw = 0; draw < 40; draw++) {
            rb_image in = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c);
            assert_true(same(run(*state, flip, true, draw, in), run(*state, flip, false, draw, in)));
            assert_true(same(run(*state, many, true, draw, in), run(*state, many, false, draw, in)));
        }
}

// Steps that stand alone, or between others, are what they are without composing.
static void single_steps_do_not_change(void **state)
{
    static const char *const apart[][2] = {{"Rotate"},           {"Blur"}, {"GridDistortion"}, {"Sharpen"},
                                           {"ElasticTransform"}, {NULL}};
    rb_image in = noise_picture(*state, 31, 48, 3);
    for (uint32_t draw = 0; draw < 10; draw++)
        assert_true(same(run(*state, apart, true, draw, in), run(*state, apart, false, draw, in)));
}

// ---- rotations -----------------------------------------------------------------------------------------------------

static void turn_place(const rb_image *in, double degrees, double *x, double *y)
{
    double c = cos(degrees * pi / 180), s = sin(degrees * pi / 180), cx = (in->w - 1) / 2.0, cy = (in->h - 1) / 2.0;
    double right = *x - cx, down = *y - cy;
    *x = cx + c * right - s * down;
    *y = cy + s * right + c * down;
}

// Whether out[i j] of a turn comes from inside the picture, so that no mirrored pixel is met on the way.
static bool comes_from_inside(const rb_image *in, double degrees, int i, int j)
{
    double x = j, y = i;
    turn_place(in, degrees, &x, &y);
    return x >= 0 && y >= 0 && x <= in->w - 1 && y <= in->h - 1;
}

// Pictures of noise, where a blur of any kind would show.
static void check_two_turns(rb_arena *a, double first, double then)
{
    const char *turn1 = rb_text_format(a, "limit=%g,%g", first, first);
    const char *turn2 = rb_text_format(a, "limit=%g,%g", then, then);
    const char *turned = rb_text_format(a, "limit=%g,%g", first + then, first + then);
    const char *const two[][2] = {{"Rotate", turn1}, {"Rotate", turn2}, {NULL}};
    const char *const one[][2] = {{"Rotate", turned}, {NULL}};
    rb_image in = noise_picture(a, 41, 56, 3);
    rb_image got = run(a, two, true, 0, in), want = run(a, one, false, 0, in);
    int compared = 0;
    for (int i = 0; i < in.h * in.w * in.c; i++) {
        if (!comes_from_inside(&in, then, i / 3 / in.w, i / 3 % in.w)) continue;
        if (abs(got.pixels[i] - want.pixels[i]) > 1)
            fail_msg("%g and %g: [%d] %d, not %d", first, then, i, got.pixels[i], want.pixels[i]);
        compared++;
    }
    assert_true(compared > in.h * in.w * 3 / 2);
}

static void two_turns_are_one(void **state)
{
    check_two_turns(*state, 30, -30);
    check_two_turns(*state, -77, 77);
    check_two_turns(*state, 20, 25);
    check_two_turns(*state, 160, 170);
}

static double roughness(rb_image m)
{
    double sum = 0;
    for (int i = 0; i + 1 < m.h * m.w; i++) sum += pow(m.pixels[i] - m.pixels[i + 1], 2);
    return sum / (m.h * m.w);
}

static void composing_blurs_less(void **state)
{
    static const char *const turns[][2] = {
        {"Rotate", "limit=15,15"}, {"Rotate", "limit=15,15"}, {"Rotate", "limit=15,15"}, {NULL}};
    rb_image in = noise_picture(*state, 96, 96, 1);
    assert_true(roughness(run(*state, turns, true, 0, in)) > 2.5 * roughness(run(*state, turns, false, 0, in)));
}

// ---- beside the formula --------------------------------------------------------------------------------------------

static double fold(double at, int n)
{
    if (n == 1) return 0;
    double away = fmod(fabs(at), 2 * (n - 1));
    return away <= n - 1 ? away : 2 * (n - 1) - away;
}

// One map at a place of the other.
static double interpolated(const double *map, const rb_image *in, double x, double y)
{
    x = fold(x, in->w), y = fold(y, in->h);
    int a = (int)x, b = (int)y, a1 = a + 1 < in->w ? a + 1 : a, b1 = b + 1 < in->h ? b + 1 : b;
    double u = x - a, v = y - b;
    return (1 - v) * ((1 - u) * map[b * in->w + a] + u * map[b * in->w + a1]) +
           v * ((1 - u) * map[b1 * in->w + a] + u * map[b1 * in->w + a1]);
}

static void lens_place(const rb_image *in, double k, double shift, double *x, double *y)
{
    double mx = 0.5 * (in->w - 1), my = 0.5 * (in->h - 1), right = *x - mx, down = *y - my;
    double r2 = pow(right / in->w, 2) + pow(down / in->h, 2), s = 1 + k * r2 + k * r2 * r2;
    *x = mx + shift + right * s;
    *y = my + shift + down * s;
}

static void turn_33(const rb_image *in, double *x, double *y)
{
    turn_place(in, 33, x, y);
}

static void bend(const rb_image *in, double *x, double *y)
{
    lens_place(in, 0.8, 2, x, y);
}

static void mirror(const rb_image *in, double *x, double *y)
{
    (void)y;
    *x = in->w - 1 - *x;
}

static void turn_back_20(const rb_image *in, double *x, double *y)
{
    turn_place(in, -20, x, y);
}

static void warps_follow_each_other_by_formula(void **state)
{
    static const char *const steps[][2] = {{"Rotate", "limit=33,33"},
                                           {"OpticalDistortion", "distort_limit=0.8,0.8 shift_limit=2,2"},
                                           {"HorizontalFlip"},
                                           {"Rotate", "limit=-20,-20"},
                                           {NULL}};
    static void (*const places[])(const rb_image *in, double *x, double *y) = {turn_33, bend, mirror, turn_back_20};
    for (int s = 0; s < SHAPES; s++) {
        rb_image in = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c);
        field all = new_field(*state, &in);
        for (int n = 0; n < 4; n++) {
            field next = new_field(*state, &in);
            for (int i = 0; i < in.h * in.w; i++) {
                double x = i % in.w, y = i / in.w; // NOLINT: whole rows
                places[n](&in, &x, &y);
                next.x[i] = n ? interpolated(all.x, &in, x, y) : x;
                next.y[i] = n ? interpolated(all.y, &in, x, y) : y;
            }
            all = next;
        }
        rb_image got = run(*state, steps, true, 0, in);
        check_sampled("composed", &got, &in, all);
    }
}

// ---- the same bytes everywhere -------------------------------------------------------------------------------------

#define GOLDEN 0x92c65a1f8a87f6c4u

static void all_builds_give_the_same_bytes(void **state)
{
    static const char *const steps[][2] = {{"RandomRotate90"},
                                           {"Rotate"},
                                           {"ElasticTransform", "alpha=150 sigma=7.5 alpha_affine=4.5"},
                                           {"GridDistortion"},
                                           {"RandomBrightnessContrast"},
                                           {"VerticalFlip"},
                                           {"OpticalDistortion", "distort_limit=1.5"},
                                           {NULL}};
    uint64_t hash = HASH_BEGIN;
    for (uint32_t draw = 0; draw < 20; draw++) {
        rb_image out = run(*state, steps, true, draw, gradient_picture(*state, 64 + (int)draw, 80, draw % 2 ? 3 : 1));
        hash = hash_picture(hash, &out);
    }
    if (hash != GOLDEN) fail_msg("0x%016llx", (unsigned long long)hash);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(warps_of_exact_moves_are_exact), TEST(flips_and_right_angles_stay_exact),
        TEST(single_steps_do_not_change),     TEST(two_turns_are_one),
        TEST(composing_blurs_less),           TEST(warps_follow_each_other_by_formula),
        TEST(all_builds_give_the_same_bytes),
    };
    return cmocka_run_group_tests_name("augment, composed", tests, NULL, NULL);
}
