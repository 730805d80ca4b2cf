// SPDX-License-Identifier: Apache-2.0
// How steps form a pipeline: groups, forced children, the numbers each step gets, and building them from rows.
#include "augments.h"

// ---- probes: what ran, in which order, with which first random word ------------------------------------------------

#define MOST 16

typedef struct trace {
    int count;
    int ran[MOST];       // cfg of the probe
    uint32_t word[MOST]; // its first word
} trace;

// The picture's pixels are a trace.
static void note(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)scratch;
    trace *t = (trace *)(void *)image->pixels;
    assert_true(t->count < MOST);
    t->ran[t->count] = *(const int *)cfg;
    t->word[t->count++] = rb_rng_u32(random);
}

static const rb_augment probe = {.name = "probe", .p = 0.5, .apply = note};
static const int id[] = {0, 1, 2, 3, 4, 5, 6, 7};

static rb_augment_step leaf(int i, double p)
{
    return (rb_augment_step){.augment = &probe, .cfg = &id[i], .p = p};
}

static rb_augment_step group(const char *name, double p, int below, int n)
{
    const rb_group *g = rb_groups;
    while (strcmp(g->name, name)) g++;
    return (rb_augment_step){.group = g, .p = p, .below = below, .n = n};
}

static trace traced(const rb_augment_step *steps, int count, uint32_t draw)
{
    trace t = {0};
    rb_image image = {(uint8_t *)&t, 1, (int)sizeof t, 1};
    rb_pipeline_run(&(rb_pipeline){.steps = steps, .count = count}, 11, draw, 4, NULL, &image);
    return t;
}

static uint32_t word(uint32_t draw, uint32_t op, int skipped)
{
    rb_rng random = rb_rng_at(11, RB_STREAM_AUGMENT, draw, 4, op);
    while (skipped--) rb_rng_u32(&random);
    return rb_rng_u32(&random);
}

// n draws of a chance p: within four standard deviations.
static void check_share(const char *what, int count, int n, double p)
{
    check_near(what, count, n * p, 0, 4 * sqrt(n * p * (1 - p)));
}

#define DRAWS 20000

static void numbers_go_by_place_in_preorder(void **state)
{
    (void)state;
    rb_augment_step steps[] = {
        leaf(0, 1), group("Compose", 1, 3, 0), leaf(2, 1), group("OneOf", 1, 1, 0), leaf(4, 0.25), leaf(5, 1)};
    trace t = traced(steps, 6, 3);
    assert_int_equal(t.count, 4);
    static const int want[] = {0, 2, 4, 5};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(t.ran[i], want[i]);
        assert_int_equal(t.word[i], word(3, (uint32_t)want[i], 0)); // a forced child draws nothing for its p
    }
}

static void one_of_picks_by_weight(void **state)
{
    (void)state;
    rb_augment_step steps[] = {group("OneOf", 0.6, 4, 0), leaf(0, 0.1), leaf(1, 0.3), leaf(2, 0), leaf(3, 0.6)};
    int none = 0, ran[4] = {0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        trace t = traced(steps, 5, draw);
        assert_true(t.count <= 1);
        if (t.count)
            ran[t.ran[0]]++;
        else
            none++;
    }
    check_share("none", none, DRAWS, 0.4);
    check_share("first", ran[0], DRAWS, 0.06);
    check_share("second", ran[1], DRAWS, 0.18);
    assert_int_equal(ran[2], 0);
    check_share("fourth", ran[3], DRAWS, 0.36);
}

static void sequential_is_all_or_nothing(void **state)
{
    (void)state;
    rb_augment_step steps[] = {group("Sequential", 0.3, 2, 0), leaf(0, 1), leaf(1, 0.5), leaf(2, 1)};
    int ran[3] = {0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        trace t = traced(steps, 4, draw);
        assert_int_equal(t.ran[t.count - 1], 2); // what follows the group runs in any case
        assert_true(t.count == 1 || t.ran[0] == 0);
        for (int i = 0; i < t.count; i++) ran[t.ran[i]]++;
    }
    check_share("group", ran[0], DRAWS, 0.3);
    check_share("its second", ran[1], DRAWS, 0.15);
}

static void a_forced_group_runs_and_its_children_keep_their_p(void **state)
{
    (void)state;
    rb_augment_step steps[] = {group("OneOf", 1, 4, 0), group("Sequential", 0.01, 2, 0), leaf(0, 1), leaf(1, 0.5),
                               leaf(2, 0.03)};
    int ran[3] = {0};
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        trace t = traced(steps, 5, draw);
        assert_true(t.count == 1 || t.count == 2);
        for (int i = 0; i < t.count; i++) ran[t.ran[i]]++;
    }
    assert_int_equal(ran[0] + ran[2], DRAWS);
    check_share("group", ran[0], DRAWS, 0.25);
    check_share("its second", ran[1], DRAWS, 0.125);
}

static void some_of_runs_n_different_ones(void **state)
{
    (void)state;
    rb_augment_step steps[] = {group("SomeOf", 1, 3, 2), leaf(0, 0.2), leaf(1, 0.3), leaf(2, 0.5)};
    int first[3] = {0}, then_1_after_0 = 0;
    for (uint32_t draw = 0; draw < DRAWS; draw++) {
        trace t = traced(steps, 4, draw);
        assert_int_equal(t.count, 2);
        assert_int_not_equal(t.ran[0], t.ran[1]);
        first[t.ran[0]]++;
        then_1_after_0 += t.ran[0] == 0 && t.ran[1] == 1;
    }
    check_share("first 0", first[0], DRAWS, 0.2);
    check_share("first 1", first[1], DRAWS, 0.3);
    check_share("0 then 1", then_1_after_0, DRAWS, 0.2 * 0.3 / 0.8);
    steps[0].n = 9; // more than there are
    assert_int_equal(traced(steps, 4, 0).count, 3);
}

static void draws_in_any_order_are_the_same(void **state)
{
    (void)state;
    rb_augment_step steps[] = {leaf(0, 0.5), group("OneOf", 0.5, 2, 0), leaf(1, 0.7), leaf(2, 0.7), leaf(3, 0.5)};
    trace up[50];
    for (uint32_t draw = 0; draw < 50; draw++) up[draw] = traced(steps, 5, draw);
    for (uint32_t draw = 50; draw-- > 0;) {
        trace down = traced(steps, 5, draw);
        assert_memory_equal(&down, &up[draw], sizeof down);
    }
}

// ---- rows ----------------------------------------------------------------------------------------------------------

static void rows_become_steps_in_preorder(void **state)
{
    static const rb_step_row inner[] = {{.name = "Rotate", .with = "p=0.7 limit=15"}, {.name = "VerticalFlip"}, {0}};
    static const rb_step_row rows[] = {{.name = "HorizontalFlip", .with = "p=0.25"},
                                       {.name = "OneOf", .steps = inner},
                                       {.name = "RandomRotate90"},
                                       {0}};
    rb_pipeline p;
    rb_error err;
    check_done(rb_pipeline_build(*state, rows, "test", &p, &err), err);
    static const char *const names[] = {"HorizontalFlip", NULL, "Rotate", "VerticalFlip", "RandomRotate90"};
    static const double ps[] = {0.25, 0.5, 0.7, 0.5, 0.5};
    assert_int_equal(p.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(p.steps[i].below, i == 1 ? 2 : 0);
        check_near("p", p.steps[i].p, ps[i], 0, 0);
        if (names[i]) assert_string_equal(p.steps[i].augment->name, names[i]);
    }
    assert_string_equal(p.steps[1].group->name, "OneOf");
    check_near("limit", ((const rb_range *)p.steps[2].cfg)->low, -15, 0, 0);
    check_done(rb_pipeline_build(*state, NULL, "test", &p, &err), err);
    assert_int_equal(p.count, 0);
}

static void bad_rows_say_where_and_why(void **state)
{
    static const rb_step_row flip[] = {{.name = "HorizontalFlip"}, {0}};
    const struct {
        rb_step_row row;
        const char *want;
    } cases[] = {
        {{.name = "Rotat"}, "test: no transform 'Rotat'; did you mean 'Rotate'?"},
        {{.name = "OneOff", .steps = flip}, "no transform 'OneOff'; did you mean 'OneOf'?"},
        {{.name = "Rotate", .with = "limits=9"}, "test: Rotate: limits: unknown key; did you mean 'limit'?"},
        {{.name = "Rotate", .with = "limit=-9"}, "test: Rotate: limit: -9 is negative; one number v means -v,v here"},
        {{.name = "Rotate", .with = "limit"}, "test: Rotate: 'limit' is not KEY=VALUE"},
        {{.name = "Rotate", .with = "p=1.5"}, "test: Rotate: p: 1.5 is outside 0..1"},
        {{.name = "Rotate", .steps = flip}, "test: Rotate: is a transform and has no steps"},
        {{.name = "OneOf"}, "test: OneOf: has no steps"},
        {{.name = "Blur", .with = "blur_limit=4"}, "test: Blur: blur_limit: 4 is even; sides of kernels are odd"},
        {{.name = "Blur", .with = "blur_limit=4,5"}, "blur_limit: 4 is even; sides of kernels are odd"},
        {{.name = "MedianBlur", .with = "blur_limit=98"}, "blur_limit: 98 is even; sides of kernels are odd"},
        {{.name = "MotionBlur", .with = "blur_limit=3.5,7"}, "test: MotionBlur: blur_limit: 3.5 is not a whole number"},
        {{.name = "GaussianBlur", .with = "blur_limit=6"}, "blur_limit: 6 is even; sides of kernels are odd"},
        {{.name = "CoarseDropout", .with = "hole_width_range=0.5,8"},
         "hole_width_range: 0.5 is a share, but 8 are pixels"},
        {{.name = "CoarseDropout", .with = "num_holes_range=1.5,2"}, "num_holes_range: 1.5 is not a whole number"},
        {{.name = "ImageCompression", .with = "quality_range=9.5"}, "quality_range: 9.5 is not a whole number"},
        {{.name = "CLAHE", .with = "tile_grid_size=8,2.5"}, "test: CLAHE: tile_grid_size: 2.5 is not a whole number"},
        {{.name = "OneOf", .steps = flip, .with = "n=1"}, "test: OneOf: n: unknown key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rb_step_row rows[] = {cases[i].row, {0}};
        rb_pipeline p;
        rb_error err;
        check_failed(rb_pipeline_build(*state, rows, "test", &p, &err), err, RB_ERR_USAGE, cases[i].want);
    }
}

static void every_transform_has_a_p_and_sound_fields(void **state)
{
    for (const rb_augment *const *t = rb_augments; *t; t++) {
        assert_true((*t)->p > 0 && (*t)->p <= 1);
        rb_section section = {.fields = (*t)->fields, .values = rb_arena_take(*state, 1, (ptrdiff_t)(*t)->cfg_bytes)};
        const rb_field *flaw = rb_config_flaw(&(rb_config){&section, 1});
        if (flaw) fail_msg("%s: %s", (*t)->name, flaw->name);
    }
}

// ---- the presets ---------------------------------------------------------------------------------------------------

// What 32 draws of both pipelines come to, on every compiler.
#define ORIGINAL 0xe3778e27b892dd67u

static void original_keeps_shape_and_repeats(void **state)
{
    rb_augmentation original;
    rb_error err;
    check_done(rb_augmentation_preset(*state, "original", "augment", &original, &err), err);
    assert_int_equal(original.minority.count, 17);
    assert_int_equal(original.majority.count, 3);
    uint64_t first[2][16];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t draw = round ? 15 - i : i;
            for (int k = 0; k < 2; k++) {
                rb_image image = gradient_picture(*state, 32, 32, 3);
                rb_pipeline_run(k ? &original.majority : &original.minority, 0, draw, 0, *state, &image);
                assert_true(image.h == 32 && image.w == 32 && image.c == 3);
                uint64_t hash = hash_picture(HASH_BEGIN, &image);
                if (round) assert_true(hash == first[k][draw]);
                first[k][draw] = hash;
            }
        }
    uint64_t all = HASH_BEGIN;
    for (int i = 0; i < 32; i++) all = (all ^ first[i / 16][i % 16]) * 0x100000001b3u;
    if (all != ORIGINAL) fail_msg("0x%016llx", (unsigned long long)all);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(numbers_go_by_place_in_preorder),
        TEST(one_of_picks_by_weight),
        TEST(sequential_is_all_or_nothing),
        TEST(a_forced_group_runs_and_its_children_keep_their_p),
        TEST(some_of_runs_n_different_ones),
        TEST(draws_in_any_order_are_the_same),
        TEST(rows_become_steps_in_preorder),
        TEST(bad_rows_say_where_and_why),
        TEST(every_transform_has_a_p_and_sound_fields),
        TEST(original_keeps_shape_and_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
