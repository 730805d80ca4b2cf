// SPDX-License-Identifier: Apache-2.0
// test_trained.c - weights that others trained and published, where this machine has them: RAREBIT_SHARED names the
// folder, beside the checkout by default. They are too large and not ours to keep here.
#include "check.h"
#include "folder.h"

#include "weights/pickle.h"

static const char *weights_file(const place *p, const char *name)
{
    return rb_path_join(p->arena, shared_data(p, "weights"), name);
}

static rb_weights read_weights(const place *p, const char *name)
{
    rb_error err;
    rb_weights w;
    check_done(rb_weights_read(p->arena, weights_file(p, name), &w, &err), err);
    return w;
}

// A ResNet-20 for CIFAR-10 in the legacy form, beside the same as safetensors, where `linear` is named `fc`.
static void a_resnet20_of_2019_is_read(void **state)
{
    const place *p = *state;
    rb_weights got = read_weights(p, "resnet20-12fca82f.th"), want = read_weights(p, "resnet20_cifar10.safetensors");
    assert_string_equal(got.format, "torch legacy");
    assert_string_equal(got.wrapper, "state_dict");
    assert_string_equal(got.prefix, "module.");
    assert_int_equal(got.tensors.count, want.tensors.count);
    for (int i = 0; i < want.tensors.count; i++) {
        const rb_tensor *w = &want.tensors.tensor[i];
        bool head = !strncmp(w->name, "fc.", 3);
        const rb_tensor *t =
            rb_tensors_find(&got.tensors, head ? rb_text_format(p->arena, "linear.%s", w->name + 3) : w->name);
        if (!t) fail_msg("no tensor %s", w->name);
        assert_int_equal(t->count, w->count);
        assert_memory_equal(t->dims, w->dims, sizeof t->dims);
        float *x = RB_NEW(p->arena, float, t->count), *y = RB_NEW(p->arena, float, t->count);
        rb_tensor_to_f32(t, x);
        rb_tensor_to_f32(w, y);
        assert_memory_equal(x, y, (size_t)t->count * sizeof *x);
    }
}

// The description in torchvision's resnet18-f37072fd.pth, without the values.
static void torchvisions_resnet18_is_described(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_bytes file;
    rb_pickle pickle;
    check_done(rb_file_read(p->arena, weights_file(p, "resnet18-f37072fd.data.pkl"), 1 << 20, &file, &err), err);
    check_done(rb_pickle_read(p->arena, file, &pickle, &err), err);
    assert_int_equal(pickle.size, file.size);
    assert_null(pickle.unknown);
    assert_int_equal(pickle.root->kind, RB_PY_DICT);
    assert_int_equal(pickle.root->count, 2 * 102);
    int64_t values = 0;
    for (int i = 0; i < pickle.storage_count; i++) values += pickle.storage[i]->item[4]->integer;
    assert_int_equal(values, 11689512 + 9600); // parameters, and running means and variances
    const rb_py *conv1 = rb_py_find(pickle.root, "conv1.weight");
    assert_true(conv1 && conv1->kind == RB_PY_TENSOR && conv1->item[2]->count == 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_resnet20_of_2019_is_read),
        TEST(torchvisions_resnet18_is_described),
    };
    place here = {.arena = rb_arena_open()};
    bool there = shared_data(&here, "weights") != NULL;
    rb_arena_close(here.arena);
    if (there) return cmocka_run_group_tests_name("trained", tests, NULL, NULL);
    printf("no shared/weights here (RAREBIT_SHARED)\n");
    return 77;
}
