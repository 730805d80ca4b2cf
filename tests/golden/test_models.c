// SPDX-License-Identifier: Apache-2.0
// test_models.c - every architecture has torchvision's weights under timm's names, in the order of the state_dict:
// counts, and a hash over names and shapes. models/models.csv is written by make_models.py.
#include "check.h"

#include "base/file.h"
#include "model/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PATH "golden/models/models.csv"

static rb_model_settings settings_for(const char *model, int classes)
{
    return (rb_model_settings){.model_type = model, .num_classes = classes, .dim_base = 32, .head_depth = 1};
}

static const rb_graph *build(rb_arena *a, const rb_model_settings *s, rb_shape picture)
{
    rb_error err = {0};
    rb_graph *g;
    check_done(rb_model_build(a, s, picture, &g, &err), err);
    return g;
}

// ---- counts and names ----------------------------------------------------------------------------------------------

static uint64_t hashed(uint64_t h, const char *text) // FNV-1a
{
    for (; *text; text++) h = (h ^ (uint8_t)*text) * 0x100000001B3u;
    return h;
}

static uint64_t names_hash(rb_arena *a, const rb_graph *g)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        h = hashed(h, rb_text_format(a, "%s ", p->name));
        for (int k = 0; k < p->rank; k++) h = hashed(h, rb_text_format(a, "%s%d", k ? "x" : "", p->dims[k]));
        h = hashed(h, "\n");
    }
    return h;
}

static ptrdiff_t backbone_count(const rb_graph *g)
{
    const rb_node *head = g->output;
    return rb_graph_trained_count(g) - head->param[0]->count - head->param[1]->count;
}

// With PyTorch's num_batches_tracked, one for each normalisation.
static int tensor_count(const rb_graph *g)
{
    int count = g->param_count;
    for (int i = 0; i < g->node_count; i++) count += g->nodes[i]->op == &rb_op_batch_norm;
    return count;
}

static void check_row(char *row)
{
    rb_arena *a = rb_arena_open();
    const char *model = strsep(&row, ",");
    rb_model_settings s = settings_for(model, 1000);
    const rb_graph *g = build(a, &s, (rb_shape){3, 224, 224});
    long weights = strtol(strsep(&row, ","), NULL, 10), backbone = strtol(strsep(&row, ","), NULL, 10);
    long tensors = strtol(strsep(&row, ","), NULL, 10);
    uint64_t hash = strtoull(row, NULL, 16);
    if (rb_graph_trained_count(g) != weights)
        fail_msg("%s: %td weights, not %ld", model, rb_graph_trained_count(g), weights);
    if (backbone_count(g) != backbone) fail_msg("%s: %td in the backbone, not %ld", model, backbone_count(g), backbone);
    if (tensor_count(g) != tensors) fail_msg("%s: %d tensors, not %ld", model, tensor_count(g), tensors);
    if (names_hash(a, g) != hash)
        fail_msg("%s: its names or shapes have the hash %016" PRIx64 ", not %016" PRIx64, model, names_hash(a, g),
                 hash);
    rb_arena_close(a);
}

static void weights_are_those_of_torchvision(void **state)
{
    (void)state;
    rb_error err = {0};
    rb_bytes file;
    rb_arena *a = rb_arena_open();
    check_done(rb_file_read(a, PATH, 1 << 20, &file, &err), err);
    char *at = (char *)file.data;
    int rows = 0;
    strsep(&at, "\n");
    for (; at && *at; rows++) check_row(strsep(&at, "\n"));
    assert_int_equal(rows, 10);
    rb_arena_close(a);
}

static void cnn_encoder_has_the_originals_count(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_model_settings s = settings_for("cnn_encoder", 1);
    s.head_depth = 2;
    assert_int_equal(rb_graph_trained_count(build(a, &s, (rb_shape){3, 64, 64})), 496865);
    rb_arena_close(a);
}

// ---- settings ------------------------------------------------------------------------------------------------------

static void family_is_its_first_member(void **state)
{
    (void)state;
    rb_error err = {0};
    assert_string_equal(rb_model_name("resnet", &err), "resnet18");
    assert_string_equal(rb_model_name("efficientnet", &err), "efficientnet_b0");
    assert_null(rb_model_name("efficientnet_b5", &err));
}

static void each_takes_grey_pictures_and_any_classes(void **state)
{
    (void)state;
    rb_error err = {0};
    for (const rb_model *const *m = rb_models; *m; m++)
        for (const char *const *name = (*m)->names; *name; name++) {
            rb_arena *a = rb_arena_open();
            rb_model_settings s = settings_for(rb_model_name(*name, &err), 7);
            const rb_graph *g = build(a, &s, (rb_shape){1, 32, 32});
            assert_int_equal(g->params[0]->dims[1], 1);
            assert_int_equal(g->output->shape.c, 7);
            rb_arena_close(a);
        }
}

typedef struct drops {
    int count;
    double first, last;
} drops;

static drops drops_of(const rb_graph *g, const rb_op *op)
{
    drops d = {0};
    for (int i = 0; i < g->node_count; i++) {
        if (g->nodes[i]->op != op) continue;
        d.last = ((const rb_drop *)g->nodes[i]->attr)->p;
        if (!d.count++) d.first = d.last;
    }
    return d;
}

// timm's rates: index / blocks in EfficientNet, index / (blocks - 1) in ResNet; none where nothing is added.
static void deeper_branches_are_dropped_more_often(void **state)
{
    static const struct expected {
        const char *model;
        int count;
        double first, last;
    } expected[] = {
        {"resnet18", 7, 1.0 / 7, 1}, // never the first of 8
        {"resnet50", 15, 1.0 / 15, 1},
        {"efficientnet_b0", 9, 2.0 / 16, 14.0 / 16}, // block 1 of stage 1 is the first that adds
        {"efficientnet_b1", 16, 1.0 / 23, 22.0 / 23},
        {"cnn_encoder", 0, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct expected *e = &expected[i];
        rb_arena *a = rb_arena_open();
        rb_model_settings s = settings_for(e->model, 1);
        assert_int_equal(drops_of(build(a, &s, (rb_shape){3, 64, 64}), &rb_op_drop_path).count, 0);
        s.drop_path_rate = 0.2;
        drops d = drops_of(build(a, &s, (rb_shape){3, 64, 64}), &rb_op_drop_path);
        if (d.count != e->count) fail_msg("%s has %d drop paths, not %d", e->model, d.count, e->count);
        check_near(e->model, d.first, 0.2 * e->first, 1e-12, 0);
        check_near(e->model, d.last, 0.2 * e->last, 1e-12, 0);
        rb_arena_close(a);
    }
}

static void drop_rate_is_in_front_of_the_head(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_model_settings s = settings_for("efficientnet_b0", 1);
    s.drop_rate = 0.3;
    const rb_graph *g = build(a, &s, (rb_shape){3, 64, 64});
    const rb_node *dropout = g->output->input[0];
    assert_ptr_equal(dropout->op, &rb_op_dropout);
    assert_ptr_equal(dropout->input[0], rb_model_features(g));
    check_near("drop_rate", drops_of(g, &rb_op_dropout).last, 0.3, 1e-12, 0);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_torchvision),
        cmocka_unit_test(cnn_encoder_has_the_originals_count),
        cmocka_unit_test(family_is_its_first_member),
        cmocka_unit_test(each_takes_grey_pictures_and_any_classes),
        cmocka_unit_test(deeper_branches_are_dropped_more_often),
        cmocka_unit_test(drop_rate_is_in_front_of_the_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
