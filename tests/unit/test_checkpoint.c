// SPDX-License-Identifier: Apache-2.0
// test_checkpoint.c - checkpoints: what is written is read, what is damaged is refused, whose tensors fit a network.
#include "check.h"
#include "folder.h"

#include "weights/checkpoint.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))
#define ZEROS        "00000000000000000000000000000000"

static const float weight[] = {0.5F, -1.25F, 3e-20F, 0, 7, -0.0F}, bias[] = {1, 2};
static const int64_t seen[] = {1234567890123};

static rb_tensor tensors[] = {
    {.name = "fc.weight", .dtype = RB_F32, .rank = 2, .dims = {2, 3}, .count = 6, .data = weight},
    {.name = "fc.bias", .dtype = RB_F32, .rank = 1, .dims = {2}, .count = 2, .data = bias},
    {.name = "bn1.num_batches_tracked", .dtype = RB_I64, .count = 1, .data = seen},
};

// Every field at a value that a lost digit, quote or letter would change.
static const rb_checkpoint full = {
    .model = "resnet18",
    .config = "# model\nmodel_type: resnet18\npositive_class: \"a \\\"b\\\"\"\n",
    .preprocessing = {64, 3, "area", {0.485, 0.456, 0.1 + 0.2}, {0.229, 1.0 / 3, 0.225}},
    .classes = (const char *const[]){"caf\u00e9", "a \"quoted\" name"},
    .class_count = 2,
    .threshold = 0.49899086356163025,
    .metrics = "{\"val\":{\"hter\":0.25}}",
    .scores = "{\"n\":2,\"prior\":0.5,\"quantiles\":[0.25,0.75]}",
    .data_fingerprint = 0xfedcba9876543210,
    .state = "{\"epochs_done\":3,\"best_hter\":0.10000000000000001}",
    .tensors = {tensors, COUNT(tensors), NULL, 0},
};

static const char *written(place *p, const rb_checkpoint *c)
{
    rb_error err;
    const char *path = place_path(p, "c.safetensors");
    check_done(rb_checkpoint_write(p->arena, path, c, &err), err);
    return path;
}

static rb_bytes bytes_of(place *p, const char *path)
{
    rb_error err;
    rb_bytes file;
    check_done(rb_file_read(p->arena, path, 1 << 20, &file, &err), err);
    return file;
}

static rb_checkpoint opened(place *p, const char *path)
{
    rb_error err;
    rb_checkpoint c;
    check_done(rb_checkpoint_open(p->arena, path, &c, &err), err);
    return c;
}

// ---- round trip --------------------------------------------------------------------------------------------------

static void check_preprocessing(const rb_preprocessing *got, const rb_preprocessing *want)
{
    assert_int_equal(got->image_size, want->image_size);
    assert_int_equal(got->channels, want->channels);
    assert_string_equal(got->interpolation, want->interpolation);
    assert_memory_equal(got->mean, want->mean, (size_t)want->channels * sizeof *want->mean);
    assert_memory_equal(got->std, want->std, (size_t)want->channels * sizeof *want->std);
}

static void check_tensors(const rb_tensors *got)
{
    assert_int_equal(got->count, COUNT(tensors));
    for (int i = 0; i < COUNT(tensors); i++) {
        const rb_tensor *t = rb_tensors_find(got, tensors[i].name);
        assert_non_null(t);
        assert_int_equal(t->dtype, tensors[i].dtype);
        assert_int_equal(t->rank, tensors[i].rank);
        assert_memory_equal(t->dims, tensors[i].dims, sizeof t->dims);
        assert_memory_equal(t->data, tensors[i].data, (size_t)rb_tensor_bytes(t));
    }
}

static void every_field_comes_back(void **state)
{
    place *p = *state;
    rb_checkpoint got = opened(p, written(p, &full));
    assert_string_equal(got.model, full.model);
    assert_string_equal(got.config, full.config);
    check_preprocessing(&got.preprocessing, &full.preprocessing);
    assert_int_equal(got.class_count, 2);
    for (int i = 0; i < 2; i++) assert_string_equal(got.classes[i], full.classes[i]);
    assert_true(got.threshold == full.threshold);
    assert_string_equal(got.metrics, full.metrics);
    assert_string_equal(got.scores, full.scores);
    assert_int_equal(got.data_fingerprint, full.data_fingerprint);
    assert_string_equal(got.state, full.state);
    assert_string_equal(rb_tensors_metadata(&got.tensors, "format"), "pt");
    check_tensors(&got.tensors);
}

static void what_is_not_there_comes_back_so(void **state)
{
    place *p = *state;
    rb_checkpoint bare = full;
    bare.threshold = NAN;
    bare.metrics = bare.scores = bare.state = NULL;
    bare.preprocessing.channels = 1;
    bare.tensors.count = 0;
    rb_checkpoint got = opened(p, written(p, &bare));
    assert_true(isnan(got.threshold));
    assert_null(got.metrics);
    assert_null(got.scores);
    assert_null(got.state);
    check_preprocessing(&got.preprocessing, &bare.preprocessing);
    assert_int_equal(got.tensors.count, 0);
}

static void the_same_checkpoint_is_the_same_file(void **state)
{
    place *p = *state;
    rb_bytes one = bytes_of(p, written(p, &full)), two = bytes_of(p, written(p, &full));
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, (size_t)one.size);
}

static void what_was_there_survives_a_failure(void **state)
{
    place *p = *state;
    rb_error err = {0};
    const char *path = place_path(p, "none/c.safetensors");
    check_failed(rb_checkpoint_write(p->arena, path, &full, &err), err, RB_ERR_IO, "none/c.safetensors: ");
    assert_false(rb_folder_exists(place_path(p, "none")));
}

// ---- damage ------------------------------------------------------------------------------------------------------

static void check_refused(place *p, const void *data, ptrdiff_t size, const char *says)
{
    rb_error err = {0};
    rb_checkpoint c;
    const char *path = place_bytes(p, "damaged.safetensors", data, size);
    rb_arena *a = rb_arena_open();
    check_failed(rb_checkpoint_open(a, path, &c, &err), err, RB_ERR_WEIGHTS, "damaged.safetensors: ");
    if (!strstr(err.text, says)) fail_msg("\"%s\" is not in \"%s\"", says, err.text);
    rb_arena_close(a);
}

static void no_beginning_is_a_checkpoint(void **state)
{
    place *p = *state;
    rb_bytes whole = bytes_of(p, written(p, &full));
    for (ptrdiff_t size = 0; size < whole.size; size++) check_refused(p, whole.data, size, "");
}

static void flipped_bits_are_noticed(void **state)
{
    place *p = *state;
    rb_bytes whole = bytes_of(p, written(p, &full));
    uint8_t *data = rb_arena_take(p->arena, whole.size, 1);
    memcpy(data, whole.data, (size_t)whole.size);
    enum { FLIPS = 1000 };
    for (int i = 0; i < FLIPS; i++) {
        ptrdiff_t bit = whole.size * 8 * i / FLIPS;
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(p, data, whole.size, "");
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    check_refused(p, data, whole.size - 1, "");
    data[whole.size - 1] ^= 1;
    check_refused(p, data, whole.size, "the file was damaged or edited");
}

// ---- descriptions ------------------------------------------------------------------------------------------------

static const char good[] =
    "{\"format\":1,\"content_hash\":\"" ZEROS "\",\"model\":\"resnet18\",\"config\":\"lr: 1\","
    "\"preprocessing\":{\"image_size\":64,\"channels\":3,\"interpolation\":\"area\",\"mean\":[1,2,3],\"std\":[4,5,6.5]},"
    "\"classes\":[\"0\",\"1\"],\"threshold\":0.5,\"calibration\":null,\"metrics\":null,"
    "\"data_fingerprint\":\"00000000000000ff\",\"state\":null}";

// `good` with its first `from` replaced.
static const char *edited(place *p, const char *from, const char *to)
{
    const char *at = strstr(good, from);
    if (!at) fail_msg("\"%s\" is not in the description", from);
    return rb_text_format(p->arena, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static const char *described(place *p, const char *key, const char *text)
{
    rb_error err;
    rb_text_pair pair = {key, text};
    rb_tensors t = {tensors, COUNT(tensors), &pair, 1};
    const char *path = place_path(p, "described.safetensors");
    check_done(rb_safetensors_write(p->arena, path, &t, &err), err);
    return path;
}

static void a_plain_description_is_read(void **state)
{
    place *p = *state;
    rb_checkpoint c = opened(p, described(p, "rarebit", good));
    assert_int_equal(c.data_fingerprint, 255);
    assert_true(c.preprocessing.std[2] == 6.5);
    assert_true(c.threshold == 0.5);
}

static void bad_descriptions_are_refused(void **state)
{
    place *p = *state;
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"\"format\":1", "\"format\":2", "is of format 2, this program reads format 1"},
        {"\"format\":1", "\"format\":\"1\"", "lacks \"format\""},
        {"\"format\":1,", "", "lacks \"format\""},
        {"\"format\":1", "\"format\":1,\"format\":1", "is not JSON (duplicate object key"},
        {"}", "", "is not JSON"},
        {"\"model\":\"resnet18\"", "\"model\":18", "lacks \"model\""},
        {"\"model\":\"resnet18\",", "", "lacks \"model\""},
        {"\"config\":\"lr: 1\"", "\"config\":{\"lr\":1}", "lacks \"config\""},
        {"\"preprocessing\":{", "\"process\":{", "lacks \"preprocessing\""},
        {"\"image_size\":64", "\"image_size\":64.0", "lacks \"image_size\""},
        {"\"image_size\":64", "\"image_size\":0", "a preprocessing that makes no sense"},
        {"\"image_size\":64", "\"image_size\":2147483648", "a preprocessing that makes no sense"},
        {"\"channels\":3", "\"channels\":2", "a preprocessing that makes no sense"},
        {"\"channels\":3", "\"channels\":1000000", "a preprocessing that makes no sense"},
        {"\"channels\":3", "\"channels\":null", "lacks \"channels\""},
        {"\"area\"", "3", "lacks \"interpolation\""},
        {"[1,2,3]", "[1,2]", "too short a \"mean\""},
        {"[1,2,3]", "[1,2,\"3\"]", "too short a \"mean\""},
        {"[4,5,6.5]", "4", "lacks \"std\""},
        {"[\"0\",\"1\"]", "\"01\"", "lacks \"classes\""},
        {"[\"0\",\"1\"]", "[\"0\",1]", "a class without a name"},
        {"[\"0\",\"1\"]", "[\"0\"]", "fewer than two classes"},
        {"[\"0\",\"1\"]", "[]", "fewer than two classes"},
        {"\"threshold\":0.5", "\"threshold\":1.5", "has the threshold 1.5, which is no probability"},
        {"\"threshold\":0.5", "\"threshold\":-1", "has the threshold -1, which is no probability"},
        {"\"00000000000000ff\"", "255", "lacks \"data_fingerprint\""},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        rb_error err = {0};
        rb_checkpoint c;
        const char *path = described(p, "rarebit", edited(p, cases[i].from, cases[i].to));
        check_failed(rb_checkpoint_open(p->arena, path, &c, &err), err, RB_ERR_WEIGHTS, cases[i].says);
        if (strncmp(err.text, path, strlen(path)) != 0) fail_msg("not the path first: %s", err.text);
    }
}

static void files_of_others_are_refused(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_checkpoint c;
    const char *path = described(p, "format", "pt");
    check_failed(rb_checkpoint_open(p->arena, path, &c, &err), err, RB_ERR_WEIGHTS, "no checkpoint of Rarebit");
    path = described(p, "rarebit", "{\"format\":1}");
    check_failed(rb_checkpoint_open(p->arena, path, &c, &err), err, RB_ERR_WEIGHTS, "has no content hash");
    check_failed(rb_checkpoint_open(p->arena, "golden/pth/zip_plain.pth", &c, &err), err, RB_ERR_WEIGHTS,
                 "golden/pth/zip_plain.pth: is a file of PyTorch, not a checkpoint of Rarebit");
    path = place_path(p, "absent");
    check_failed(rb_checkpoint_open(p->arena, path, &c, &err), err, RB_ERR_IO, "absent: No such file");
}

// ---- whose tensors these are ---------------------------------------------------------------------------------------

// A layer and a normalisation: two trained parameters and two buffers more of the latter.
static rb_graph *small_graph(place *p)
{
    rb_error err;
    rb_graph *g = rb_graph_new(p->arena);
    rb_node *x = rb_batch_norm(g, "bn", rb_input(g, (rb_shape){3, 1, 1}), RB_NORM_DEFAULT);
    check_done(rb_graph_finish(g, rb_dense(g, "fc", x, 2), &err), err);
    return g;
}

// One tensor for each parameter of the graph, under `prefix`, in order of the names.
static rb_tensors tensors_for(place *p, const rb_graph *g, const char *prefix)
{
    static const char *const names[] = {"bn.bias",   "bn.running_mean", "bn.running_var",
                                        "bn.weight", "fc.bias",         "fc.weight"};
    rb_tensors t = {.tensor = RB_NEW(p->arena, rb_tensor, COUNT(names)), .count = COUNT(names)};
    for (int i = 0; i < COUNT(names); i++) {
        const rb_param *param = rb_graph_find_param(g, names[i]);
        assert_non_null(param);
        t.tensor[i] = (rb_tensor){.name = rb_text_format(p->arena, "%s%s", prefix, names[i]),
                                  .dtype = RB_F32,
                                  .rank = param->rank,
                                  .count = param->count,
                                  .data = weight};
        for (int k = 0; k < param->rank; k++) t.tensor[i].dims[k] = param->dims[k];
    }
    assert_int_equal(g->param_count, COUNT(names));
    return t;
}

static void tensors_are_matched_by_name(void **state)
{
    place *p = *state;
    rb_graph *g = small_graph(p);
    static const char *const prefixes[] = {"", "optim.m."};
    for (int i = 0; i < COUNT(prefixes); i++) {
        rb_error err;
        const rb_tensor **match;
        rb_tensors t = tensors_for(p, g, prefixes[i]);
        check_done(rb_tensors_match(p->arena, &t, g, prefixes[i], false, &match, &err), err);
        for (int k = 0; k < g->param_count; k++)
            assert_string_equal(match[k]->name + strlen(prefixes[i]), g->params[k]->name);
    }
}

static void moments_are_of_what_is_trained(void **state)
{
    place *p = *state;
    rb_error err;
    rb_graph *g = small_graph(p);
    const rb_tensor **match;
    rb_tensors t = tensors_for(p, g, "optim.v.");
    memmove(t.tensor + 1, t.tensor + 3, 3 * sizeof *t.tensor); // without running_mean and running_var
    t.count = 4;
    check_done(rb_tensors_match(p->arena, &t, g, "optim.v.", true, &match, &err), err);
    for (int k = 0; k < g->param_count; k++) assert_int_equal(match[k] != NULL, g->params[k]->trained);
    check_failed(rb_tensors_match(p->arena, &t, g, "optim.v.", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "there is no tensor optim.v.bn.running_mean: the file is of another model");
}

static void what_does_not_fit_is_named(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_graph *g = small_graph(p);
    const rb_tensor **match;
    rb_tensors t = tensors_for(p, g, "");
    check_failed(rb_tensors_match(p->arena, &t, g, "optim.m.", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "there is no tensor optim.m.bn.weight");

    t.tensor[5].dims[1] = 4;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "fc.weight is [2 4] in the file and [2 3] in the network: the file is of another model");
    t.tensor[5].dims[1] = 3;
    t.tensor[5].dims[2] = 1;
    t.tensor[5].rank = 3;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "fc.weight is [2 3 1] in the file and [2 3] in the network");
    t.tensor[5].rank = 1;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "fc.weight is [2] in the file and [2 3] in the network");
    t.tensor[5].rank = 0;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS, "fc.weight is [] in");

    t.count = 5;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "there is no tensor fc.weight");
    t.count = 0;
    check_failed(rb_tensors_match(p->arena, &t, g, "", false, &match, &err), err, RB_ERR_WEIGHTS,
                 "there is no tensor bn.weight");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_field_comes_back),
        TEST(what_is_not_there_comes_back_so),
        TEST(the_same_checkpoint_is_the_same_file),
        TEST(what_was_there_survives_a_failure),
        TEST(no_beginning_is_a_checkpoint),
        TEST(flipped_bits_are_noticed),
        TEST(a_plain_description_is_read),
        TEST(bad_descriptions_are_refused),
        TEST(files_of_others_are_refused),
        TEST(tensors_are_matched_by_name),
        TEST(moments_are_of_what_is_trained),
        TEST(what_does_not_fit_is_named),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
