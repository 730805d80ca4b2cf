// SPDX-License-Identifier: Apache-2.0
// What an exploration says of a data set: pictures, statistics, points, outliers.
#include "check.h"
#include "folder.h"

#include "explore.h"

#include "base/rng.h"
#include "explore/findings.h"
#include "explore/quantile.h"

#include <jansson.h>

// ---- one picture each ----------------------------------------------------------------------------------------------

static void unreadable_pictures_are_findings(void **state)
{
    const place *p = *state;
    album a = album_new(p, 6);
    rb_image image = drawn(p, 1);
    rb_bytes good = as_jpeg(p, &image, 90), half = {good.data, good.size / 2};
    album_add(&a, "good.jpg", 0, good);
    album_add(&a, "half.jpg", 1, half);
    album_add(&a, "empty.jpg", 1, (rb_bytes){good.data, 0});
    album_add(&a, "text.jpg", 1, (rb_bytes){(const uint8_t *)"hello", 5});
    album_add(&a, "gone.jpg", 0, good);
    album_add(&a, "again.jpg", 0, good);
    assert_int_equal(remove(a.data.samples[4].path), 0);
    rb_survey s = surveyed(p, &a.data);
    static const char *const reasons[] = {NULL, "truncated or damaged", "empty", "neither JPEG nor PNG", "No such file",
                                          NULL};
    assert_int_equal(s.readable, 2);
    for (int i = 0; i < 6; i++) {
        const char *got = s.facts[i].reason;
        if (!reasons[i] != !got || (got && !strstr(got, reasons[i]))) fail_msg("%d: %s, not %s", i, got, reasons[i]);
        if (got && strstr(got, p->folder)) fail_msg("%d names its path: %s", i, got);
    }
    rb_findings f;
    rb_findings_gather(p->arena, &s, false, &f);
    assert_int_equal(f.classes[0].all, 3);
    assert_int_equal(f.classes[0].unreadable, 1);
    assert_int_equal(f.classes[1].unreadable, 3);
    assert_int_equal(f.twins.group_count, 1);
    assert_int_equal(f.twins.groups[0].member[1], 5);
    assert_true(isnan(f.spread[RB_BRIGHTNESS][1].median)); // of none
}

static void files_are_counted_by_kind_and_size(void **state)
{
    const place *p = *state;
    album a = album_new(p, 4);
    rb_image image = drawn(p, 1), small = resized(p, &image, 40, 60), grey = drawn(p, 2);
    rb_image_to_grey(&grey);
    album_add(&a, "0.jpg", 0, as_jpeg(p, &image, 90));
    album_add(&a, "1.png", 0, as_png(p, &small));
    album_add(&a, "2.png", 1, as_png(p, &grey));
    album_add(&a, "3.jpg", 1, as_jpeg(p, &image, 50));
    rb_survey s = surveyed(p, &a.data);
    rb_findings f;
    rb_findings_gather(p->arena, &s, false, &f);
    assert_int_equal(f.kind_count, 3);
    assert_string_equal(f.kinds[0].kind.format, "JPEG");
    assert_int_equal(f.kinds[0].count, 2);
    assert_int_equal(f.kinds[0].kind.channels, 3);
    assert_int_equal(f.kinds[0].kind.bits, 8);
    assert_int_equal(f.size_count, 2);
    assert_int_equal(f.sizes[0].count, 3);
    assert_int_equal(f.sizes[1].w, 60);
    assert_int_equal(f.sizes[1].h, 40);
    int64_t bytes = 0;
    for (int i = 0; i < 4; i++) bytes += s.facts[i].bytes;
    assert_int_equal(f.bytes, bytes);
}

// Of training pictures alone: 100 and 200 grey levels, each with the same weight whatever its size.
static void channels_are_those_of_the_training_part(void **state)
{
    const place *p = *state;
    album a = album_new(p, 3);
    rb_image dark = flat(p, 100), bright = flat(p, 200), other = flat(p, 0), small = resized(p, &bright, 8, 8);
    album_add(&a, "0", 0, as_png(p, &dark));
    album_add(&a, "1", 1, as_png(p, &small));
    album_add(&a, "2", 1, as_png(p, &other));
    a.data.samples[0].part = a.data.samples[1].part = RB_TRAIN_PART;
    a.data.samples[2].part = RB_TEST_PART;
    rb_survey s = surveyed(p, &a.data);
    rb_findings f;
    rb_findings_gather(p->arena, &s, true, &f);
    for (int c = 0; c < 3; c++) {
        check_near("mean", f.mean[c], 150 / 255., 1e-12, 0);
        check_near("std", f.std[c], 50 / 255., 1e-9, 0);
    }
    check_near("brightness ranks", f.auc[RB_BRIGHTNESS], 0.5, 0, 0); // class 1 is over and under class 0
}

// ---- numbers -------------------------------------------------------------------------------------------------------

static void quantiles_lie_between_neighbours(void **state)
{
    (void)state;
    double x[] = {4, 1, 3, 2};
    check_near("least", rb_quantile(x, 4, 0), 1, 0, 0);
    check_near("quarter", rb_quantile(x, 4, 0.25), 1.75, 1e-15, 0);
    check_near("half", rb_quantile(x, 4, 0.5), 2.5, 1e-15, 0);
    check_near("most", rb_quantile(x, 4, 1), 4, 0, 0);
    check_near("of one", rb_quantile(x, 1, 0.95), 1, 0, 0);
    assert_true(isnan(rb_quantile(x, 0, 0.5)));
}

static void neighbours_are_the_nearest_in_order(void **state)
{
    const place *p = *state;
    static const float at[] = {0, 10, 1, 3, 1, 6}; // on a line; 2 and 4 are equal
    static const int self[] = {0, 1, 2, 3, 4, 5};
    rb_points points = {at, 6, 1};
    rb_neighbours n = rb_neighbours_find(p->arena, points, points, self, 3);
    static const int want[6][3] = {{2, 4, 3}, {5, 3, 2}, {4, 0, 3}, {2, 4, 0}, {2, 0, 3}, {3, 1, 2}};
    assert_int_equal(n.k, 3);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 3; j++)
            if (n.index[3 * i + j] != want[i][j]) fail_msg("%d's %d: %d, not %d", i, j, n.index[3 * i + j], want[i][j]);
    check_near("square", n.square[3 * 1 + 2], 81, 0, 0);
    assert_int_equal(rb_neighbours_find(p->arena, points, points, self, 9).k, 5);
    assert_int_equal(rb_neighbours_find(p->arena, points, points, NULL, 9).k, 6);
}

static void components_of_few_points_are_few(void **state)
{
    const place *p = *state;
    static const float at[] = {0, 0, 0, 2, 2, 0, 4, 4, 0}; // a line in three dimensions
    rb_pca pca = rb_pca_fit(p->arena, (rb_points){at, 3, 3}, 30);
    assert_int_equal(pca.k, 2);
    check_near("along", pca.variance[0], 8, 1e-12, 0);
    check_near("across", pca.variance[1], 0, 0, 1e-12);
    check_near("total", pca.total, 8, 1e-12, 0);
    check_near("direction", pca.direction[0], sqrt(0.5), 1e-12, 0);
    assert_int_equal(rb_pca_fit(p->arena, (rb_points){at, 1, 3}, 30).k, 0);
}

// ---- outliers and the map ------------------------------------------------------------------------------------------

static album forty_and(const place *p, const rb_image *odd, int odds)
{
    album a = album_new(p, 40 + odds);
    for (int i = 0; i < 40; i++) {
        rb_image image = drawn(p, i);
        album_add(&a, rb_text_format(p->arena, "%02d", i), i % 2, as_jpeg(p, &image, 90));
    }
    for (int i = 0; i < odds; i++) album_add(&a, rb_text_format(p->arena, "odd%d", i), 0, as_jpeg(p, &odd[i], 90));
    return a;
}

static void odd_pictures_are_outliers(void **state)
{
    const place *p = *state;
    rb_image image = drawn(p, 99), noise = flat(p, 0), wide = resized(p, &image, 16, 160), black = flat(p, 0);
    rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, 0, 0, 99);
    for (int i = 0; i < 64 * 64 * 3; i++) noise.pixels[i] = (uint8_t)(rb_rng_u32(&random) >> 24);
    album a = forty_and(p, (rb_image[]){noise, wide, black}, 3);
    rb_survey s = surveyed(p, &a.data);
    rb_outliers o = rb_outliers_find(p->arena, &s, NULL);
    assert_int_equal(o.count, 3);
    bool seen[3] = {false};
    for (int i = 0; i < 3; i++) {
        assert_true(o.at[i].sample >= 40 && o.at[i].score >= RB_OUTLIER_SCORE);
        assert_true(!i || o.at[i].score <= o.at[i - 1].score);
        seen[o.at[i].sample - 40] = true;
        if (o.at[i].sample == 41) assert_string_equal(rb_outlier_name(&o.at[i]), "aspect");
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    check_near("aspect", s.facts[41].statistic[RB_ASPECT], 10, 1e-12, 0);

    double *distance = RB_NEW(p->arena, double, a.data.count); // and what a map says of one of the others
    for (int i = 0; i < a.data.count; i++) distance[i] = 1 + 0.01 * i;
    distance[7] = 30;
    distance[8] = 0.001; // near to all is not odd
    o = rb_outliers_find(p->arena, &s, distance);
    bool known = false;
    for (int i = 0; i < o.count; i++) {
        known |= o.at[i].sample == 7 && !strcmp(rb_outlier_name(&o.at[i]), "features");
        assert_int_not_equal(o.at[i].sample, 8);
    }
    assert_true(known);
}

// Two far clouds of features: neighbours have one label, the map keeps them apart, and whoever lies between is seen.
static void a_map_keeps_clouds_apart(void **state)
{
    const place *p = *state;
    enum { D = 5 };
    album a = forty_and(p, NULL, 0);
    rb_survey s = surveyed(p, &a.data);
    float *at = RB_NEW(p->arena, float, 40 * D);
    rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, 0, 0, 98);
    for (int i = 0; i < 40 * D; i++) at[i] = (float)rb_rng_normal(&random) + (i / D % 2 ? 20 : 0);
    rb_map m;
    rb_error err;
    check_done(rb_map_make(p->arena, &s, (rb_map_features){"clouds", at, D, false}, 5000, 0, &m, &err), err);
    assert_int_equal(m.n, 40);
    assert_true(m.kinship[0] == 1 && m.kinship[1] == 1);
    assert_true(m.share[0] > 0.9);
    double middle[2] = {0}, apart = 0, within = 0;
    for (int i = 0; i < 40; i++) middle[i % 2] += (double)m.pca[2 * i] / 20;
    for (int i = 0; i < 40; i++) within = fmax(within, fabs((double)m.pca[2 * i] - middle[i % 2]));
    apart = fabs(middle[0] - middle[1]);
    assert_true(apart > 4 * within);

    for (int i = 0; i < 40 * D; i++) at[i] = (float)rb_rng_normal(&random); // one cloud of both labels
    check_done(rb_map_make(p->arena, &s, (rb_map_features){"clouds", at, D, false}, 5000, 0, &m, &err), err);
    for (int k = 0; k < 2; k++) assert_true(m.kinship[k] > 0.3 && m.kinship[k] < 0.7);
}

static void a_map_draws_the_same_pictures_again(void **state)
{
    const place *p = *state;
    album a = forty_and(p, NULL, 0);
    rb_survey s = surveyed(p, &a.data);
    rb_map m[3];
    rb_error err;
    for (int i = 0; i < 3; i++) check_done(rb_map_make(p->arena, &s, rb_map_simple(&s), 15, i == 2, &m[i], &err), err);
    assert_int_equal(m[0].n, 15);
    assert_memory_equal(m[0].sample, m[1].sample, 15 * sizeof(int));
    assert_memory_equal(m[0].tsne, m[1].tsne, 30 * sizeof(float));
    assert_memory_not_equal(m[0].sample, m[2].sample, 15 * sizeof(int));
    for (int i = 1; i < 15; i++) assert_true(m[0].sample[i] > m[0].sample[i - 1]);
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

static void json_says_it_all(void **state)
{
    const place *p = *state;
    rb_image black = flat(p, 0);
    album a = forty_and(p, &black, 1);
    rb_survey s = surveyed(p, &a.data);
    rb_findings f;
    rb_map m;
    rb_error err;
    rb_findings_gather(p->arena, &s, false, &f);
    check_done(rb_map_make(p->arena, &s, rb_map_simple(&s), 30, 0, &m, &err), err);
    rb_findings_place(p->arena, &m, &f);
    rb_json *j = rb_json_new(p->arena);
    rb_findings_to_json(j, &f);
    json_error_t why;
    json_t *root = json_loads(rb_json_text(j), JSON_REJECT_DUPLICATES, &why);
    if (!root) fail_msg("%s", why.text);
    assert_int_equal(json_integer_value(json_object_get(root, "pictures")), 41);
    assert_int_equal(json_array_size(json_object_get(root, "statistics")), RB_STATISTICS);
    assert_int_equal(json_array_size(json_object_get(root, "classes")), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "map"), "points")), 30);
    json_t *out = json_array_get(json_object_get(root, "outliers"), 0);
    assert_string_equal(json_string_value(json_object_get(out, "path")), "odd0");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unreadable_pictures_are_findings, place_open, place_close),
        cmocka_unit_test_setup_teardown(files_are_counted_by_kind_and_size, place_open, place_close),
        cmocka_unit_test_setup_teardown(channels_are_those_of_the_training_part, place_open, place_close),
        cmocka_unit_test(quantiles_lie_between_neighbours),
        cmocka_unit_test_setup_teardown(neighbours_are_the_nearest_in_order, place_open, place_close),
        cmocka_unit_test_setup_teardown(components_of_few_points_are_few, place_open, place_close),
        cmocka_unit_test_setup_teardown(odd_pictures_are_outliers, place_open, place_close),
        cmocka_unit_test_setup_teardown(a_map_keeps_clouds_apart, place_open, place_close),
        cmocka_unit_test_setup_teardown(a_map_draws_the_same_pictures_again, place_open, place_close),
        cmocka_unit_test_setup_teardown(json_says_it_all, place_open, place_close),
    };
    return check_run("explore", tests);
}
