// SPDX-License-Identifier: Apache-2.0
// Duplicates: what was planted is found, and what was not is not.
#include "check.h"
#include "folder.h"

#include "explore.h"

#include "base/parallel.h"
#include "explore/compare.h"
#include "explore/findings.h"
#include "explore/phash.h"

#define EACH  10 // planted pairs of each kind
#define APART 5  // pictures from one that has a twin to the next

typedef struct planted {
    int a, b, view; // view: how b has to be turned
    bool exact;
} planted;

// ---- sixty pairs ---------------------------------------------------------------------------------------------------

static rb_bytes copy_of_bytes(const place *p, const rb_image *image, rb_bytes file, int i)
{
    (void)p, (void)image, (void)i;
    return file;
}

static rb_bytes same_pixels_as_png(const place *p, const rb_image *image, rb_bytes file, int i)
{
    (void)image, (void)i;
    rb_image decoded;
    rb_error err;
    check_done(rb_image_decode(p->arena, file, 3, &decoded, &err), err);
    return as_png(p, &decoded);
}

static rb_bytes encoded_again(const place *p, const rb_image *image, rb_bytes file, int i)
{
    (void)file;
    return as_jpeg(p, image, 50 + 4 * i);
}

static rb_bytes of_another_size(const place *p, const rb_image *image, rb_bytes file, int i)
{
    static const int sides[] = {32, 40, 48, 56, 72, 80, 96, 112, 128, 160};
    (void)file;
    rb_image other = resized(p, image, sides[i], i % 3 ? sides[i] : sides[i] * 3 / 2);
    return as_jpeg(p, &other, 90);
}

// b is a turned by `view`; what turns it back is the same but for the two quarter turns.
static int back_of(int view)
{
    return view == 5 ? 6 : view == 6 ? 5 : view;
}

static rb_bytes turned_about(const place *p, const rb_image *image, rb_bytes file, int i)
{
    (void)file;
    rb_image other = turned(p, image, 1 + i % 7);
    return as_jpeg(p, &other, 90);
}

static rb_bytes all_of_it(const place *p, const rb_image *image, rb_bytes file, int i)
{
    (void)file;
    rb_image small = resized(p, image, 48, 48), other = turned(p, &small, 1 + i % 7);
    return as_jpeg(p, &other, 70);
}

static const struct kind {
    const char *name, *suffix;
    rb_bytes (*make)(const place *p, const rb_image *image, rb_bytes file, int i);
    bool exact, turned;
} kinds[] = {
    {"copied", "jpg", copy_of_bytes, true, false},         {"same_pixels", "png", same_pixels_as_png, true, false},
    {"encoded_again", "jpg", encoded_again, false, false}, {"other_size", "jpg", of_another_size, false, false},
    {"turned", "jpg", turned_about, false, true},          {"all_of_it", "jpg", all_of_it, false, true},
};
#define KINDS     ((int)(sizeof kinds / sizeof *kinds))
#define PAIRS     (KINDS * EACH)
#define STRANGERS (PAIRS * APART)

// Every fifth stranger has a twin: they lie all over the set.
static album plant(const place *p, planted *pairs)
{
    album a = album_new(p, STRANGERS + PAIRS);
    for (int i = 0; i < STRANGERS; i++) {
        rb_image image = drawn(p, i);
        rb_bytes file = as_jpeg(p, &image, 95);
        int first = album_add(&a, rb_text_format(p->arena, "%03d.jpg", i), i % 2, file);
        if (i % APART) continue;
        int pair = i / APART, nth = pair % EACH;
        const struct kind *k = &kinds[pair / EACH];
        const char *name = rb_text_format(p->arena, "%03d_%s.%s", i, k->name, k->suffix);
        int second = album_add(&a, name, i % 2, k->make(p, &image, file, nth));
        pairs[pair] = (planted){first, second, k->turned ? back_of(1 + nth % 7) : 0, k->exact};
    }
    return a;
}

static bool found_exact(const rb_twins *t, const planted *x)
{
    for (int g = 0; g < t->group_count; g++)
        if (t->groups[g].count == 2 && t->groups[g].member[0] == x->a && t->groups[g].member[1] == x->b) return true;
    return false;
}

static bool found_near(const rb_twins *t, const planted *x)
{
    for (int i = 0; i < t->pair_count; i++)
        if (t->pairs[i].a == x->a && t->pairs[i].b == x->b && t->pairs[i].view == x->view) return true;
    return false;
}

static void sixty_planted_pairs_are_found_and_nothing_else(void **state)
{
    const place *p = *state;
    planted pairs[PAIRS];
    album a = plant(p, pairs);
    rb_survey s = surveyed(p, &a.data);
    rb_twins t = rb_twins_find(p->arena, &s);
    int exact = 0, near = 0;
    for (int i = 0; i < PAIRS; i++) {
        exact += pairs[i].exact && found_exact(&t, &pairs[i]);
        near += !pairs[i].exact && found_near(&t, &pairs[i]);
    }
    print_message("%d of %d exact, %d of %d others; %d groups and %d pairs in all\n", exact, 2 * EACH, near,
                  PAIRS - 2 * EACH, t.group_count, t.pair_count);
    assert_int_equal(s.readable, STRANGERS + PAIRS);
    assert_int_equal(exact, 2 * EACH);
    assert_true(near * 10 >= (PAIRS - 2 * EACH) * 9);
    assert_int_equal(t.group_count, exact); // no false alarm
    assert_int_equal(t.pair_count, near);
    assert_int_equal(t.cluster_count, exact + near);
    for (int i = 0; i < t.group_count; i++) assert_int_equal(t.groups[i].files, i < EACH ? 1 : 2);
}

static void threads_change_nothing(void **state)
{
    const place *p = *state;
    planted pairs[PAIRS];
    album a = plant(p, pairs);
    rb_twins t[2];
    rb_survey s[2];
    for (int i = 0; i < 2; i++) {
        rb_parallel_threads(1 + 2 * i);
        s[i] = surveyed(p, &a.data);
        t[i] = rb_twins_find(p->arena, &s[i]);
    }
    assert_memory_equal(s[0].feature, s[1].feature, (size_t)a.data.count * RB_FEATURES * sizeof(float));
    assert_int_equal(t[0].pair_count, t[1].pair_count);
    assert_memory_equal(t[0].pairs, t[1].pairs, (size_t)t[0].pair_count * sizeof *t[0].pairs);
    assert_memory_equal(t[0].cluster, t[1].cluster, (size_t)a.data.count * sizeof(int));
}

// ---- what hangs together -------------------------------------------------------------------------------------------

static void clusters_tell_of_labels_and_parts(void **state)
{
    const place *p = *state;
    album a = album_new(p, 8);
    rb_image one = drawn(p, 1), two = drawn(p, 2), three = drawn(p, 3);
    rb_image one_mirrored = turned(p, &one, 1), two_small = resized(p, &two, 50, 50);
    rb_bytes file = as_jpeg(p, &one, 95);
    int at[] = {
        album_add(&a, "0", 0, file),                 // cluster 0: three of them, all train, labels differ
        album_add(&a, "1", 0, as_jpeg(p, &two, 95)), // cluster 1: labels agree, parts differ
        album_add(&a, "2", 1, file),
        album_add(&a, "3", 0, as_jpeg(p, &three, 95)), // alone
        album_add(&a, "4", 0, as_jpeg(p, &one_mirrored, 80)),
        album_add(&a, "5", 0, as_jpeg(p, &two_small, 80)),
    };
    for (int i = 0; i < a.data.count; i++) a.data.samples[i].part = RB_TRAIN_PART;
    a.data.samples[at[5]].part = RB_TEST_PART;
    rb_survey s = surveyed(p, &a.data);
    rb_findings f;
    rb_findings_gather(p->arena, &s, true, &f);
    static const int want[] = {0, 1, 0, -1, 0, 1};
    for (int i = 0; i < 6; i++) assert_int_equal(f.twins.cluster[i], want[i]);
    assert_int_equal(f.twins.cluster_count, 2);
    assert_int_equal(f.twins.group_count, 1);
    assert_int_equal(f.twins.pair_count, 2); // of the group its first stands for both
    assert_true(f.discord[0].conflict && !f.discord[0].leak);
    assert_true(!f.discord[1].conflict && f.discord[1].leak);
    assert_int_equal(f.conflicts, 1);
    assert_int_equal(f.leaks, 1);
    assert_int_equal(f.twin_pictures, 5);
    rb_discord d = rb_pair_discord(&s, &f.twins.pairs[1]);
    assert_true(!d.conflict && d.leak);
}

static void flat_pictures_are_counted_and_not_paired(void **state)
{
    const place *p = *state;
    album a = album_new(p, 4);
    for (int i = 0; i < 4; i++) {
        rb_image grey = flat(p, 60 + 2 * i);
        album_add(&a, rb_text_format(p->arena, "%d", i), 0, as_png(p, &grey));
    }
    rb_survey s = surveyed(p, &a.data);
    rb_twins t = rb_twins_find(p->arena, &s);
    assert_int_equal(t.flat, 4);
    assert_int_equal(t.pair_count + t.group_count, 0);
}

// Twenty copies, each encoded in its own way: a picture keeps its sixteen nearest, and all hang together.
static void a_picture_keeps_its_nearest(void **state)
{
    const place *p = *state;
    album a = album_new(p, 20);
    rb_image image = drawn(p, 5);
    for (int i = 0; i < 20; i++) album_add(&a, rb_text_format(p->arena, "%02d", i), 0, as_jpeg(p, &image, 60 + 2 * i));
    rb_survey s = surveyed(p, &a.data);
    rb_twins t = rb_twins_find(p->arena, &s);
    int of_first = 0, farther = 0;
    double least = 1;
    for (int i = 0; i < t.pair_count; i++)
        if (t.pairs[i].a == 0) of_first++, least = fmin(least, t.pairs[i].likeness);
    for (int j = 1; j < 20; j++)
        farther += rb_thumb_compare(s.thumb, s.thumb + j * RB_THUMB * RB_THUMB).likeness < least;
    assert_int_equal(of_first, RB_TWINS_EACH);
    assert_int_equal(farther, 19 - RB_TWINS_EACH);
    assert_int_equal(t.cluster_count, 1);
}

// ---- views ---------------------------------------------------------------------------------------------------------

static void hashes_of_views_are_those_of_turned_thumbs(void **state)
{
    const place *p = *state;
    rb_image image = drawn(p, 9), small = resized(p, &image, RB_THUMB, RB_THUMB);
    rb_image_to_grey(&small);
    uint64_t hash[RB_VIEWS], again[RB_VIEWS];
    uint8_t other[RB_THUMB * RB_THUMB];
    rb_phash(small.pixels, hash);
    for (int v = 0; v < RB_VIEWS; v++) {
        rb_image want = turned(p, &small, v);
        rb_view_turn(small.pixels, v, other);
        assert_memory_equal(other, want.pixels, sizeof other);
        rb_phash(other, again);
        if (hash[v] != again[0]) fail_msg("view %d: %016lx, not %016lx", v, hash[v], again[0]);
    }
}

// ---- photographs ---------------------------------------------------------------------------------------------------

// Satellite tiles, many of them alike: at most one picture in a thousand may be called a twin.
static void satellite_tiles_raise_no_alarm(void **state)
{
    const place *p = *state;
    const char *root = shared_data(p, "data/eurosat_highway/train_img");
    if (!root) skip();
    rb_dataset d;
    rb_error err;
    check_done(rb_dataset_from_folder(p->arena, root, &d, &err), err);
    rb_survey s = surveyed(p, &d);
    rb_twins t = rb_twins_find(p->arena, &s);
    int in_clusters = 0;
    for (int i = 0; i < d.count; i++) in_clusters += t.cluster[i] >= 0;
    print_message("%d of %d in clusters, %d too flat\n", in_clusters, d.count, t.flat);
    assert_true(in_clusters * 1000 <= d.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sixty_planted_pairs_are_found_and_nothing_else, place_open, place_close),
        cmocka_unit_test_setup_teardown(threads_change_nothing, place_open, place_close),
        cmocka_unit_test_setup_teardown(clusters_tell_of_labels_and_parts, place_open, place_close),
        cmocka_unit_test_setup_teardown(flat_pictures_are_counted_and_not_paired, place_open, place_close),
        cmocka_unit_test_setup_teardown(a_picture_keeps_its_nearest, place_open, place_close),
        cmocka_unit_test_setup_teardown(hashes_of_views_are_those_of_turned_thumbs, place_open, place_close),
        cmocka_unit_test_setup_teardown(satellite_tiles_raise_no_alarm, place_open, place_close),
    };
    return check_run("explore, twins", tests);
}
