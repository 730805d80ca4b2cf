// SPDX-License-Identifier: Apache-2.0
// What the head of a picture file says, against what is known of the golden pictures; and heads cut short anywhere.
#include "check.h"
#include "folder.h"

#include "image/image.h"

static void golden_pictures_are_known(void **state)
{
    static const struct {
        const char *file, *format;
        int channels, bits;
    } all[] = {
        {"420.jpg", "JPEG", 3, 8},    {"progressive.jpg", "JPEG", 3, 8}, {"restart.jpg", "JPEG", 3, 8},
        {"grey.jpg", "JPEG", 1, 8},   {"cmyk.jpg", "JPEG", 4, 8},        {"exif6.jpg", "JPEG", 3, 8},
        {"bits1.png", "PNG", 1, 1},   {"grey.png", "PNG", 1, 8},         {"grey16.png", "PNG", 1, 16},
        {"rgb16.png", "PNG", 3, 16},  {"grey_alpha.png", "PNG", 2, 8},   {"rgba.png", "PNG", 4, 8},
        {"palette.png", "PNG", 3, 4},
    };
    const place *p = *state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rb_bytes file;
        rb_error err;
        check_done(
            rb_file_read(p->arena, rb_text_format(p->arena, "golden/image/%s", all[i].file), 1 << 20, &file, &err),
            err);
        rb_image_kind k = rb_image_kind_of(file);
        if (strcmp(k.format, all[i].format) || k.channels != all[i].channels || k.bits != all[i].bits)
            fail_msg("%s: %s, %d channels of %d bits", all[i].file, k.format, k.channels, k.bits);
    }
}

// A copy of its own for each length, so that a sanitizer sees the first byte read too many.
static void cut_heads_are_read_no_further(void **state)
{
    const place *p = *state;
    static const char *const files[] = {"golden/image/420.jpg", "golden/image/exif6.jpg", "golden/image/grey.png"};
    for (int f = 0; f < 3; f++) {
        rb_bytes file;
        rb_error err;
        check_done(rb_file_read(p->arena, files[f], 1 << 20, &file, &err), err);
        bool known = false;
        for (ptrdiff_t n = 0; n < file.size; n++) {
            uint8_t *cut = malloc((size_t)n + !n);
            assert_non_null(cut);
            memcpy(cut, file.data, (size_t)n);
            known |= rb_image_kind_of((rb_bytes){cut, n}).channels > 0;
            free(cut);
        }
        assert_true(known);
    }
}

static void others_are_of_no_kind(void **state)
{
    (void)state;
    rb_image_kind k = rb_image_kind_of((rb_bytes){(const uint8_t *)"GIF89a..........", 16});
    assert_true(!k.format && !k.channels && !k.bits);
    k = rb_image_kind_of((rb_bytes){(const uint8_t *)"\xff\xd8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13});
    assert_true(k.format && !k.channels); // fill bytes to the end
    k = rb_image_kind_of((rb_bytes){(const uint8_t *)"\xff\xd8\xff\xe0\x00\x00\xff\xe0\x00\x00\xff\xe0\x00\x00", 14});
    assert_true(k.format && !k.channels); // segments that say they have no length
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(golden_pictures_are_known, place_open, place_close),
        cmocka_unit_test_setup_teardown(cut_heads_are_read_no_further, place_open, place_close),
        cmocka_unit_test(others_are_of_no_kind),
    };
    return check_run("image kind", tests);
}
