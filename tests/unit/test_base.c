// SPDX-License-Identifier: Apache-2.0
// test_base.c - memory, errors, JSON text, random numbers, threads and clocks; files are in test_file.c.
#include "check.h"
#include "folder.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/parallel.h"
#include "base/rng.h"

#include <errno.h>
#include <float.h>
#include <stdatomic.h>
#include <unistd.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- arena -------------------------------------------------------------------------------------------------------

static const ptrdiff_t sizes[] = {1, 63, 64, 65, 0, 1000, 16 << 10, 100000, 5 << 20, 7, 3 << 20};

static void memory_is_aligned_zeroed_and_apart(void **state)
{
    const place *p = *state;
    uint8_t *at[COUNT(sizes)];
    for (int round = 0; round < 2; round++) { // the second finds what the first left behind
        for (int i = 0; i < COUNT(sizes); i++) {
            at[i] = rb_arena_take(p->arena, sizes[i], 1);
            assert_int_equal((uintptr_t)at[i] % RB_ALIGNMENT, 0);
            for (ptrdiff_t k = 0; k < sizes[i]; k++) assert_int_equal(at[i][k], 0);
            memset(at[i], i + 1, (size_t)sizes[i]);
        }
        for (int i = 0; i < COUNT(sizes); i++)
            for (ptrdiff_t k = 0; k < sizes[i]; k++) assert_int_equal(at[i][k], i + 1);
        rb_arena_reset(p->arena);
    }
}

static void reset_keeps_the_first_chunk(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    assert_int_equal(rb_arena_bytes(a), 0);
    rb_arena_reset(a);
    void *first = RB_NEW(a, char, 1);
    ptrdiff_t bytes = rb_arena_bytes(a);
    for (int i = 0; i < 1000; i++) (void)RB_NEW(a, double, 100);
    assert_true(rb_arena_bytes(a) >= 800000 && rb_arena_bytes(a) < 4000000);
    rb_arena_reset(a);
    assert_int_equal(rb_arena_bytes(a), bytes);
    assert_ptr_equal(RB_NEW(a, char, 1), first);
    rb_arena_close(a);
    rb_arena_close(NULL);
}

static double resident_mb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

// What is taken for a case that does not come must not cost memory.
static void untouched_memory_is_not_there(void **state)
{
    const place *p = *state;
    double before_mb = resident_mb();
    uint8_t *at = rb_arena_take(p->arena, 256, 1 << 20);
    assert_true(resident_mb() - before_mb < 64); // a sanitizer keeps an eighth of it beside
    memset(at, 1, 16 << 20);
    assert_int_equal(at[255 << 20], 0);
}

typedef struct note {
    char *to;
    char letter;
} note;

static void take_note(void *handle)
{
    const note *n = handle;
    n->to[strlen(n->to)] = n->letter;
}

static void deferred_calls_run_newest_first_and_once(void **state)
{
    (void)state;
    char seen[8] = "";
    note notes[] = {{seen, 'a'}, {seen, 'b'}, {seen, 'c'}};
    rb_arena *a = rb_arena_open();
    rb_arena_defer(a, take_note, &notes[0]);
    rb_arena_defer(a, take_note, &notes[1]);
    assert_string_equal(seen, "");
    rb_arena_reset(a);
    assert_string_equal(seen, "ba");
    rb_arena_defer(a, take_note, &notes[2]);
    rb_arena_close(a);
    assert_string_equal(seen, "bac");
}

static jmp_buf out_of_memory;

static void leave(ptrdiff_t bytes)
{
    (void)bytes;
    longjmp(out_of_memory, 1);
}

static void sizes_that_overflow_are_out_of_memory(void **state)
{
    const place *p = *state;
    static const ptrdiff_t impossible[][2] = {{-1, 1}, {PTRDIFF_MAX, 1}, {PTRDIFF_MAX / 4, 8}, {1, PTRDIFF_MAX}};
    rb_arena_on_out_of_memory(leave);
    for (volatile int i = 0; i < COUNT(impossible); i++)
        if (!setjmp(out_of_memory)) {
            (void)rb_arena_take(p->arena, impossible[i][0], impossible[i][1]);
            fail_msg("%td times %td bytes were given out", impossible[i][0], impossible[i][1]);
        }
    rb_arena_on_out_of_memory(NULL);
}

static void lists_grow(void **state)
{
    const place *p = *state;
    static int item[1000];
    int **list = NULL;
    for (int i = 0; i < COUNT(item); i++) list = rb_list_with(p->arena, list, i, &item[i]);
    for (int i = 0; i < COUNT(item); i++) assert_ptr_equal(list[i], &item[i]);
}

static void texts_are_copied_and_formatted(void **state)
{
    const place *p = *state;
    char original[] = "abc";
    const char *copy = rb_text_copy(p->arena, original);
    original[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(rb_text_copy(p->arena, ""), "");
    assert_string_equal(rb_text_format(p->arena, "%s-%d", "a", 7), "a-7");
    assert_int_equal(strlen(rb_text_format(p->arena, "%*d", 100000, 1)), 100000);
}

// ---- error -------------------------------------------------------------------------------------------------------

static void errors_are_joined_from_the_front(void **state)
{
    (void)state;
    rb_error err;
    assert_false(rb_fail(&err, RB_ERR_DATA, "%d is odd", 3));
    assert_false(rb_fail_in(&err, "line %d", 7));
    assert_false(rb_fail_in(&err, "a.csv"));
    assert_int_equal(err.kind, RB_ERR_DATA);
    assert_string_equal(err.text, "a.csv: line 7: 3 is odd");
    assert_false(rb_fail_errno(&err, RB_ERR_IO, ENOENT, "%s", "b.csv"));
    assert_int_equal(err.kind, RB_ERR_IO);
    assert_string_equal(err.text, "b.csv: No such file or directory");
}

static void long_errors_are_cut_at_the_back(void **state)
{
    const place *p = *state;
    rb_error err;
    const char *longer = rb_text_format(p->arena, "%03000d", 0);
    assert_false(rb_fail(&err, RB_ERR_DATA, "%s", longer));
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_false(rb_fail_in(&err, "front"));
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "front: 000", 10);
    assert_false(rb_fail(&err, RB_ERR_DATA, "cause"));
    assert_false(rb_fail_in(&err, "%s", longer)); // too long a front must leave room for the cause
    assert_non_null(strstr(err.text, "0: cause"));
    assert_false(rb_fail_errno(&err, RB_ERR_IO, ENOENT, "%s", longer));
    assert_non_null(strstr(err.text, "0: No such file or directory"));
}

// ---- JSON --------------------------------------------------------------------------------------------------------

// Whatever bytes a file name has, what is written is UTF-8, as JSON must be.
static void json_is_utf8(void **state)
{
    place *p = *state;
    static const struct {
        const char *text, *want;
    } texts[] = {
        {"caf\xe9", "\"caf\xEF\xBF\xBD\""},
        {"\xff\xc3\xa9\xe2\x82", "\"\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xed\xa0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, // half of a surrogate pair
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    };
    for (int i = 0; i < COUNT(texts); i++) {
        rb_json *j = rb_json_new(p->arena);
        rb_json_string(j, NULL, texts[i].text);
        assert_string_equal(rb_json_text(j), texts[i].want);
    }
}

static void json_is_written(void **state)
{
    const place *p = *state;
    rb_json *j = rb_json_new(p->arena);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "k\"\n", "\\ / \" \t \x01 \x1f \x7f \u00e9");
    rb_json_open(j, "list", '[');
    rb_json_integer(j, NULL, INT64_MIN);
    rb_json_real(j, NULL, 0.1);
    rb_json_real(j, NULL, NAN);
    rb_json_real(j, NULL, -INFINITY);
    rb_json_open(j, NULL, '{');
    rb_json_close(j);
    rb_json_open(j, NULL, '[');
    rb_json_close(j);
    rb_json_null(j, NULL);
    rb_json_close(j);
    rb_json_bool(j, "yes", true);
    rb_json_bool(j, "no", false);
    rb_json_raw(j, "raw", "[1, 2]");
    rb_json_close(j);
    assert_string_equal(
        rb_json_text(j),
        "{\"k\\\"\\u000a\":\"\\\\ / \\\" \\u0009 \\u0001 \\u001f \x7f \u00e9\","
        "\"list\":[-9223372036854775808,0.1,null,null,{},[],null],\"yes\":true,\"no\":false,\"raw\":[1, 2]}");
}

static void json_grows(void **state)
{
    const place *p = *state;
    rb_json *j = rb_json_new(p->arena);
    rb_json_open(j, NULL, '[');
    for (int i = 0; i < 5000; i++) rb_json_integer(j, NULL, 1000 + i % 9000);
    rb_json_close(j);
    const char *text = rb_json_text(j);
    assert_int_equal(strlen(text), 5000 * 5 + 1);
    for (int i = 0; i < 5000; i++) assert_int_equal(strtol(text + (ptrdiff_t)i * 5 + 1, NULL, 10), 1000 + i);
}

static void check_real(double value)
{
    char text[32];
    double back = strtod(rb_real_text(value, text), NULL);
    assert_memory_equal(&back, &value, sizeof value); // the sign of zero too
}

static void reals_read_back_equal(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } known[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {0.1, "0.1"},
        {100, "1e+02"},
        {1e23, "1e+23"},
        {5e-324, "5e-324"},
        {-1.5e-7, "-1.5e-07"},
        {0.959, "0.959"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {DBL_MAX, "1.7976931348623157e+308"},
    };
    for (int i = 0; i < COUNT(known); i++) {
        char text[32];
        assert_string_equal(rb_real_text(known[i].value, text), known[i].text);
        check_real(known[i].value);
    }
    rb_rng r = rb_rng_at(1, RB_STREAM_INIT, 0, 0, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = (uint64_t)rb_rng_u32(&r) << 32 | rb_rng_u32(&r);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) check_real(value);
    }
}

// ---- random numbers ----------------------------------------------------------------------------------------------

// Random123 1.14, kat_vectors.
static void philox_equals_random123(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (int i = 0; i < COUNT(known); i++) {
        uint32_t got[4];
        rb_philox(known[i].counter, known[i].key, got);
        assert_memory_equal(got, known[i].want, sizeof got);
    }
}

static void a_sequence_is_blocks_of_its_address(void **state)
{
    (void)state;
    rb_rng r = rb_rng_at(11, RB_STREAM_AUGMENT, 22, 33, 44);
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t want[4];
        rb_philox((uint32_t[]){block, 22, 33, 44}, (uint32_t[]){11, RB_STREAM_AUGMENT}, want);
        for (int i = 0; i < 4; i++) assert_int_equal(rb_rng_u32(&r), want[i]);
    }
}

static void many_words_are_as_many_single_ones(void **state)
{
    (void)state;
    rb_rng one = rb_rng_at(1, RB_STREAM_SYNTH, 2, 3, 4), many = one;
    for (int count = 0; count < 30; count++) {
        uint32_t words[30] = {0};
        rb_rng_fill(&many, words, count);
        for (int i = 0; i < count; i++) assert_int_equal(words[i], rb_rng_u32(&one));
        assert_int_equal(many.counter[0], one.counter[0]);
        if (count % 3 == 0) assert_int_equal(rb_rng_u32(&many), rb_rng_u32(&one));
    }
}

// Pearson's chi squared of `draws` over `cells` equal cells of 0..limit; five standard deviations are allowed.
static void check_uniform(int limit, int cells, int draws)
{
    int seen[64] = {0};
    rb_rng r = rb_rng_at(3, RB_STREAM_SAMPLE, (uint32_t)limit, 0, 0);
    for (int i = 0; i < draws; i++) {
        int got = rb_rng_below(&r, limit);
        assert_in_range(got, 0, limit - 1);
        seen[(int64_t)got * cells / limit]++;
    }
    double chi = 0, want = (double)draws / cells;
    for (int i = 0; i < cells; i++) chi += (seen[i] - want) * (seen[i] - want) / want;
    double freedom = cells - 1;
    if (fabs(chi - freedom) > 5 * sqrt(2 * freedom) + 1) fail_msg("limit %d: chi squared is %g", limit, chi);
}

static void below_is_uniform(void **state)
{
    (void)state;
    static const int limits[][2] = {{1, 1}, {2, 2}, {7, 7}, {64, 64}, {1000, 50}, {3 << 29, 48}, {INT32_MAX, 64}};
    for (int i = 0; i < COUNT(limits); i++) check_uniform(limits[i][0], limits[i][1], 200000);
}

// The first four moments, within five standard errors; and the means of what unit and between draw.
static void normal_and_uniform_have_their_moments(void **state)
{
    (void)state;
    enum { DRAWS = 400000 };
    static const double want[] = {0, 1, 0, 3}, variance[] = {1, 2, 15, 96}; // of x, x^2, x^3, x^4
    double sum[4] = {0}, unit = 0, between = 0;
    rb_rng r = rb_rng_at(5, RB_STREAM_INIT, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        double x = rb_rng_normal(&r), u = rb_rng_unit(&r), b = rb_rng_between(&r, -3, -1);
        assert_true(isfinite(x) && u >= 0 && u < 1 && b >= -3 && b < -1);
        for (int k = 0; k < 4; k++) sum[k] += pow(x, k + 1);
        unit += u;
        between += b;
    }
    for (int k = 0; k < 4; k++) check_near("moment", sum[k] / DRAWS, want[k], 0, 5 * sqrt(variance[k] / DRAWS));
    check_near("unit", unit / DRAWS, 0.5, 0, 5 * sqrt(1 / 12.0 / DRAWS));
    check_near("between", between / DRAWS, -2, 0, 5 * sqrt(4 / 12.0 / DRAWS));
}

// ---- threads -----------------------------------------------------------------------------------------------------

typedef struct cover {
    ptrdiff_t count, grain;
    int times[1000];
    atomic_int pieces, uneven;
} cover;

static void cover_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    cover *c = context;
    for (ptrdiff_t i = from; i < to; i++) c->times[i]++;
    c->pieces++;
    if (from % c->grain || (to % c->grain && to != c->count)) c->uneven++;
}

static void check_cover(ptrdiff_t count, ptrdiff_t grain, int threads)
{
    cover c = {.count = count, .grain = grain};
    rb_parallel_for(count, grain, cover_piece, &c);
    for (ptrdiff_t i = 0; i < COUNT(c.times); i++) assert_int_equal(c.times[i], i < count);
    assert_true(c.pieces <= threads && c.uneven == 0);
}

static void every_index_is_covered_once(void **state)
{
    (void)state;
    static const ptrdiff_t counts[] = {0, 1, 2, 3, 17, 64, 999, 1000}, grains[] = {1, 4, 16, 64, 1000, 5000};
    static const int pools[] = {1, 2, 3, 7, 16};
    assert_true(rb_parallel_cores() >= 1);
    for (int t = 0; t < COUNT(pools); t++) {
        rb_parallel_threads(pools[t]);
        assert_int_equal(rb_parallel_size(), pools[t]);
        for (int c = 0; c < COUNT(counts); c++)
            for (int g = 0; g < COUNT(grains); g++) check_cover(counts[c], grains[g], pools[t]);
    }
}

static void clocks_tell_time(void **state)
{
    (void)state;
    char stamp[16];
    int year, clock, used = 0;
    rb_clock_stamp_utc(stamp);
    assert_int_equal(sscanf(stamp, "%8d-%6d%n", &year, &clock, &used), 2);
    assert_true(used == 15 && year > 20240000);
    double before = rb_clock_now_s();
    assert_true(rb_clock_now_s() >= before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_aligned_zeroed_and_apart),
        TEST(untouched_memory_is_not_there),
        TEST(reset_keeps_the_first_chunk),
        TEST(deferred_calls_run_newest_first_and_once),
        TEST(sizes_that_overflow_are_out_of_memory),
        TEST(lists_grow),
        TEST(texts_are_copied_and_formatted),
        TEST(errors_are_joined_from_the_front),
        TEST(long_errors_are_cut_at_the_back),
        TEST(json_is_utf8),
        TEST(json_is_written),
        TEST(json_grows),
        TEST(reals_read_back_equal),
        TEST(philox_equals_random123),
        TEST(a_sequence_is_blocks_of_its_address),
        TEST(many_words_are_as_many_single_ones),
        TEST(below_is_uniform),
        TEST(normal_and_uniform_have_their_moments),
        TEST(every_index_is_covered_once),
        TEST(clocks_tell_time),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
