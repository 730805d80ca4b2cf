// SPDX-License-Identifier: Apache-2.0
// test_pth.c - files that PyTorch wrote read to the values that PyTorch had, and bad ones are refused.
#include "check.h"
#include "folder.h"

#include "weights/names.h"

#include <jansson.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static rb_bytes read_file(rb_arena *a, const char *name)
{
    rb_error err;
    rb_bytes file;
    check_done(rb_file_read(a, rb_path_join(a, "golden/pth", name), 1 << 20, &file, &err), err);
    return file;
}

static json_t *read_json(rb_arena *a, const char *name)
{
    rb_bytes text = read_file(a, name);
    json_t *root = json_loadb((const char *)text.data, (size_t)text.size, 0, NULL);
    assert_non_null(root);
    return root;
}

// From memory of exactly the file's size, so that the sanitizer sees a read behind it.
static bool parses(rb_arena *a, rb_bytes file, rb_weights *out, rb_error *err)
{
    uint8_t *exact = malloc((size_t)file.size + !file.size);
    assert_non_null(exact);
    memcpy(exact, file.data, (size_t)file.size);
    rb_arena_defer(a, free, exact);
    return rb_weights_parse(a, (rb_bytes){exact, file.size}, out, err);
}

static rb_weights parsed(rb_arena *a, const char *name)
{
    rb_error err;
    rb_weights w;
    if (!parses(a, read_file(a, name), &w, &err)) fail_msg("%s: %s", name, err.text);
    return w;
}

// ---- good files --------------------------------------------------------------------------------------------------

static const struct dtype_word {
    const char *torch;
    rb_dtype dtype;
} dtype_words[] = {
    {"float32", RB_F32}, {"float64", RB_F64}, {"float16", RB_F16}, {"bfloat16", RB_BFLOAT16}, {"int64", RB_I64},
    {"int32", RB_I32},   {"int16", RB_I16},   {"int8", RB_I8},     {"uint8", RB_U8},          {"bool", RB_BOOL8},
};

static rb_dtype dtype_of(const char *torch)
{
    for (int i = 0; i < COUNT(dtype_words); i++)
        if (!strcmp(torch, dtype_words[i].torch)) return dtype_words[i].dtype;
    fail_msg("no dtype %s", torch);
    return RB_DTYPES;
}

static void check_tensor(rb_arena *a, const char *file, const rb_tensor *t, const json_t *want)
{
    const json_t *shape = json_object_get(want, "shape"), *values = json_object_get(want, "values");
    assert_int_equal(t->dtype, dtype_of(json_string_value(json_object_get(want, "dtype"))));
    assert_int_equal(t->rank, json_array_size(shape));
    for (int i = 0; i < t->rank; i++)
        assert_int_equal(t->dims[i], json_integer_value(json_array_get(shape, (size_t)i)));
    assert_int_equal(t->count, json_array_size(values));
    double *as_double = RB_NEW(a, double, t->count);
    float *as_float = RB_NEW(a, float, t->count);
    rb_tensor_to_f64(t, as_double);
    rb_tensor_to_f32(t, as_float);
    for (int64_t i = 0; i < t->count; i++) {
        double value = json_number_value(json_array_get(values, (size_t)i));
        if (as_double[i] != value || as_float[i] != (float)value)
            fail_msg("%s: %s[%d]: %.17g and %.9g, not %.17g", file, t->name, (int)i, as_double[i], (double)as_float[i],
                     value);
    }
}

static void check_tensors(rb_arena *a, const char *file, const rb_tensors *got, json_t *want)
{
    const char *name;
    json_t *tensor;
    assert_int_equal(got->count, json_object_size(want));
    json_object_foreach(want, name, tensor)
    {
        const rb_tensor *t = rb_tensors_find(got, name);
        if (!t) fail_msg("%s: no tensor %s", file, name);
        check_tensor(a, file, t, tensor);
    }
}

static void the_golden_files_read_to_their_values(void **state)
{
    place *p = *state;
    static const struct {
        const char *name, *key, *format, *wrapper, *prefix;
    } files[] = {
        {"zip_plain.pth", "plain_and_parameters_and_module_prefix", "torch zip", "", ""},
        {"zip_parameters.pth", "plain_and_parameters_and_module_prefix", "torch zip", "", ""},
        {"zip_checkpoint_module_prefix.pth", "plain_and_parameters_and_module_prefix", "torch zip", "state_dict",
         "module."},
        {"zip_module_metadata.pth", "module_metadata", "torch zip", "", ""},
        {"zip_odd.pth", "odd", "torch zip", "", ""},
        {"legacy_plain.pth", "plain_and_parameters_and_module_prefix", "torch legacy", "", ""},
        {"legacy_parameters.pth", "plain_and_parameters_and_module_prefix", "torch legacy", "", ""},
        {"legacy_module_metadata.pth", "module_metadata", "torch legacy", "", ""},
        {"legacy_odd.pth", "odd", "torch legacy", "", ""},
    };
    json_t *expected = read_json(p->arena, "expected.json");
    for (int i = 0; i < COUNT(files); i++) {
        rb_weights w = parsed(p->arena, files[i].name);
        assert_string_equal(w.format, files[i].format);
        assert_string_equal(w.wrapper, files[i].wrapper);
        assert_string_equal(w.prefix, files[i].prefix);
        assert_null(w.left_out);
        check_tensors(p->arena, files[i].name, &w.tensors, json_object_get(expected, files[i].key));
    }
    json_decref(expected);
    rb_weights many = parsed(p->arena, "zip_memo40.pth"); // a memo of over 256 values
    assert_int_equal(many.tensors.count, 40);
    for (int i = 0; i < 40; i++) {
        const rb_tensor *t = rb_tensors_find(&many.tensors, rb_text_format(p->arena, "t%03d", i));
        assert_true(t && t->rank == 1 && t->count == 1);
    }
}

static void the_files_of_training_programs_read_to_their_values(void **state)
{
    place *p = *state;
    const char *name;
    json_t *expected = read_json(p->arena, "expected_more.json"), *want;
    json_object_foreach(expected, name, want)
    {
        rb_weights w = parsed(p->arena, name);
        const char *left_out = json_string_value(json_object_get(want, "left_out"));
        assert_string_equal(w.wrapper, json_string_value(json_object_get(want, "wrapper")));
        assert_string_equal(w.prefix, json_string_value(json_object_get(want, "prefix")));
        assert_string_equal(w.left_out ? w.left_out : "", left_out ? left_out : "");
        check_tensors(p->arena, name, &w.tensors, json_object_get(want, "tensors"));
    }
    assert_true(json_object_size(expected) >= 12);
    json_decref(expected);
}

// Strides are no matter of a safetensors file.
static void what_was_read_can_be_written(void **state)
{
    place *p = *state;
    rb_error err;
    rb_weights again;
    json_t *expected = read_json(p->arena, "expected_more.json");
    rb_weights w = parsed(p->arena, "more_dtypes.pth");
    const char *path = place_path(p, "dtypes.safetensors");
    check_done(rb_safetensors_write(p->arena, path, &w.tensors, &err), err);
    check_done(rb_weights_read(p->arena, path, &again, &err), err);
    assert_string_equal(again.format, "safetensors");
    json_t *want = json_object_get(json_object_get(expected, "more_dtypes.pth"), "tensors");
    check_tensors(p->arena, path, &again.tensors, want);
    json_decref(expected);
}

// ---- bad files ---------------------------------------------------------------------------------------------------

static const struct bad_file {
    const char *name, *says;
} bad_files[] = {
    {"bad_evil_legacy.pth", "holds objects of posix.system and no state_dict; they are not made here and nothing was"},
    {"bad_truncated_legacy.pth", "its values break off: was the file cut short? fetch it again"},
    {"bad_truncated_zip.pth", "a zip archive without its end: was the file cut short? fetch it again"},
    {"bad_big_endian.pth", "highest byte first: save it again on a little-endian machine"},
    {"bad_complex.pth", "tensor a: values of torch.ComplexFloatStorage cannot be read here: convert them to float32"},
    {"bad_compressed.pth", "member archive/data.pkl is compressed, which torch.save never does: load it in Python"},
    {"bad_key.pth", "a tensor's name is no text of at most 1024 bytes: rename it"},
    {"bad_list.pth", "holds no dictionary of named tensors: in Python, save model.state_dict() with torch.save"},
    {"bad_module.pth", "holds objects of torch.nn.modules.container.Sequential and no state_dict"},
    {"bad_model_is_module.pth", "holds objects of torch.nn.modules.container.Sequential and no state_dict"},
    {"bad_no_tensors.pth", "(its keys: epoch, history, name): in Python, save model.state_dict() with torch.save"},
    {"bad_object_among.pth", "b is an object of argparse.Namespace, which is not made here; nothing was run"},
    {"bad_object_beside.pth", "needs argparse.Namespace, which no file of weights does; nothing was run"},
    {"bad_other_zip.zip", "a zip archive without data.pkl, so not of torch.save: name a file of weights"},
    {"bad_pickle.pth", "is a pickle, but not of torch.save: in Python, save model.state_dict() with torch.save"},
    {"bad_sparse.pth", "holds objects of torch._utils._rebuild_sparse_tensor and no state_dict"},
    {"bad_torchscript.pt", "a TorchScript program: in Python, save its state_dict() with torch.save"},
};

static void bad_files_are_refused(void **state)
{
    place *p = *state;
    rb_weights w;
    for (int i = 0; i < COUNT(bad_files); i++) {
        rb_error err = {0};
        bool done = parses(p->arena, read_file(p->arena, bad_files[i].name), &w, &err);
        check_failed(done, err, RB_ERR_WEIGHTS, bad_files[i].says);
    }
    rb_error err;
    rb_names names;
    check_done(rb_folder_list(p->arena, "golden/pth", &names, &err), err);
    int bad = 0;
    for (int i = 0; i < names.count; i++) bad += !strncmp(names.name[i], "bad_", 4);
    assert_int_equal(bad, COUNT(bad_files));
}

static void a_message_names_the_file(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_weights w;
    bool done = rb_weights_read(p->arena, "golden/pth/bad_list.pth", &w, &err);
    check_failed(done, err, RB_ERR_WEIGHTS, "golden/pth/bad_list.pth: holds no dictionary");
    check_failed(rb_weights_read(p->arena, "golden/pth/absent.pth", &w, &err), err, RB_ERR_IO, "absent.pth: No such");
}

static void no_beginning_of_a_file_is_a_file(void **state)
{
    place *p = *state;
    static const char *const files[] = {"zip_odd.pth", "legacy_odd.pth", "more_lightning_4.ckpt", "more_zip64.pth"};
    for (int i = 0; i < COUNT(files); i++) {
        rb_bytes whole = read_file(p->arena, files[i]);
        for (ptrdiff_t size = 0; size < whole.size; size++) {
            rb_arena *a = rb_arena_open();
            rb_error err = {0};
            rb_weights w;
            check_failed(parses(a, (rb_bytes){whole.data, size}, &w, &err), err, RB_ERR_WEIGHTS, "");
            rb_arena_close(a);
        }
    }
}

// Of a zip archive every byte of a member counts; what may flip unseen is padding, dates and the like.
static void a_flipped_bit_changes_no_value_unseen(void **state)
{
    place *p = *state;
    json_t *expected = read_json(p->arena, "expected.json"), *want = json_object_get(expected, "odd");
    rb_bytes file = read_file(p->arena, "zip_odd.pth");
    uint8_t *bytes = (uint8_t *)file.data;
    int accepted = 0;
    for (ptrdiff_t i = 0; i < file.size; i++) {
        rb_arena *a = rb_arena_open();
        rb_error err = {0};
        rb_weights w;
        bytes[i] ^= (uint8_t)(1 << i % 8);
        if (parses(a, file, &w, &err)) {
            accepted++;
            check_tensors(a, "zip_odd.pth", &w.tensors, want);
        } else {
            assert_int_equal(err.kind, RB_ERR_WEIGHTS);
        }
        bytes[i] ^= (uint8_t)(1 << i % 8);
        rb_arena_close(a);
    }
    print_message("%d of %td flips are of no matter\n", accepted, file.size);
    json_decref(expected);
}

// ---- names -------------------------------------------------------------------------------------------------------

static void efficientnet_has_timms_names(void **state)
{
    place *p = *state;
    rb_bytes file = read_file(p->arena, "efficientnet_b0_names.csv");
    int rows = 0;
    for (char *line = strtok((char *)file.data, "\n"); line; line = strtok(NULL, "\n"), rows++) {
        char *comma = strchr(line, ',');
        assert_non_null(comma);
        *comma = '\0';
        const char *got = rb_name_of_efficientnet(p->arena, line);
        if (!got || strcmp(got, comma + 1) != 0) fail_msg("%s: %s, not %s", line, got ? got : "nothing", comma + 1);
    }
    assert_int_equal(rows, 311);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_golden_files_read_to_their_values),
        TEST(the_files_of_training_programs_read_to_their_values),
        TEST(what_was_read_can_be_written),
        TEST(bad_files_are_refused),
        TEST(a_message_names_the_file),
        TEST(no_beginning_of_a_file_is_a_file),
        TEST(a_flipped_bit_changes_no_value_unseen),
        TEST(efficientnet_has_timms_names),
    };
    return cmocka_run_group_tests_name("pth", tests, NULL, NULL);
}
