// SPDX-License-Identifier: Apache-2.0
// test_overlay.c - a heat map over a picture: where its colours are, how strong, and in which order.
#include "check.h"

#include "report/overlay.h"

#include <string.h>

static rb_image flat(rb_arena *a, int h, int w, uint8_t r, uint8_t g, uint8_t b)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * 3), h, w, 3};
    for (int i = 0; i < h * w; i++) memcpy(out.pixels + 3 * i, (uint8_t[]){r, g, b}, 3);
    return out;
}

static const uint8_t *at(const rb_image *p, int y, int x)
{
    return p->pixels + 3 * (y * p->w + x);
}

static double light_of(const uint8_t *p)
{
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
}

static int far_from_grey(const uint8_t *p)
{
    int least = p[0] < p[1] ? p[0] : p[1], most = p[0] > p[1] ? p[0] : p[1];
    if (p[2] < least) least = p[2];
    if (p[2] > most) most = p[2];
    return most - least;
}

static void check_pixel(const uint8_t *got, int r, int g, int b)
{
    if (got[0] != r || got[1] != g || got[2] != b)
        fail_msg("(%d %d %d), not (%d %d %d)", got[0], got[1], got[2], r, g, b);
}

static void nothing_is_grey(void **state)
{
    (void)state;
    static const float none[4];
    rb_arena *a = rb_arena_open();
    rb_image picture = flat(a, 5, 3, 200, 100, 0), out = rb_overlay(a, &picture, (rb_cam){none, 2, 2});
    for (int i = 0; i < 15; i++) check_pixel(at(&out, i / 3, i % 3), 119, 119, 119); // .299 R + .587 G
    check_pixel(at(&picture, 0, 0), 200, 100, 0);
    rb_arena_close(a);
}

// By hand: of yellow, (255 232 96), .85 / 1.3 lie over the picture, black here.
static void the_hottest_place_is_yellow(void **state)
{
    (void)state;
    static const float map[6] = {0, 0, 0, 0, 7, 0}; // rows of three
    rb_arena *a = rb_arena_open();
    rb_image black = flat(a, 10, 15, 0, 0, 0), out = rb_overlay(a, &black, (rb_cam){map, 2, 3});
    check_pixel(at(&out, 9, 7), 167, 152, 63);
    check_pixel(at(&out, 0, 0), 0, 0, 0);
    check_pixel(at(&out, 9, 0), 0, 0, 0);
    check_pixel(at(&out, 9, 14), 0, 0, 0);
    check_pixel(at(&out, 0, 7), 0, 0, 0);
    rb_arena_close(a);
}

static void brighter_is_hotter_and_covers_more(void **state)
{
    (void)state;
    enum { STEPS = 200 };
    rb_arena *a = rb_arena_open();
    float map[STEPS];
    for (int i = 0; i < STEPS; i++) map[i] = (float)i / (STEPS - 1);
    rb_image black = flat(a, 1, STEPS, 0, 0, 0), out = rb_overlay(a, &black, (rb_cam){map, 1, STEPS});
    double last = -1;
    for (int i = 0; i < STEPS; i++) {
        double light = light_of(at(&out, 0, i));
        if (light < last) fail_msg("step %d has %.1f after %.1f", i, light, last);
        last = light;
    }
    rb_image white = flat(a, 1, STEPS, 255, 255, 255);
    out = rb_overlay(a, &white, (rb_cam){map, 1, STEPS});
    int before = 0;
    for (int i = 0; i < STEPS / 2; i++) { // towards violet and red each step has more colour
        int colour = far_from_grey(at(&out, 0, i));
        if (colour < before - 1) fail_msg("step %d has a colour of %d after %d", i, colour, before);
        before = colour;
    }
    for (int i = 1; i < RB_HEAT_COLOURS; i++)
        assert_true(light_of(rb_heat_colours[i]) > light_of(rb_heat_colours[i - 1]) + 15);
    rb_arena_close(a);
}

// What a place of a stretched map has, a cell of that heat has by itself.
static void between_cells_heat_is_linear(void **state)
{
    (void)state;
    static const float corner[4] = {1, 0, 0, 0};
    static const struct {
        int y, x;
        float heat;
    } places[] = {{0, 0, 1}, {0, 1, 0.75f}, {1, 1, 0.5625f}, {1, 2, 0.1875f}, {2, 2, 0.0625f}, {3, 3, 0}};
    rb_arena *a = rb_arena_open();
    rb_image picture = flat(a, 4, 4, 90, 90, 90), pair = flat(a, 1, 2, 90, 90, 90);
    rb_image out = rb_overlay(a, &picture, (rb_cam){corner, 2, 2});
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const float cells[2] = {1, places[i].heat};
        rb_image alone = rb_overlay(a, &pair, (rb_cam){cells, 1, 2});
        const uint8_t *want = at(&alone, 0, 1);
        check_pixel(at(&out, places[i].y, places[i].x), want[0], want[1], want[2]);
    }
    rb_arena_close(a);
}

static void only_shares_of_the_maximum_count(void **state)
{
    (void)state;
    static const float small[6] = {0, 1e-30f, 2e-30f, 3e-30f, 4e-30f, 1e-30f},
                       large[6] = {0, 1e30f, 2e30f, 3e30f, 4e30f, 1e30f};
    rb_arena *a = rb_arena_open();
    rb_image picture = flat(a, 7, 9, 10, 200, 90);
    rb_image one = rb_overlay(a, &picture, (rb_cam){small, 2, 3}), two = rb_overlay(a, &picture, (rb_cam){large, 2, 3});
    for (int i = 0; i < 7 * 9 * 3; i++) assert_in_range(one.pixels[i] + 1 - two.pixels[i], 0, 2);
    assert_true(far_from_grey(at(&one, 6, 4)) > 60);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_grey),
        cmocka_unit_test(the_hottest_place_is_yellow),
        cmocka_unit_test(brighter_is_hotter_and_covers_more),
        cmocka_unit_test(between_cells_heat_is_linear),
        cmocka_unit_test(only_shares_of_the_maximum_count),
    };
    return check_run("overlay", tests);
}
