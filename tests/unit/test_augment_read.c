// SPDX-License-Identifier: Apache-2.0
// The key `augment`: its forms, files of Albumentations, what is refused and in which words.
#include "augments.h"
#include "folder.h"

static bool reads_as(rb_arena *a, const char *text, rb_augmentation *out, rb_error *err)
{
    const rb_tree *tree;
    rb_bytes bytes = {(const uint8_t *)text, (ptrdiff_t)strlen(text)};
    check_done(rb_tree_read_text(a, "t.yaml", bytes, &tree, err), *err);
    return rb_augmentation_read(a, tree, false, out, err);
}

static const char *read_back(rb_arena *a, const char *text)
{
    rb_augmentation got;
    rb_error err = {0};
    check_done(reads_as(a, text, &got, &err), err);
    return rb_augmentation_text(a, &got);
}

static void refuses(rb_arena *a, const char *text, const char *message)
{
    rb_augmentation got;
    rb_error err = {0};
    check_failed(reads_as(a, text, &got, &err), err, RB_ERR_USAGE, "");
    assert_string_equal(err.text, message);
}

// ---- forms --------------------------------------------------------------------------------------------------------

#define FLIP   "{HorizontalFlip: {p: 0.5}}"
#define ROTATE "{Rotate: {p: 1, limit: [-15, 15]}}"

static void steps_have_three_forms(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"[]", "{minority: [], majority: []}"},
        {"[HorizontalFlip]", "{minority: [" FLIP "], majority: [" FLIP "]}"},
        {"[Rotate: {limit: 15, p: 1}]", "{minority: [" ROTATE "], majority: [" ROTATE "]}"},
        {"minority:\n- HorizontalFlip:\n- Rotate:\n    limit: [-15, 15]\n    p: 1\n",
         "{minority: [" FLIP ", " ROTATE "], majority: []}"},
        {"{minority: light, majority: [{__class_fullname__: Rotate, p: 1.0, limit: 15}]}",
         "{minority: [" FLIP "], majority: [" ROTATE "]}"},
        {"{majority: none, classes: {cat: [HorizontalFlip], \"a b\": light}}",
         "{minority: [], majority: [], classes: {\"cat\": [" FLIP "], \"a b\": [" FLIP "]}}"},
        {"[OneOf: {p: 0, transforms: [HorizontalFlip, SomeOf: {n: 2, transforms: [" FLIP ", " ROTATE "]}]}]",
         "{minority: [{OneOf: {p: 0, transforms: [" FLIP ", {SomeOf: {p: 1, n: 2, transforms: [" FLIP ", " ROTATE
         "]}}]}}], majority: [{OneOf: {p: 0, transforms: [" FLIP ", {SomeOf: {p: 1, n: 2, transforms: [" FLIP
         ", " ROTATE "]}}]}}]}"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const char *text = read_back(a, cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        assert_string_equal(read_back(a, text), text);
    }
}

static void presets_come_back_from_their_text(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    for (int i = 0; rb_augment_presets[i]; i++) {
        rb_augmentation preset = {0};
        rb_error err;
        check_done(rb_augmentation_preset(a, rb_augment_presets[i], "test", &preset, &err), err);
        const char *text = rb_augmentation_text(a, &preset);
        assert_string_equal(read_back(a, text), text);
        assert_string_equal(read_back(a, rb_augment_presets[i]), text);
    }
}

static void classes_go_by_name(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const names[] = {"cat", "cow", "dog"};
    static const bool minority[] = {true, false, false};
    rb_augmentation got;
    const rb_pipeline *of;
    rb_error err = {0};
    check_done(reads_as(a, "{minority: [Rotate, Rotate], majority: [Rotate], classes: {dog: []}}", &got, &err), err);
    check_done(rb_augmentation_by_label(a, &got, names, minority, 3, &of, &err), err);
    assert_true(of[0].count == 2 && of[1].count == 1 && of[2].count == 0);
    check_done(reads_as(a, "{classes: {dug: []}}", &got, &err), err);
    check_failed(rb_augmentation_by_label(a, &got, names, minority, 3, &of, &err), err, RB_ERR_USAGE,
                 "t.yaml:1: augment: classes: the data has no class 'dug'; did you mean 'dog'?");
}

static void composing_is_for_every_pipeline(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const rb_tree *tree;
    rb_augmentation got;
    rb_error err = {0};
    const char *text = "{minority: light, classes: {x: light}}";
    check_done(rb_tree_read_text(a, "t", (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)}, &tree, &err), err);
    check_done(rb_augmentation_read(a, tree, true, &got, &err), err);
    assert_true(got.minority.compose && got.majority.compose && got.classes[0].pipeline.compose);
}

// ---- files of Albumentations --------------------------------------------------------------------------------------

// As 1.3 writes it, and the same as 2.0 does, as far as they can say the same.
static const char one[] = "__version__: 1.3.1\n"
                          "transform:\n"
                          "  __class_fullname__: Compose\n"
                          "  additional_targets: {}\n"
                          "  bbox_params: null\n"
                          "  is_check_shapes: true\n"
                          "  keypoint_params: null\n"
                          "  p: 1.0\n"
                          "  transforms:\n"
                          "  - __class_fullname__: Rotate\n"
                          "    always_apply: false\n"
                          "    border_mode: 4\n"
                          "    crop_border: false\n"
                          "    interpolation: 1\n"
                          "    limit:\n"
                          "    - -15\n"
                          "    - 15\n"
                          "    mask_value: null\n"
                          "    p: 0.7\n"
                          "    value: null\n"
                          "  - __class_fullname__: OneOf\n"
                          "    p: 0.5\n"
                          "    transforms:\n"
                          "    - __class_fullname__: GaussNoise\n"
                          "      always_apply: false\n"
                          "      mean: 0\n"
                          "      p: 0.7\n"
                          "      per_channel: true\n"
                          "      var_limit: [26.01, 104.04]\n"
                          "    - __class_fullname__: CoarseDropout\n"
                          "      always_apply: true\n"
                          "      fill_value: 7\n"
                          "      max_height: 9\n"
                          "      max_holes: 3\n"
                          "      max_width: 5\n"
                          "      min_height: 4\n"
                          "      min_holes: null\n"
                          "      min_width: 2\n"
                          "      mask_fill_value: null\n"
                          "      p: 0.5\n"
                          "  - __class_fullname__: ImageCompression\n"
                          "    always_apply: false\n"
                          "    compression_type: 0\n"
                          "    p: 0.5\n"
                          "    quality_lower: 60\n"
                          "    quality_upper: 90\n"
                          "  - __class_fullname__: Normalize\n"
                          "    p: 1.0\n";
static const char two[] =
    "{\"__version__\": \"2.0.8\", \"transform\": {\"__class_fullname__\": \"Compose\", \"p\": 1.0, \"transforms\": ["
    "{\"__class_fullname__\": \"Rotate\", \"p\": 0.7, \"limit\": [-15.0, 15.0], \"interpolation\": 1, "
    "\"border_mode\": 4, \"rotate_method\": \"largest_box\", \"crop_border\": false, \"fill\": 0.0, \"fill_mask\": 0.0},"
    "{\"__class_fullname__\": \"OneOf\", \"p\": 0.5, \"transforms\": ["
    "{\"__class_fullname__\": \"GaussNoise\", \"p\": 0.7, \"std_range\": [0.02, 0.04], \"mean_range\": [0.0, 0.0], "
    "\"per_channel\": true, \"noise_scale_factor\": 1.0},"
    "{\"__class_fullname__\": \"CoarseDropout\", \"p\": 1, \"num_holes_range\": [3, 3], \"hole_height_range\": [4, 9], "
    "\"hole_width_range\": [2, 5], \"fill\": 7, \"fill_mask\": null}]},"
    "{\"__class_fullname__\": \"ImageCompression\", \"p\": 0.5, \"quality_range\": [60, 90], \"compression_type\": "
    "\"jpeg\"}], \"bbox_params\": null, \"keypoint_params\": null, \"additional_targets\": {}, \"is_check_shapes\": true, "
    "\"strict\": false, \"mask_interpolation\": null, \"seed\": null}}";

static void saved_pipelines_of_both_ages_are_read(void **state)
{
    place *p = *state;
    const char *path = rb_text_format(p->arena, "%s/a.json", p->folder);
    rb_error err;
    check_done(rb_file_write(path, two, sizeof two - 1, &err), err);
    const char *first = read_back(p->arena, one), *second = read_back(p->arena, path);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "{CoarseDropout: {p: 1, num_holes_range: [3, 3], hole_height_range: [4, 9]"));
    assert_non_null(strstr(first, "{GaussNoise: {p: 0.7, var_limit: [26.01, 104.04]}}"));
    assert_non_null(strstr(first, "{ImageCompression: {p: 0.5, quality_range: [60, 90]}}]}}"));
    assert_string_equal(read_back(p->arena, first), first);
}

static void old_keys_say_what_they_said(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"[HorizontalFlip: {always_apply: true}]", "{HorizontalFlip: {p: 1}}"},
        {"[HorizontalFlip: {p: 0.2, always_apply: true}]", "{HorizontalFlip: {p: 1}}"},
        {"[HorizontalFlip: {always_apply: false}]", "{HorizontalFlip: {p: 0.5}}"},
        {"[HorizontalFlip: {p: ~}]", "{HorizontalFlip: {p: 0.5}}"},
        {"[OneOf: {p: 1, transforms: [NoOp, HorizontalFlip]}]",
         "transforms: [{NoOp: {p: 0.5}}, {HorizontalFlip: {p: 0.5}}]"},
        {"[CoarseDropout: {min_holes: 3, max_holes: null}]", "num_holes_range: [3, 3]"},
        {"[CoarseDropout: {min_holes: 3, max_holes: 5}]", "num_holes_range: [3, 5]"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        if (!strstr(read_back(a, cases[i][0]), cases[i][1])) fail_msg("%s: %s", cases[i][0], read_back(a, cases[i][0]));
}

// ---- nonsense -----------------------------------------------------------------------------------------------------

static void nonsense_is_refused_with_line_and_name(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"lihgt", "t.yaml:1: no preset 'lihgt'; did you mean 'light'?"},
        {"xyz", "t.yaml:1: no preset 'xyz'; there are none, light, original, or name a .yaml or .json file"},
        {"minority:\n- Rotate\n- Rotat\n", "t.yaml:3: no transform 'Rotat'; did you mean 'Rotate'?"},
        {"- Rotate:\n    p: 1.5\n", "t.yaml:1: Rotate: p: 1.5 is outside 0..1"},
        {"- Blur:\n    blur_limit: 4\n", "t.yaml:1: Blur: blur_limit: 4 is even; sides of kernels are odd"},
        {"- OneOf:\n    transforms: []\n", "t.yaml:1: OneOf: has no steps"},
        {"- OneOf:\n", "t.yaml:1: OneOf: has no steps"},
        {"- Rotate: {limit: [20, -20]}", "t.yaml:1: Rotate: limit: limits reversed, 20 is above -20"},
        {"- Rotate: {limits: 3}", "t.yaml:1: Rotate: limits: unknown key; did you mean 'limit'?"},
        {"- Rotate: {limit: {a: 1}}", "t.yaml:1: Rotate: limit: expected a word or a list of words, found {a: 1}"},
        {"- GaussNoise: {std_range: [abc, 0.01]}",
         "t.yaml:1: GaussNoise: var_limit: expected a number, or two as LOW,HIGH, found 'abc,0.01'"},
        {"[\"Ro\\ntate\"]", "t.yaml:1: no transform 'Ro?tate'; did you mean 'Rotate'?"},
        {"- Rotate: 15", "t.yaml:1: expected a step, as Rotate or Rotate: {limit: 15}, found {Rotate: 15}"},
        {"- [Rotate]", "t.yaml:1: expected a step, as Rotate or Rotate: {limit: 15}, found [Rotate]"},
        {"- Rotate: {transforms: [Rotate]}", "t.yaml:1: Rotate: is a transform and has no steps"},
        {"- OneOf: {transforms: Rotate}", "t.yaml:1: expected a list of steps, found Rotate"},
        {"minorty: []", "t.yaml:1: augment: unknown key 'minorty'; it has minority, majority and classes"},
        {"classes: []", "t.yaml:1: classes: expected NAME: STEPS, found []"},
        {"minority: {a: 1}", "t.yaml:1: expected a step, as Rotate or Rotate: {limit: 15}, found {a: 1}"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) refuses(a, cases[i][0], cases[i][1]);
    rb_augmentation got;
    rb_error err = {0};
    check_failed(reads_as(a, "gone/steps.yaml", &got, &err), err, RB_ERR_IO, "gone/steps.yaml");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(steps_have_three_forms),
        TEST(presets_come_back_from_their_text),
        TEST(classes_go_by_name),
        TEST(composing_is_for_every_pipeline),
        TEST(saved_pipelines_of_both_ages_are_read),
        TEST(old_keys_say_what_they_said),
        TEST(nonsense_is_refused_with_line_and_name),
    };
    return cmocka_run_group_tests_name("the key augment", tests, NULL, NULL);
}
