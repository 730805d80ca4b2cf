// SPDX-License-Identifier: Apache-2.0
// test_bombs.c - small inputs that ask for much: all are refused, and no picture costs over 64 MB. The slowest is
// printed.
//
// Source: what such files did to others, collected in the reliability notes (goals 8, 9 and 22)
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "image/image.h"
#include "train/settings.h"
#include "weights/weights.h"

#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

#define LIMIT_KB (64 * 1024)

static struct {
    int count;
    double slowest_s;
    const char *slowest;
} seen;

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

typedef bool opener(rb_arena *a, rb_bytes bomb, rb_error *err);

static void check_bomb(const char *name, rb_bytes bomb, opener *open_it)
{
    rb_error err = {0};
    rb_arena *a = rb_arena_open();
    double start_s = rb_clock_now_s();
    if (open_it(a, bomb, &err)) fail_msg("%s was accepted", name);
    double took_s = rb_clock_now_s() - start_s;
    rb_arena_close(a);
    assert_true(err.kind != RB_ERR_NONE && err.kind != RB_ERR_INTERNAL && *err.text);
    seen.count++;
    if (took_s > seen.slowest_s) seen.slowest_s = took_s, seen.slowest = name;
}

static bool open_picture(rb_arena *a, rb_bytes bomb, rb_error *err)
{
    rb_image image;
    return rb_image_decode(a, bomb, 3, &image, err);
}

static bool open_config(rb_arena *a, rb_bytes bomb, rb_error *err)
{
    rb_settings *s = rb_settings_new(a, RB_FOR_TRAIN);
    return rb_config_read_text(a, &s->config, "bomb.yaml", bomb, err);
}

static bool open_weights(rb_arena *a, rb_bytes bomb, rb_error *err)
{
    rb_tensors t;
    return rb_safetensors_parse(a, bomb, &t, err);
}

static bool open_torch(rb_arena *a, rb_bytes bomb, rb_error *err)
{
    rb_weights w;
    if (rb_weights_parse(a, bomb, &w, err)) return true;
    if (rb_arena_bytes(a) > (ptrdiff_t)LIMIT_KB << 10) fail_msg("%td bytes for nothing", rb_arena_bytes(a));
    return false;
}

// ---- pictures -----------------------------------------------------------------------------------------------------

static const int sides[][2] = {{12000, 12000}, {65500, 65500}, {65500, 700}, {700, 65500}, {7000, 7000}, {3000, 2000}};
#define SIDES ((int)(sizeof sides / sizeof *sides))

static rb_bytes golden(rb_arena *a, const char *name)
{
    rb_error err;
    rb_bytes file;
    check_done(rb_file_read(a, rb_path_join(a, "golden/image", name), 1 << 20, &file, &err), err);
    return file;
}

// The file with other sides in its first start-of-frame segment.
static void claim_jpeg(rb_bytes file, int w, int h)
{
    uint8_t *at = (uint8_t *)file.data + 2;
    while (at[1] < 0xC0 || at[1] > 0xC2) at += 2 + at[2] * 256 + at[3];
    at[5] = (uint8_t)(h >> 8), at[6] = (uint8_t)h, at[7] = (uint8_t)(w >> 8), at[8] = (uint8_t)w;
}

static void jpegs_that_claim_too_much(void **state)
{
    (void)state;
    static const char *const names[] = {"progressive.jpg", "420.jpg", "grey.jpg", "cmyk.jpg"};
    rb_arena *a = rb_arena_open();
    for (int n = 0; n < 4; n++)
        for (int i = 0; i < SIDES; i++) {
            rb_bytes file = golden(a, names[n]);
            claim_jpeg(file, sides[i][0], sides[i][1]);
            check_bomb(rb_text_format(a, "%s of %dx%d", names[n], sides[i][0], sides[i][1]), file, open_picture);
        }
    rb_arena_close(a);
}

// ---- PNG ----------------------------------------------------------------------------------------------------------

typedef struct bytes {
    uint8_t *data;
    ptrdiff_t size;
} bytes;

static void put_u32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put_chunk(bytes *b, const char *kind, const void *data, ptrdiff_t size)
{
    uint8_t *at = b->data + b->size;
    put_u32(at, (uint32_t)size);
    memcpy(at + 4, kind, 4);
    if (size) memcpy(at + 8, data, (size_t)size);
    put_u32(at + 8 + size, (uint32_t)crc32(0, at + 4, (uInt)size + 4));
    b->size += size + 12;
}

static bytes begin_png(rb_arena *a, uint32_t w, uint32_t h, uint8_t depth, uint8_t colour)
{
    bytes b = {RB_NEW(a, uint8_t, 1 << 20), 8};
    memcpy(b.data, "\x89PNG\r\n\x1a\n", 8);
    uint8_t head[13] = {[8] = depth, [9] = colour};
    put_u32(head, w);
    put_u32(head + 4, h);
    put_chunk(&b, "IHDR", head, 13);
    return b;
}

// 64 MB of zeros, deflated to 64 KB, behind `front`.
static bytes deflated(rb_arena *a, const char *front, ptrdiff_t size)
{
    bytes b = {RB_NEW(a, uint8_t, 1 << 18), size};
    uint8_t *zeros = RB_NEW(a, uint8_t, 1 << 20);
    z_stream z = {.next_out = b.data + size, .avail_out = (1 << 18) - (uInt)size};
    memcpy(b.data, front, (size_t)size);
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    for (int i = 0; i < 64; i++) {
        z.next_in = zeros;
        z.avail_in = 1 << 20;
        deflate(&z, i < 63 ? Z_NO_FLUSH : Z_FINISH);
    }
    b.size = (ptrdiff_t)(z.next_out - b.data);
    deflateEnd(&z);
    return b;
}

static void finish_png(const char *name, bytes *b)
{
    put_chunk(b, "IEND", NULL, 0);
    check_bomb(name, (rb_bytes){b->data, b->size}, open_picture);
}

static void pngs_that_claim_too_much(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const uint8_t forms[][2] = {{8, 2}, {16, 6}, {1, 0}};
    for (int f = 0; f < 3; f++)
        for (int i = 0; i < SIDES; i++) {
            bytes b = begin_png(a, (uint32_t)sides[i][0], (uint32_t)sides[i][1], forms[f][0], forms[f][1]);
            put_chunk(&b, "IDAT", "\x78\x9c\x03\0\0\0\0\1", 8);
            finish_png(rb_text_format(a, "PNG of %dx%d, %d bits", sides[i][0], sides[i][1], forms[f][0]), &b);
        }
    rb_arena_close(a);
}

// Chunks that unpack to 64 MB, in pictures that end too early.
static void pngs_that_unpack_too_much(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const struct {
        const char *kind, *front;
        int size;
    } chunks[] = {{"zTXt", "a\0", 3}, {"iCCP", "a\0", 3}, {"iTXt", "a\0\1\0\0", 6}, {"IDAT", "", 0}};
    for (int i = 0; i < 4; i++) {
        bytes b = begin_png(a, 8, 8, 8, 2), packed = deflated(a, chunks[i].front, chunks[i].size);
        put_chunk(&b, chunks[i].kind, packed.data, packed.size);
        if (i == 3) b.size -= 40; // the data breaks off
        finish_png(chunks[i].kind, &b);
    }
    rb_arena_close(a);
}

// ---- texts and weights --------------------------------------------------------------------------------------------

static rb_bytes repeated(rb_arena *a, const char *front, const char *each, int times)
{
    size_t n = strlen(each);
    char *text = RB_NEW(a, char, (ptrdiff_t)(strlen(front) + n * (size_t)times + 1)), *at = stpcpy(text, front);
    for (int i = 0; i < times; i++) at = mempcpy(at, each, n);
    return (rb_bytes){(const uint8_t *)text, at - text};
}

static void configurations_that_grow(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    static const char laughs[] = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                                 "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                                 "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    check_bomb("nested lists", repeated(a, "lr: ", "[", 10000), open_config);
    check_bomb("nested maps", repeated(a, "", "{a: ", 10000), open_config);
    check_bomb("nested blocks", repeated(a, "lr:", "\n - -", 10000), open_config);
    check_bomb("a million laughs", repeated(a, laughs, "", 0), open_config);
    check_bomb("a scalar of 100 MB", repeated(a, "root_dir: ", "0123456789abcdef", 6 << 20), open_config);
    check_bomb("anchors without end", repeated(a, "lr: ", "&a ", 100000), open_config);
    rb_arena_close(a);
}

static rb_bytes header(rb_arena *a, uint64_t size, rb_bytes text)
{
    uint8_t *file = RB_NEW(a, uint8_t, text.size + 8);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)(size >> (8 * i));
    memcpy(file + 8, text.data, (size_t)text.size);
    return (rb_bytes){file, text.size + 8};
}

static void weights_that_claim_too_much(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_bytes deep = repeated(a, "{\"__metadata__\":", "[", 100000), empty = repeated(a, "{}", "", 0);
    rb_bytes wide = repeated(a, "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],", "", 0);
    rb_bytes big =
        repeated(a, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1000000000000],\"data_offsets\":[0,4000000000000]}}", "", 0);
    check_bomb("a header of 2^63", header(a, 1ull << 63, empty), open_weights);
    check_bomb("a header of 99 MB", header(a, 99000000, empty), open_weights);
    check_bomb("a deep header", header(a, (uint64_t)deep.size, deep), open_weights);
    check_bomb("a shape that overflows", header(a, (uint64_t)wide.size, wide), open_weights);
    check_bomb("a tensor of 4 TB", header(a, (uint64_t)big.size, big), open_weights);
    rb_arena_close(a);
}

// The object of a legacy file: `front`, then `each` so many times, then `back`.
static rb_bytes legacy(rb_arena *a, const char *front, const char *each, int times, const char *back)
{
    static const char begin[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}"
                                "U\15little_endian\x88s.";
    rb_bytes middle = repeated(a, front, each, times);
    size_t head = sizeof begin - 1, size = head + (size_t)middle.size;
    uint8_t *file = RB_NEW(a, uint8_t, (ptrdiff_t)(size + strlen(back)));
    memcpy(file, begin, head);
    memcpy(file + head, middle.data, (size_t)middle.size);
    memcpy(file + size, back, strlen(back));
    return (rb_bytes){file, (ptrdiff_t)(size + strlen(back))};
}

static void pickles_that_grow(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    check_bomb("ten million lists", legacy(a, "", "]", 10000000, ""), open_torch);
    check_bomb("ten million marks", legacy(a, "", "(", 10000000, ""), open_torch);
    check_bomb("ten million values forgotten", legacy(a, "", "}0", 10000000, ""), open_torch);
    check_bomb("lists in lists", legacy(a, "]", "]", 500000, ""), open_torch);
    check_bomb("a list of lists, each in the next", legacy(a, "N", "\x85", 1000000, "."), open_torch);
    check_bomb("tuples that double", legacy(a, "N", "2\x86", 1000000, "."), open_torch);
    check_bomb("a dictionary in itself", legacy(a, "}q\1U\5modelh\1sU\3neth\1s", "U\1ah\1s", 500000, "."), open_torch);
    check_bomb("a text of 4 GB", legacy(a, "X\xff\xff\xff\xff", "x", 1000, "."), open_torch);
    check_bomb("a memo of 2^31", legacy(a, "Nr\xff\xff\xff\x7f", "x", 1000, "."), open_torch);
    check_bomb("a memo of all", legacy(a, "N", "\x94", 10000000, "."), open_torch);
    check_bomb("a pickle of 100 MB", legacy(a, "", "N0", 50 << 20, "."), open_torch);
    rb_arena_close(a);
}

static void none_cost_much(void **state)
{
    (void)state;
    print_message("%d bombs, the slowest %.0f ms: %s; peak %ld MB\n", seen.count, 1e3 * seen.slowest_s, seen.slowest,
                  peak_kb() / 1024);
    assert_true(seen.count >= 40);
}

// Asked after the pictures, before the bombs that are large themselves. A sanitizer's own memory would count.
static void pictures_cost_little(void **state)
{
    (void)state;
    if (is_sanitized()) skip();
    if (peak_kb() > LIMIT_KB) fail_msg("peak %ld MB", peak_kb() / 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jpegs_that_claim_too_much),   cmocka_unit_test(pngs_that_claim_too_much),
        cmocka_unit_test(pngs_that_unpack_too_much),   cmocka_unit_test(pictures_cost_little),
        cmocka_unit_test(weights_that_claim_too_much), cmocka_unit_test(pickles_that_grow),
        cmocka_unit_test(configurations_that_grow),    cmocka_unit_test(none_cost_much),
    };
    return check_run("bombs", tests);
}
