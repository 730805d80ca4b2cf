// SPDX-License-Identifier: Apache-2.0
// Augmentation: what a flip does, when a step fires, and that numbers depend on (seed, draw, epoch, step) alone.
#include "augments.h"

static const rb_augment *named(const char *name)
{
    const rb_augment *const *a = rb_augments;
    while (*a && strcmp((*a)->name, name)) a++;
    assert_non_null(*a);
    return *a;
}

static void flip_mirrors_each_row(void **state)
{
    struct {
        int w, c;
        uint8_t in[12], want[12];
    } cases[] = {
        {3, 1, {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}},
        {2, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}},
        {1, 3, {1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}},
    };
    for (int i = 0; i < 3; i++) {
        rb_image image = {cases[i].in, 2, cases[i].w, cases[i].c};
        rb_rng random = rb_rng_at(0, RB_STREAM_AUGMENT, 0, 0, 0);
        named("HorizontalFlip")->apply(NULL, &random, *state, &image);
        assert_ptr_equal(image.pixels, cases[i].in);
        assert_memory_equal(image.pixels, cases[i].want, (size_t)(2 * cases[i].w * cases[i].c));
    }
}

// Leaves the next random word in the picture.
static void write_word(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)scratch;
    uint32_t word = rb_rng_u32(random);
    memcpy(image->pixels, &word, sizeof word);
}

static uint32_t word_of(double p, int steps, uint32_t seed, uint32_t draw, uint32_t epoch)
{
    static const rb_augment probe = {.name = "probe", .apply = write_word};
    rb_augment_step step[3] = {{.augment = &probe}, {.augment = &probe}, {.augment = &probe}};
    step[steps - 1].p = p; // only the last can fire
    uint8_t pixels[4] = {0};
    rb_image image = {pixels, 2, 2, 1};
    rb_pipeline_run(&(rb_pipeline){.steps = step, .count = steps}, seed, draw, epoch, NULL, &image);
    uint32_t word;
    memcpy(&word, pixels, sizeof word);
    return word;
}

static void a_step_draws_its_own_numbers(void **state)
{
    (void)state;
    for (int steps = 1; steps <= 3; steps++) {
        rb_rng random = rb_rng_at(7, RB_STREAM_AUGMENT, 5, 9, (uint32_t)(steps - 1));
        uint32_t first = rb_rng_u32(&random), second = rb_rng_u32(&random);
        assert_int_equal(word_of(1, steps, 7, 5, 9), first); // always fires: p draws nothing
        assert_int_equal(word_of((first + 1.0) * 0x1p-32, steps, 7, 5, 9), second);
        assert_int_equal(word_of(first * 0x1p-32, steps, 7, 5, 9), 0); // fires below p alone
        assert_int_equal(word_of(0, steps, 7, 5, 9), 0);
    }
    uint32_t word = word_of(1, 1, 7, 5, 9);
    assert_int_not_equal(word, word_of(1, 1, 8, 5, 9));
    assert_int_not_equal(word, word_of(1, 1, 7, 6, 9));
    assert_int_not_equal(word, word_of(1, 1, 7, 5, 10));
    assert_int_not_equal(word, word_of(1, 2, 7, 5, 9));
}

static void light_flips_half_of_both_classes(void **state)
{
    rb_augmentation light;
    rb_error err;
    check_done(rb_augmentation_preset(*state, "light", "augment", &light, &err), err);
    const rb_pipeline *pipelines[] = {&light.minority, &light.majority};
    for (int k = 0; k < 2; k++) {
        int flipped = 0;
        for (uint32_t draw = 0; draw < 4000; draw++) {
            uint8_t pixels[] = {1, 2};
            rb_image image = {pixels, 1, 2, 1};
            rb_pipeline_run(pipelines[k], 3, draw, 0, *state, &image);
            flipped += image.pixels[0] == 2;
        }
        check_near("flipped", flipped, 2000, 0, 4 * 31.6); // four standard deviations
    }
}

static void none_is_empty(void **state)
{
    rb_augmentation none;
    rb_error err;
    check_done(rb_augmentation_preset(*state, "none", "augment", &none, &err), err);
    assert_int_equal(none.minority.count, 0);
    assert_int_equal(none.majority.count, 0);
}

static void every_preset_can_be_built(void **state)
{
    rb_augmentation built;
    rb_error err;
    for (int i = 0; rb_augment_presets[i]; i++)
        check_done(rb_augmentation_preset(*state, rb_augment_presets[i], "augment", &built, &err), err);
}

static void an_unknown_preset_names_the_nearest(void **state)
{
    rb_augmentation out;
    rb_error err;
    check_failed(rb_augmentation_preset(*state, "lihgt", "augment", &out, &err), err, RB_ERR_USAGE,
                 "augment: no preset 'lihgt'; did you mean 'light'?");
}

static void settings_that_surprise_are_told(void **state)
{
    static const struct {
        const char *name, *with, *part; // NULL: nothing surprises
    } cases[] = {
        {"ElasticTransform", NULL, "what shows is alpha_affine"},
        {"ElasticTransform", "alpha_affine=4", "which nobody sees"},
        {"ElasticTransform", "alpha=150 sigma=7.5", "most of a small picture"},
        {"ElasticTransform", "alpha=150 sigma=7.5 alpha_affine=4.5", NULL},
        {"ImageCompression", NULL, "hardly differs"},
        {"ImageCompression", "quality_range=98,100", NULL},
        {"GaussNoise", NULL, NULL},
        {"GaussNoise", "var_limit=1700", "squared levels"},
        {"GaussNoise", "var_limit=1600", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const rb_augment_step *step = one_step(*state, cases[i].name, cases[i].with);
        const char *said = step->augment->surprise(step->cfg);
        if (!said != !cases[i].part || (said && !strstr(said, cases[i].part)))
            fail_msg("%s %s: %s", cases[i].name, cases[i].with, said);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(flip_mirrors_each_row),
        TEST(a_step_draws_its_own_numbers),
        TEST(light_flips_half_of_both_classes),
        TEST(none_is_empty),
        TEST(every_preset_can_be_built),
        TEST(an_unknown_preset_names_the_nearest),
        TEST(settings_that_surprise_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
