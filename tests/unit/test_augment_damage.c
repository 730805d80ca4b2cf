// SPDX-License-Identifier: Apache-2.0
// Holes in pictures and what JPEG leaves of them.
#include "augments.h"

// ---- CoarseDropout -------------------------------------------------------------------------------------------------

static rb_image white(rb_arena *a, int h, int w, int c)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * c), h, w, c};
    memset(out.pixels, 255, (size_t)(h * w * c));
    return out;
}

static int clamped(int v, int most)
{
    return v < 1 ? 1 : v > most ? most : v;
}

// Holes as the settings draw them, pixel by pixel.
static void holes_are_where_they_were_drawn(void **state)
{
    static const int shapes[][3] = {{1, 1, 3}, {1, 9, 1}, {5, 2, 3}, {20, 33, 1}, {48, 31, 3}};
    const rb_augment_step *step =
        one_step(*state, "CoarseDropout", "num_holes_range=1,3 hole_height_range=2,6 hole_width_range=0.1,0.5 fill=7");
    for (int s = 0; s < 5; s++)
        for (uint32_t draw = 0; draw < 50; draw++) {
            rb_image in = noise_picture(*state, shapes[s][0], shapes[s][1], shapes[s][2]);
            rb_image got = run_step(*state, step, draw, in);
            rb_rng random = numbers_of(draw);
            for (int n = 1 + rb_rng_below(&random, 3); n > 0; n--) {
                int h = clamped(2 + rb_rng_below(&random, 5), in.h);
                int w = clamped((int)floor(rb_rng_between(&random, 0.1, 0.5) * in.w), in.w);
                int top = rb_rng_below(&random, in.h - h + 1), left = rb_rng_below(&random, in.w - w + 1);
                for (int i = 0; i < in.h * in.w * in.c; i++) {
                    int y = i / in.c / in.w, x = i / in.c % in.w;
                    if (y >= top && y < top + h && x >= left && x < left + w) in.pixels[i] = 7;
                }
            }
            assert_memory_equal(got.pixels, in.pixels, (size_t)(in.h * in.w * in.c));
        }
}

static void holes_are_spread_evenly(void **state)
{
    const rb_augment_step *step = one_step(*state, "CoarseDropout", "num_holes_range=1,1 hole_height_range=3,6");
    const int draws = 8000;
    int heights[7] = {0}, tops[8] = {0}, of_3 = 0, corner = 0;
    for (uint32_t draw = 0; draw < (uint32_t)draws; draw++) {
        rb_image out = run_step(*state, step, draw, white(*state, 10, 10, 1));
        int first = 0, last = 99;
        while (out.pixels[first]) first++;
        while (out.pixels[last]) last--;
        int h = last / 10 - first / 10 + 1, w = last % 10 - first % 10 + 1; // rows of a hole are all the same
        assert_int_equal(w, 8);
        assert_in_range(h, 3, 6);
        heights[h]++;
        if (h == 3) of_3++, tops[first / 10]++;
        corner += first % 10 == 0;
        rb_arena_reset(*state);
        step = one_step(*state, "CoarseDropout", "num_holes_range=1,1 hole_height_range=3,6");
    }
    for (int h = 3; h <= 6; h++) check_near("height", heights[h], draws / 4.0, 0, 4 * sqrt(draws * 0.25 * 0.75));
    for (int t = 0; t < 8; t++) check_near("top", tops[t], of_3 / 8.0, 0, 4 * sqrt(of_3 / 8.0));
    check_near("left", corner, draws / 3.0, 0, 4 * sqrt(draws * 2 / 9.0));
}

static void eight_black_holes_by_default(void **state)
{
    const rb_augment_step *step = one_step(*state, "CoarseDropout", NULL);
    int most = 0;
    for (uint32_t draw = 0; draw < 100; draw++) {
        rb_image out = run_step(*state, step, draw, white(*state, 200, 300, 1));
        int black = 0;
        for (int i = 0; i < 200 * 300; i++) {
            assert_true(out.pixels[i] == 0 || out.pixels[i] == 255);
            black += !out.pixels[i];
        }
        most = black > most ? black : most;
    }
    assert_int_equal(most, 8 * 8 * 8); // holes that do not meet
}

// ---- ImageCompression ----------------------------------------------------------------------------------------------

static rb_image stored(rb_arena *a, rb_image in, int quality)
{
    rb_error err;
    rb_bytes file;
    rb_image out;
    check_done(rb_image_encode_jpeg(a, &in, quality, &file, &err), err);
    check_done(rb_image_decode(a, file, in.c, &out, &err), err);
    return out;
}

static double distance(rb_image p, rb_image q)
{
    double sum = 0;
    for (int i = 0; i < p.h * p.w * p.c; i++) sum += fabs(p.pixels[i] - (double)q.pixels[i]);
    return sum / (p.h * p.w * p.c);
}

static void compression_is_a_round_trip(void **state)
{
    static const int shapes[][3] = {{1, 1, 3}, {1, 9, 1}, {17, 33, 3}, {48, 31, 1}};
    const rb_augment_step *step = one_step(*state, "ImageCompression", "quality_range=20,22");
    for (int s = 0; s < 4; s++) {
        rb_image in = gradient_picture(*state, shapes[s][0], shapes[s][1], shapes[s][2]);
        int met[3] = {0};
        for (uint32_t draw = 0; draw < 60; draw++) {
            rb_rng random = numbers_of(draw);
            int k = rb_rng_below(&random, 3);
            rb_image out = run_step(*state, step, draw, in), want = stored(*state, in, 20 + k);
            assert_memory_equal(out.pixels, want.pixels, (size_t)(in.h * in.w * in.c));
            met[k]++;
        }
        assert_true(met[0] > 8 && met[1] > 8 && met[2] > 8);
    }
}

static void lower_qualities_lose_more(void **state)
{
    rb_image in = gradient_picture(*state, 64, 64, 3);
    double last = 0;
    static const char *const qualities[] = {"quality_range=99,100", "quality_range=60", "quality_range=10"};
    for (int i = 0; i < 3; i++) {
        double lost = distance(run_step(*state, one_step(*state, "ImageCompression", qualities[i]), 0, in), in);
        assert_true(lost > 1.5 * last);
        last = lost;
    }
    assert_true(last > 3);
}

// A side of 70000 pixels is none that JPEG knows.
static void what_cannot_be_stored_stays(void **state)
{
    rb_image in = white(*state, 1, 70000, 1);
    in.pixels[5] = 3;
    rb_image out = run_step(*state, one_step(*state, "ImageCompression", "quality_range=1"), 0, in);
    assert_memory_equal(out.pixels, in.pixels, 70000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(holes_are_where_they_were_drawn), TEST(holes_are_spread_evenly),   TEST(eight_black_holes_by_default),
        TEST(compression_is_a_round_trip),     TEST(lower_qualities_lose_more), TEST(what_cannot_be_stored_stays),
    };
    return cmocka_run_group_tests_name("augment, holes and JPEG", tests, NULL, NULL);
}
