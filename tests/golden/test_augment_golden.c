// SPDX-License-Identifier: Apache-2.0
// Transforms beside OpenCV's results, made by make_augment_golden.py.
#include "check.h"
#include "folder.h"
#include "numbers.h"

#include "augment/augment.h"

#define FOLDER "golden/augment/"

static const rb_augment *named(const char *name)
{
    const rb_augment *const *a = rb_augments;
    while (*a && strcmp((*a)->name, name)) a++;
    if (!*a) fail_msg("no transform %s", name);
    return *a;
}

static rb_image picture(rb_arena *a, const char *name)
{
    rb_error err = {0};
    rb_bytes file;
    rb_image image = {0};
    const char *path = rb_text_format(a, FOLDER "%s", name);
    check_done(rb_file_read(a, path, 1 << 20, &file, &err), err);
    check_done(rb_image_decode(a, file, strstr(name, "colour") ? 3 : 1, &image, &err), err);
    return image;
}

static void run(rb_arena *a, const char *name, const char *keys, uint32_t draw, rb_image *image)
{
    const rb_augment *augment = named(name);
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)augment->cfg_bytes + 1);
    settings_fill(a, augment->fields, cfg, keys);
    rb_rng random = rb_rng_at(1, RB_STREAM_AUGMENT, draw, 0, 0);
    if (augment->apply)
        augment->apply(cfg, &random, a, image);
    else
        rb_remap(a, image, augment->warp(cfg, &random, a, image->h, image->w));
}

static void compare(const char *what, const rb_image *got, const rb_image *want, int largest, double mean)
{
    assert_true(got->h == want->h && got->w == want->w && got->c == want->c);
    ptrdiff_t count = (ptrdiff_t)got->h * got->w * got->c;
    double sum = 0;
    int most = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        int off = abs(got->pixels[i] - want->pixels[i]);
        if (off > largest) fail_msg("%s[%td]: %d, not %d", what, i, got->pixels[i], want->pixels[i]);
        most = off > most ? off : most;
        sum += off;
    }
    check_near(what, sum / (double)count, 0, 0, mean);
    print_message("%-32s largest %3d, mean %.4f\n", what, most, sum / (double)count); // for docs/results.md
}

static void transforms_do_as_opencv_does(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_error err = {0};
    rb_bytes file;
    check_done(rb_file_read(a, FOLDER "cases.txt", 1 << 16, &file, &err), err);
    char *at = rb_text_format(a, "%.*s", (int)file.size, (const char *)file.data);
    int count = 0;
    for (char *line; (line = strsep(&at, "\n")) && *line; count++) {
        const char *in = strsep(&line, " "), *out = strsep(&line, " ");
        int largest = atoi(strsep(&line, " "));
        double mean = strtod(strsep(&line, " "), NULL);
        const char *name = strsep(&line, " ");
        rb_image got = picture(a, in), want = picture(a, out);
        run(a, name, line ? line : "", 0, &got);
        compare(out, &got, &want, largest, mean);
    }
    assert_in_range(count, 40, 100);
}

// A map as it stands in its file: x [h w], then y, little-endian float32.
static void row_of_file(const void *context, int i, int width, float *x, float *y)
{
    const float *map = context;
    memcpy(x, map + (ptrdiff_t)i * width, (size_t)width * sizeof *x);
    memcpy(y, map + (ptrdiff_t)(29 + i) * width, (size_t)width * sizeof *y);
}

static void sampling_does_as_opencv_does(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_error err = {0};
    rb_bytes file;
    check_done(rb_file_read(a, FOLDER "map.bin", 1 << 16, &file, &err), err);
    rb_image got = picture(a, "noise.png"), want = picture(a, "noise_map.png");
    assert_int_equal(file.size, 2 * 4 * got.h * got.w);
    rb_remap(a, &got, (rb_warp){row_of_file, file.data});
    compare("map", &got, &want, 4, 1); // OpenCV rounds places to 1/32 pixel
}

// The pixels of a k x k kernel that a draw sets, from what it makes of a single bright pixel.
static uint64_t mask_of(rb_arena *a, int k, uint32_t draw)
{
    int side = 2 * k + 1;
    rb_image image = {RB_NEW(a, uint8_t, side * side), side, side, 1};
    image.pixels[k * side + k] = 255;
    run(a, "MotionBlur", rb_text_format(a, "blur_limit=%d,%d", k, k), draw, &image);
    uint64_t mask = 0;
    for (int y = 0; y < k; y++)
        for (int x = 0; x < k; x++) // a correlation shows its kernel upside down
            if (image.pixels[(k + k / 2 - y) * side + k + k / 2 - x]) mask |= UINT64_C(1) << (y * k + x);
    return mask;
}

// The points as motion_blur.c draws them: k, x0, x1, y0, y1.
static int pair_of(int k, uint32_t draw)
{
    rb_rng random = rb_rng_at(1, RB_STREAM_AUGMENT, draw, 0, 0);
    rb_rng_below(&random, 1);
    int x0 = rb_rng_below(&random, k), x1 = rb_rng_below(&random, k), y0 = rb_rng_below(&random, k);
    int y1 = rb_rng_below(&random, x0 == x1 ? k - 1 : k);
    if (x0 == x1 && y1 >= y0) y1++;
    return ((y0 * k + x0) * k + y1) * k + x1;
}

static void lines_are_those_of_opencv(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_error err = {0};
    rb_bytes file;
    check_done(rb_file_read(a, FOLDER "lines.txt", 1 << 20, &file, &err), err);
    char *at = rb_text_format(a, "%.*s", (int)file.size, (const char *)file.data);
    for (char *line; (line = strsep(&at, "\n")) && *line;) {
        int k = atoi(strsep(&line, " ")), count = 0;
        uint64_t *masks = RB_NEW(a, uint64_t, k * k * k * k);
        for (char *mask; (mask = strsep(&line, " "));) masks[count++] = strtoull(mask, NULL, 16);
        assert_int_equal(count, k * k * k * k);
        rb_arena *scratch = rb_arena_open();
        for (uint32_t draw = 0; draw < 4000; draw++) {
            uint64_t got = mask_of(scratch, k, draw), want = masks[pair_of(k, draw)];
            if (got != want) fail_msg("side %d, draw %u: %llx, not %llx", k, draw, (long long)got, (long long)want);
            rb_arena_reset(scratch);
        }
        rb_arena_close(scratch);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(transforms_do_as_opencv_does),
        TEST(sampling_does_as_opencv_does),
        TEST(lines_are_those_of_opencv),
    };
    return cmocka_run_group_tests_name("augment beside OpenCV", tests, NULL, NULL);
}
