// SPDX-License-Identifier: Apache-2.0
// Decoding and resizing against OpenCV and Pillow (golden/image), and what hostile or damaged files do.
#include "check.h"
#include "folder.h"

#include "image/codec.h"

#define GOLDEN "golden/image/"

static rb_bytes file_of(rb_arena *a, const char *name)
{
    rb_error err;
    rb_bytes file;
    check_done(rb_file_read(a, rb_text_format(a, GOLDEN "%s", name), 1 << 20, &file, &err), err);
    return file;
}

// ---- golden lines: words, then pixels as hexadecimal digits ----------------------------------------------------

static int word_int(char **line)
{
    return atoi(strsep(line, " "));
}

static int digit_of(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static rb_image pixels_of(rb_arena *a, const char *hex, int h, int w, int c)
{
    ptrdiff_t n = (ptrdiff_t)h * w * c;
    assert_int_equal(strlen(hex), 2 * n);
    rb_image image = {RB_NEW(a, uint8_t, n), h, w, c};
    for (ptrdiff_t i = 0; i < n; i++) image.pixels[i] = (uint8_t)(digit_of(hex[2 * i]) * 16 + digit_of(hex[2 * i + 1]));
    return image;
}

// Every grey level within `tolerance`.
static void check_pixels(const char *what, const rb_image *got, const rb_image *want, int tolerance)
{
    if (got->h != want->h || got->w != want->w || got->c != want->c)
        fail_msg("%s: %dx%dx%d, not %dx%dx%d", what, got->h, got->w, got->c, want->h, want->w, want->c);
    for (int i = 0; i < want->h * want->w * want->c; i++)
        if (abs(got->pixels[i] - want->pixels[i]) > tolerance)
            fail_msg("%s: pixel %d of row %d, channel %d: %d, not %d", what, i / want->c % want->w,
                     i / want->c / want->w, i % want->c, got->pixels[i], want->pixels[i]);
}

static rb_interpolation method_of(const char *name)
{
    int i = 0;
    while (rb_interpolation_names[i] && strcmp(rb_interpolation_names[i], name)) i++;
    assert_non_null(rb_interpolation_names[i]);
    return (rb_interpolation)i;
}

static void resized_like_opencv(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    char *text = (char *)file_of(a, "resize.txt").data, *line;
    rb_image in = {0};
    int checked = 0;
    while ((line = strsep(&text, "\n")) && *line) {
        const char *method = strsep(&line, " "), *name = strsep(&line, " ");
        int h = word_int(&line), w = word_int(&line);
        if (!strcmp(method, "picture")) {
            int c = word_int(&line);
            in = pixels_of(a, line, h, w, c);
            continue;
        }
        rb_image want = pixels_of(a, line, h, w, in.c), got = want;
        got.pixels = RB_NEW(a, uint8_t, (ptrdiff_t)h * w * in.c);
        rb_image_resize(a, &in, method_of(method), &got);
        check_pixels(rb_text_format(a, "%s %s to %dx%d", method, name, h, w), &got, &want, !strcmp(method, "area"));
        checked++;
    }
    assert_int_equal(checked, 36);
}

static void same_size_is_a_copy(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_image in = {(uint8_t[]){1, 2, 3, 250, 251, 252}, 1, 2, 3}, out = {RB_NEW(a, uint8_t, 6), 1, 2, 3};
    for (int how = 0; rb_interpolation_names[how]; how++) {
        memset(out.pixels, 0, 6);
        rb_image_resize(a, &in, (rb_interpolation)how, &out);
        assert_memory_equal(out.pixels, in.pixels, 6);
    }
}

static void area_enlarges_as_bilinear(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_image in = {(uint8_t[]){0, 200, 100, 40}, 2, 2, 1};
    rb_image area = {RB_NEW(a, uint8_t, 15), 3, 5, 1}, bilinear = {RB_NEW(a, uint8_t, 15), 3, 5, 1};
    rb_image_resize(a, &in, RB_AREA, &area);
    rb_image_resize(a, &in, RB_BILINEAR, &bilinear);
    assert_memory_equal(area.pixels, bilinear.pixels, 15);
}

static void decoded_like_opencv_and_pillow(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    char *text = (char *)file_of(a, "decode.txt").data, *line;
    int checked = 0;
    while ((line = strsep(&text, "\n")) && *line) {
        const char *name = strsep(&line, " ");
        int channels = word_int(&line), h = word_int(&line), w = word_int(&line);
        rb_image want = pixels_of(a, line, h, w, channels), got;
        rb_error err;
        check_done(rb_image_decode(a, file_of(a, name), channels, &got, &err), err);
        check_pixels(rb_text_format(a, "%s in %d channels", name, channels), &got, &want, 0);
        checked++;
    }
    assert_int_equal(checked, 52);
}

// ---- what is no picture ----------------------------------------------------------------------------------------

static void check_refused(rb_arena *a, const void *data, ptrdiff_t size, const char *part)
{
    rb_error err = {0};
    rb_image image;
    bool done = rb_image_decode(a, (rb_bytes){data, size}, 3, &image, &err);
    check_failed(done, err, RB_ERR_DATA, part);
}

static void refuses_what_is_no_picture(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    check_refused(a, "", 0, "empty");
    check_refused(a, "dear diary", 10, "neither JPEG nor PNG");
    check_refused(a, "\xff\xd8", 2, "neither JPEG nor PNG");
    check_refused(a, "GIF89a\1\0\1\0", 10, "neither JPEG nor PNG");
    check_refused(a, "\xff\xd8\xff\xd9", 4, "truncated or damaged");
    check_refused(a, "\x89PNG\r\n\x1a\n", 8, "truncated or damaged");
}

// Decodes bytes that end where their memory ends, so that a sanitizer sees a step too far.
static bool decode_copy(rb_arena *a, const uint8_t *data, ptrdiff_t size, rb_image *out, rb_error *err)
{
    uint8_t *copy = malloc((size_t)size + !size);
    assert_non_null(copy);
    memcpy(copy, data, (size_t)size);
    bool done = rb_image_decode(a, (rb_bytes){copy, size}, 3, out, err);
    free(copy);
    return done;
}

static const char *const some_files[] = {"420.jpg", "progressive.jpg",   "restart.jpg",    "cmyk.jpg",  "exif6.jpg",
                                         "rgb.png", "palette_clear.png", "interlaced.png", "exif6.png", NULL};

// Cut anywhere, a file is refused, unless nothing but its end mark is gone.
static void refuses_truncated_files(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; some_files[i]; i++) {
        rb_arena_reset(a);
        rb_bytes file = file_of(a, some_files[i]);
        rb_image whole, cut;
        rb_error err;
        check_done(rb_image_decode(a, file, 3, &whole, &err), err);
        for (ptrdiff_t n = 0; n < file.size; n++) {
            if (!decode_copy(a, file.data, n, &cut, &err))
                assert_int_equal(err.kind, RB_ERR_DATA);
            else if (n < file.size - 2)
                fail_msg("%s: was decoded from %td of its %td bytes", some_files[i], n, file.size);
            else
                check_pixels(some_files[i], &cut, &whole, 0);
        }
    }
    rb_arena_close(a);
}

// Any byte changed: pixels or an error, but no fault; in a PNG always an error, as CRCs cover all but themselves.
static void survives_damaged_bytes(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    for (int i = 0; some_files[i]; i++) {
        bool png = strstr(some_files[i], ".png");
        for (ptrdiff_t at = 0;; at++) {
            rb_arena_reset(a);
            rb_bytes file = file_of(a, some_files[i]);
            if (at == file.size) break;
            ((uint8_t *)file.data)[at] ^= (uint8_t)(at % 255 + 1);
            rb_image image;
            rb_error err;
            if (!decode_copy(a, file.data, file.size, &image, &err))
                assert_int_equal(err.kind, RB_ERR_DATA);
            else if (png)
                fail_msg("%s: was decoded with byte %td changed", some_files[i], at);
        }
    }
    rb_arena_close(a);
}

// ---- bombs -----------------------------------------------------------------------------------------------------

// Where the segment of this marker begins.
static ptrdiff_t marker_at(rb_bytes jpeg, uint8_t marker)
{
    ptrdiff_t at = 2;
    while (at + 4 <= jpeg.size && jpeg.data[at + 1] != marker) at += 2 + jpeg.data[at + 2] * 256 + jpeg.data[at + 3];
    assert_true(at + 4 <= jpeg.size);
    return at;
}

static rb_bytes jpeg_claiming(rb_arena *a, const char *name, uint8_t marker, int side)
{
    rb_bytes file = file_of(a, name);
    uint8_t *size = (uint8_t *)file.data + marker_at(file, marker) + 5;
    for (int i = 0; i < 2; i++) {
        *size++ = (uint8_t)(side >> 8);
        *size++ = (uint8_t)side;
    }
    return file;
}

#define SOF0 0xc0
#define SOF2 0xc2
#define SOS  0xda

static void refuses_bombs_unopened(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    ptrdiff_t before = rb_arena_bytes(a);
    rb_bytes bomb = jpeg_claiming(a, "progressive.jpg", SOF2, 12000);
    check_refused(a, bomb.data, bomb.size, "12000x12000 pixels, over the limit of 50000000");
    bomb = jpeg_claiming(a, "420.jpg", SOF0, 12000);
    check_refused(a, bomb.data, bomb.size, "12000x12000 pixels, over");
    // Within the limit of pixels, but 150 MB of coefficients from 700 bytes; then from as many as such pixels could
    // take.
    bomb = jpeg_claiming(a, "progressive.jpg", SOF2, 7000);
    check_refused(a, bomb.data, bomb.size, "724 bytes cannot hold 7000x7000 pixels");
    uint8_t *padded = RB_NEW(a, uint8_t, 160000);
    memcpy(padded, bomb.data, (size_t)bomb.size);
    check_refused(a, padded, 160000, "needs over");

    static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\1\x86\xa0\0\1\x86\xa0\x08\2\0\0\0\x27\x30\x9c\x9f"
                                 "\0\0\0\0IDAT\x35\xaf\x06\x1e";
    check_refused(a, png, sizeof png - 1, "100000x100000 pixels, over");
    assert_true(rb_arena_bytes(a) - before < 2 << 20);
}

// A grey file that says it has three components, whose one scan comes 120 times.
static void refuses_endless_scans(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_bytes grey = file_of(a, "grey.jpg");
    ptrdiff_t frame = marker_at(grey, SOF0), rest = frame + 13, scan = marker_at(grey, SOS), end = grey.size - 2;
    uint8_t *file = RB_NEW(a, uint8_t, grey.size * 121), *at = file;
    at = mempcpy(at, grey.data, (size_t)rest);
    file[frame + 3] = 17;
    file[frame + 9] = 3;
    at = mempcpy(at, "\2\x11\0\3\x11", 6);
    at = mempcpy(at, grey.data + rest, (size_t)(scan - rest));
    for (int i = 0; i < 120; i++) at = mempcpy(at, grey.data + scan, (size_t)(end - scan));
    at = mempcpy(at, "\xff\xd9", 2);
    check_refused(a, file, at - file, "more than 100 scans");
}

// ---- EXIF ------------------------------------------------------------------------------------------------------

#define TIFF_UPSIDE_DOWN "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\3\0\0\0\0\0\0\0"

static int orientation_of(const char *tiff, ptrdiff_t size)
{
    uint8_t *copy = malloc((size_t)size + !size);
    assert_non_null(copy);
    memcpy(copy, tiff, (size_t)size);
    int got = rb_exif_orientation((rb_bytes){copy, size});
    free(copy);
    return got;
}

static void orientation_is_read_within_bounds(void **state)
{
    (void)state;
    const ptrdiff_t entry_end = 22, size = sizeof TIFF_UPSIDE_DOWN - 1;
    for (ptrdiff_t n = 0; n <= size; n++) assert_int_equal(orientation_of(TIFF_UPSIDE_DOWN, n), n < entry_end ? 1 : 3);
}

static void odd_orientation_is_upright(void **state)
{
    (void)state;
    static const struct odd {
        const char *what;
        ptrdiff_t at;
        uint8_t value;
    } odd[] = {{"directory that leads to itself", 22, 8},
               {"mixed byte order", 1, 'M'},
               {"not TIFF", 2, 43},
               {"directory far outside", 7, 0xff},
               {"another tag", 10, 0x13},
               {"another type", 12, 4},
               {"value 0", 18, 0},
               {"value 9", 18, 9},
               {"value 259", 19, 1},
               {"65281 entries", 9, 0xff}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char tiff[] = TIFF_UPSIDE_DOWN;
        tiff[odd[i].at] = (char)odd[i].value;
        bool harmless = odd[i].at == 22 || odd[i].at == 9; // the tag comes first
        int got = orientation_of(tiff, sizeof tiff - 1);
        if (got != (harmless ? 3 : 1)) fail_msg("%s: %d", odd[i].what, got);
    }
}

// A directory of another tag that leads back to itself, with more entries than there are bytes: no end to wait for.
static void directory_loop_ends(void **state)
{
    (void)state;
    char tiff[] = TIFF_UPSIDE_DOWN;
    tiff[8] = (char)0xff, tiff[9] = (char)0xff, tiff[10] = 0x13, tiff[22] = 8;
    assert_int_equal(orientation_of(tiff, sizeof tiff - 1), 1);
}

// ---- encoding --------------------------------------------------------------------------------------------------

static rb_image slope(rb_arena *a, int h, int w, int c)
{
    rb_image image = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * c), h, w, c};
    for (int i = 0; i < h * w * c; i++) image.pixels[i] = (uint8_t)(60 + i / c % w * 2 + i / c / w + i % c * 30);
    return image;
}

static void encoded_comes_back(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    for (int c = 1; c <= 3; c += 2) {
        rb_image in = slope(a, 33, 50, c), back;
        rb_bytes file;
        rb_error err;
        check_done(rb_image_encode_png(a, &in, &file, &err), err);
        check_done(rb_image_decode(a, file, c, &back, &err), err);
        check_pixels("PNG", &back, &in, 0);
        check_done(rb_image_encode_jpeg(a, &in, 95, &file, &err), err);
        check_done(rb_image_decode(a, file, c, &back, &err), err);
        check_pixels("JPEG", &back, &in, 6);
    }
}

// Noise at quality 100 needs more than the encoder's first buffer.
static void large_files_are_whole(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_image in = slope(a, 300, 301, 3), back;
    for (int i = 0; i < 300 * 301 * 3; i++) in.pixels[i] = (uint8_t)(128 + (int)(2654435761u * (uint32_t)i >> 28));
    rb_bytes jpeg, png;
    rb_error err;
    check_done(rb_image_encode_jpeg(a, &in, 100, &jpeg, &err), err);
    assert_true(jpeg.size > 3 * 16384);
    check_done(rb_image_decode(a, jpeg, 3, &back, &err), err);
    check_done(rb_image_encode_png(a, &in, &png, &err), err);
    check_done(rb_image_decode(a, png, 3, &back, &err), err);
    check_pixels("PNG", &back, &in, 0);
}

static void encoders_say_what_they_cannot(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_image wide = {RB_NEW(a, uint8_t, 70000), 1, 70000, 1};
    rb_bytes file;
    rb_error err;
    bool done = rb_image_encode_jpeg(a, &wide, 90, &file, &err);
    check_failed(done, err, RB_ERR_DATA, "70000x1 pixels cannot be written as JPEG");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(resized_like_opencv),
        IN_PLACE(same_size_is_a_copy),
        IN_PLACE(area_enlarges_as_bilinear),
        IN_PLACE(decoded_like_opencv_and_pillow),
        IN_PLACE(refuses_what_is_no_picture),
        cmocka_unit_test(refuses_truncated_files),
        cmocka_unit_test(survives_damaged_bytes),
        IN_PLACE(refuses_bombs_unopened),
        IN_PLACE(refuses_endless_scans),
        cmocka_unit_test(orientation_is_read_within_bounds),
        cmocka_unit_test(odd_orientation_is_upright),
        cmocka_unit_test(directory_loop_ends),
        IN_PLACE(encoded_comes_back),
        IN_PLACE(large_files_are_whole),
        IN_PLACE(encoders_say_what_they_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
