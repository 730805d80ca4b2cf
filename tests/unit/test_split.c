// SPDX-License-Identifier: Apache-2.0
// Splitting and drawing: quotas against scikit-learn's, groups, given parts, balanced draws and permutations.
#include "check.h"
#include "folder.h"

#include "data/data.h"

#define CLASSES 4

// counts[k] samples of each class k, in turns as long as they last.
static rb_dataset made(rb_arena *a, const int *counts)
{
    static const char *names[] = {"ant", "bee", "cat", "dog"};
    rb_dataset d = {.classes = names};
    for (int k = 0; k < CLASSES; k++) {
        d.count += counts[k];
        if (counts[k]) d.class_count = k + 1;
    }
    d.samples = RB_NEW(a, rb_sample, d.count);
    for (int n = 0, turn = 0; n < d.count; turn++)
        for (int k = 0; k < CLASSES; k++)
            if (turn < counts[k]) d.samples[n++] = (rb_sample){.path = "", .name = "", .label = k, .part = RB_NO_PART};
    return d;
}

static rb_data_settings shares(double test, double val)
{
    return (rb_data_settings){.test_split = test, .val_split = val, .split_seed = 5};
}

static void split(rb_arena *a, rb_data_settings s, rb_dataset *d)
{
    rb_error err;
    check_done(rb_dataset_split(a, &s, d, &err), err);
}

static void check_part(rb_arena *a, const rb_dataset *d, rb_part part, const int *want)
{
    int got[CLASSES] = {0};
    rb_dataset_counts(d, rb_dataset_part(a, d, part), got);
    for (int k = 0; k < CLASSES; k++)
        if (got[k] != want[k])
            fail_msg("%s: %d of class %d, not %d", part < RB_PARTS ? rb_part_names[part] : "all", got[k], k, want[k]);
}

// ---- split -------------------------------------------------------------------------------------------------------

// What train_test_split(test_size=test, stratify=y), then the same with val on the rest, gives for each of 40 random
// states: the rows have no ties. Made with scikit-learn 1.9.1.
static const struct {
    int count[CLASSES];
    double test, val;
    int in_test[CLASSES], in_val[CLASSES];
} quotas[] = {
    {{537, 3863}, 0.1, 0.2, {54, 386}, {97, 695}}, {{13, 87}, 0.1, 0.2, {1, 9}, {2, 16}},
    {{7, 93}, 0.07, 0.3, {1, 7}, {2, 26}}, // 0.07 * 100 is a little over 7 in binary: 8 in all
    {{50, 51}, 0.1, 0.2, {5, 6}, {9, 9}},          {{30, 70, 11}, 0.15, 0.25, {4, 11, 2}, {7, 15, 2}},
    {{121, 879}, 0.1, 0.2, {12, 88}, {22, 158}},   {{100, 300, 7, 40}, 0.33, 0.5, {33, 100, 2, 13}, {34, 100, 2, 14}},
    {{5, 5}, 0.2, 0.25, {1, 1}, {1, 1}},           {{999, 3}, 0.4, 0.5, {400, 1}, {300, 1}},
    {{64, 36}, 0, 0.3, {0, 0}, {19, 11}},          {{64, 36}, 0.29, 0, {19, 10}, {0, 0}},
};

static void quotas_are_scikit_learns(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    for (int i = 0; i < (int)(sizeof quotas / sizeof *quotas); i++) {
        rb_dataset d = made(a, quotas[i].count);
        split(a, shares(quotas[i].test, quotas[i].val), &d);
        int rest[CLASSES];
        for (int k = 0; k < CLASSES; k++) rest[k] = quotas[i].count[k] - quotas[i].in_test[k] - quotas[i].in_val[k];
        check_part(a, &d, RB_TEST_PART, quotas[i].in_test);
        check_part(a, &d, RB_VAL_PART, quotas[i].in_val);
        check_part(a, &d, RB_TRAIN_PART, rest);
        check_part(a, &d, RB_NO_PART, quotas[i].count);
    }
}

static int alike(const rb_dataset *x, const rb_dataset *y, rb_part part)
{
    int n = 0;
    for (int i = 0; i < x->count; i++) n += x->samples[i].part == part && y->samples[i].part == part;
    return n;
}

static void a_split_depends_on_its_seed_alone(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset one = made(a, (int[CLASSES]){500, 500}), same = made(a, (int[CLASSES]){500, 500}), other = same;
    other.samples = RB_NEW(a, rb_sample, other.count);
    memcpy(other.samples, same.samples, (size_t)other.count * sizeof *other.samples);
    split(a, shares(0.5, 0), &one);
    split(a, shares(0.5, 0), &same);
    assert_int_equal(alike(&one, &same, RB_TEST_PART), 500);
    rb_data_settings s = shares(0.5, 0);
    s.split_seed = 6;
    split(a, s, &other);
    check_near("in both tests", alike(&one, &other, RB_TEST_PART), 250, 0, 5 * 7.9); // hypergeometric, 5 deviations
}

static void a_class_too_small_is_named(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){100, 2});
    rb_data_settings s = shares(0.1, 0.2);
    rb_error err;
    check_failed(rb_dataset_split(a, &s, &d, &err), err, RB_ERR_DATA,
                 "class 'bee' is too small: of its 2 pictures none would be in val");
}

// 60 groups of 1 to 6 pictures of one class each, and 100 pictures by themselves.
static rb_dataset grouped(rb_arena *a)
{
    rb_dataset d = made(a, (int[CLASSES]){120, 190});
    for (int i = 0, g = 0, left = 1; i < 210; i++, left--) {
        if (!left) left = ++g % 6 + 1;
        d.samples[i].group = rb_text_format(a, "g%02d", g % 60);
        d.samples[i].label = g % 3 == 0;
    }
    for (int i = 210; i < d.count; i++) d.samples[i].label = i % 3 > 0;
    return d;
}

static void check_groups_whole(const rb_dataset *d)
{
    for (int i = 0; i < d->count; i++)
        for (int j = 0; j < i && d->samples[i].group; j++)
            if (d->samples[j].group && !strcmp(d->samples[i].group, d->samples[j].group))
                assert_int_equal(d->samples[i].part, d->samples[j].part);
}

static void groups_stay_together_and_quotas_hold(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = grouped(a), alone = grouped(a);
    for (int i = 0; i < alone.count; i++) alone.samples[i].group = NULL;
    split(a, shares(0.1, 0.2), &d);
    split(a, shares(0.1, 0.2), &alone);
    check_groups_whole(&d);
    int in_part[RB_PARTS] = {0};
    for (int part = 0; part < RB_PARTS; part++) { // single pictures fill up what groups leave: the same quotas
        int want[CLASSES] = {0};
        rb_dataset_counts(&alone, rb_dataset_part(a, &alone, (rb_part)part), want);
        check_part(a, &d, (rb_part)part, want);
    }
    for (int i = 0; i < d.count; i++)
        if (d.samples[i].group) in_part[d.samples[i].part]++;
    assert_true(in_part[RB_TRAIN_PART] > 0 && in_part[RB_VAL_PART] > 0); // not all of them in one place
}

static void a_group_too_large_for_a_part_goes_to_train(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){50, 50});
    for (int i = 0; i < d.count; i++)
        if (d.samples[i].label == 0 && i < 80) d.samples[i].group = "all of one patient";
    split(a, shares(0.1, 0.1), &d);
    for (int i = 0; i < 80; i++)
        if (d.samples[i].group) assert_int_equal(d.samples[i].part, RB_TRAIN_PART);
    check_part(a, &d, RB_TEST_PART, (int[CLASSES]){5, 5});
}

static void given_parts_are_kept_and_not_added_to(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){100, 100});
    for (int i = 0; i < 20; i++) d.samples[i].part = RB_TEST_PART;
    d.samples[19].group = d.samples[150].group = "x"; // 150 follows 19
    split(a, shares(0.1, 0.2), &d);
    for (int i = 0; i < d.count; i++) assert_int_equal(d.samples[i].part == RB_TEST_PART, i < 20 || i == 150);
    check_part(a, &d, RB_VAL_PART, (int[CLASSES]){18, 18}); // ceil(0.2 * 179), 89 and 90 of each left
}

static void nothing_is_drawn_when_all_parts_are_given(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){3, 3});
    for (int i = 0; i < d.count; i++) d.samples[i].part = i % 2 ? RB_TRAIN_PART : RB_TEST_PART;
    split(a, shares(0.1, 0.2), &d);
    for (int i = 0; i < d.count; i++) assert_int_equal(d.samples[i].part, i % 2 ? RB_TRAIN_PART : RB_TEST_PART);
}

// ---- sampler -----------------------------------------------------------------------------------------------------

static int *order_of(rb_arena *a, const rb_dataset *d, rb_indices from, rb_sampler how, uint32_t epoch, int count)
{
    int *order = RB_NEW(a, int, count);
    rb_sampler_order(a, d, from, (rb_drawing){how, 1}, 11, epoch, order, count);
    return order;
}

// How often pictures were drawn, against how often they should be.
static double chi_squared(const rb_dataset *d, const int *order, int n, const double *share)
{
    double chi2 = 0;
    int *times = calloc((size_t)d->count, sizeof *times);
    for (int j = 0; j < n; j++) times[order[j]]++;
    for (int i = 0; i < d->count; i++) {
        double expected = n * share[d->samples[i].label];
        chi2 += (times[i] - expected) * (times[i] - expected) / expected;
    }
    free(times);
    return chi2;
}

static void balanced_draws_are_uniform_over_classes_then_pictures(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){4, 0, 16}); // class 1 has no picture
    rb_indices all = rb_dataset_part(a, &d, RB_NO_PART);
    int n = 64000, *order = order_of(a, &d, all, RB_SAMPLER_BALANCED, 0, n);
    double chi2 = chi_squared(&d, order, n, (double[CLASSES]){1 / 8.0, 0, 1 / 32.0});
    assert_true(chi2 < 43.8); // 19 degrees of freedom, 0.1 %
    assert_true(chi2 > 5.4);  // nor is it too even
}

// Weights n^-power, so that a picture's share is n^-power over the sum of n^(1 - power).
static void a_power_tempers_the_balance(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){4, 0, 16});
    rb_indices all = rb_dataset_part(a, &d, RB_NO_PART);
    static const double powers[] = {0, 0.25, 0.5, 0.9};
    int n = 64000, *order = RB_NEW(a, int, n);
    for (int k = 0; k < 4; k++) {
        double t = powers[k], sum = pow(4, 1 - t) + pow(16, 1 - t);
        rb_sampler_order(a, &d, all, (rb_drawing){RB_SAMPLER_BALANCED, t}, 11, 0, order, n);
        double chi2 = chi_squared(&d, order, n, (double[CLASSES]){pow(4, -t) / sum, 0, pow(16, -t) / sum});
        if (!(chi2 > 5.4 && chi2 < 43.8)) fail_msg("power %g: chi squared is %g", t, chi2);
    }
}

static void a_balanced_draw_depends_on_its_place_alone(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){40, 60});
    rb_indices all = rb_dataset_part(a, &d, RB_NO_PART);
    int *few = order_of(a, &d, all, RB_SAMPLER_BALANCED, 3, 50),
        *many = order_of(a, &d, all, RB_SAMPLER_BALANCED, 3, 100);
    assert_memory_equal(few, many, 50 * sizeof *few);
    assert_memory_not_equal(few, order_of(a, &d, all, RB_SAMPLER_BALANCED, 4, 50), 50 * sizeof *few);
}

static void draws_come_from_the_part_asked_for(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){40, 60});
    split(a, shares(0.2, 0.5), &d);
    rb_indices val = rb_dataset_part(a, &d, RB_VAL_PART);
    for (int how = 0; how < 2; how++) {
        int *order = order_of(a, &d, val, (rb_sampler)how, 0, val.count);
        for (int j = 0; j < val.count; j++) assert_int_equal(d.samples[order[j]].part, RB_VAL_PART);
    }
}

static void shuffle_is_a_permutation(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_dataset d = made(a, (int[CLASSES]){40, 60});
    rb_indices all = rb_dataset_part(a, &d, RB_NO_PART);
    int times[100] = {0}, *order = order_of(a, &d, all, RB_SAMPLER_SHUFFLE, 0, 100), in_place = 0;
    for (int j = 0; j < 100; j++) {
        times[order[j]]++;
        in_place += order[j] == j;
    }
    for (int i = 0; i < 100; i++) assert_int_equal(times[i], 1);
    assert_true(in_place < 8);
    assert_memory_equal(order, order_of(a, &d, all, RB_SAMPLER_SHUFFLE, 0, 30), 30 * sizeof *order);
    assert_memory_not_equal(order, order_of(a, &d, all, RB_SAMPLER_SHUFFLE, 1, 100), 100 * sizeof *order);
    for (int i = 0; i < 100; i++) assert_int_equal(all.at[i], i); // what was handed in is as it was
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(quotas_are_scikit_learns),
        TEST(a_split_depends_on_its_seed_alone),
        TEST(a_class_too_small_is_named),
        TEST(groups_stay_together_and_quotas_hold),
        TEST(a_group_too_large_for_a_part_goes_to_train),
        TEST(given_parts_are_kept_and_not_added_to),
        TEST(nothing_is_drawn_when_all_parts_are_given),
        TEST(balanced_draws_are_uniform_over_classes_then_pictures),
        TEST(a_power_tempers_the_balance),
        TEST(a_balanced_draw_depends_on_its_place_alone),
        TEST(draws_come_from_the_part_asked_for),
        TEST(shuffle_is_a_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
