// SPDX-License-Identifier: Apache-2.0
// test_lifetime.c - places in a block: never two at once on the same bytes, and little more room than is needed.
#include "check.h"
#include "folder.h"

#include "backend/lifetime.h"
#include "base/rng.h"

static bool overlap(const rb_lifetime *a, const rb_lifetime *b)
{
    return a->bytes && b->bytes && a->place < b->place + b->bytes && b->place < a->place + a->bytes;
}

// Returns the block's size.
static ptrdiff_t placed(const place *p, rb_lifetime *of, int count)
{
    ptrdiff_t block = rb_lifetimes_place(p->arena, of, count), bound = rb_lifetimes_bound(of, count);
    for (int i = 0; i < count; i++) {
        assert_true(of[i].place >= 0 && of[i].place % RB_ALIGNMENT == 0 && of[i].place + of[i].bytes <= block);
        for (int k = 0; k < i; k++)
            if (rb_lifetimes_meet(&of[i], &of[k]) && overlap(&of[i], &of[k]))
                fail_msg("%d and %d of %d meet and overlap", k, i, count);
    }
    assert_true(block >= bound);
    return block;
}

static void who_meet(void **state)
{
    (void)state;
    const rb_lifetime a = {.bytes = 1, .first = 2, .last = 4}, b = {.bytes = 1, .first = 4, .last = 9};
    const rb_lifetime c = {.bytes = 1, .first = 5, .last = 5}, never = {.bytes = 1, .first = 9, .last = 0};
    assert_true(rb_lifetimes_meet(&a, &b) && rb_lifetimes_meet(&b, &a)); // one step reads a and writes b
    assert_true(rb_lifetimes_meet(&b, &c) && rb_lifetimes_meet(&a, &a));
    assert_false(rb_lifetimes_meet(&a, &c) || rb_lifetimes_meet(&never, &b) || rb_lifetimes_meet(&never, &never));
}

static void nothing_and_one(void **state)
{
    const place *p = *state;
    assert_int_equal(placed(p, NULL, 0), 0);
    assert_int_equal(placed(p, &(rb_lifetime){.bytes = 100, .first = 3, .last = 3}, 1), 128);
    assert_int_equal(placed(p, &(rb_lifetime){.bytes = 0, .first = 0, .last = 9}, 1), 0);
}

// A network of layers, each kept until backward comes back to it, and what a step needs beside: as much as is alive
// when backward begins, by hand.
static void forward_and_back(void **state)
{
    enum { LAYERS = 20 };
    rb_lifetime of[3 * LAYERS];
    for (int i = 0; i < LAYERS; i++) {
        int back = 2 * LAYERS - 1 - i;
        of[3 * i] = (rb_lifetime){.bytes = 640, .first = i, .last = back};
        of[3 * i + 1] = (rb_lifetime){.bytes = 64, .first = i, .last = i};
        of[3 * i + 2] = (rb_lifetime){.bytes = 640, .first = back, .last = back + 1};
    }
    assert_int_equal(rb_lifetimes_bound(of, 3 * LAYERS), LAYERS * 640 + 640);
    assert_int_equal(placed(*state, of, 3 * LAYERS), LAYERS * 640 + 640);
}

// Lives and sizes by chance, few of them and many. How much more room than is alive at once: greedy by size is known
// to take little; a fifth on average would be a defect.
static void any_lives(void **state)
{
    place *p = *state;
    double more = 0;
    enum { ROUNDS = 300 };
    for (uint32_t round = 0; round < ROUNDS; round++) {
        rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, round, 0, 0);
        int count = 1 + (int)rb_rng_below(&random, 120), steps = 1 + (int)rb_rng_below(&random, 200);
        rb_lifetime *of = RB_NEW(p->arena, rb_lifetime, count);
        for (int i = 0; i < count; i++) {
            int first = rb_rng_below(&random, steps);
            int last = first + rb_rng_below(&random, steps - first);
            ptrdiff_t bytes = (ptrdiff_t)rb_rng_below(&random, 1 << (1 + rb_rng_below(&random, 20)));
            of[i] = (rb_lifetime){.bytes = bytes, .first = first, .last = last};
        }
        more += (double)placed(p, of, count) / fmax(1, (double)rb_lifetimes_bound(of, count)) - 1;
    }
    print_message("%.1f %% more than the bound\n", 100 * more / ROUNDS);
    assert_true(more / ROUNDS < 0.2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_meet),
        TEST(nothing_and_one),
        TEST(forward_and_back),
        TEST(any_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
