// SPDX-License-Identifier: Apache-2.0
// test_fit.c - weights of others into a network: the backbone whole, the head if it fits, kernels of colour for grey.
#include "check.h"

#include "train/network.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

// A network in `channels` on the ref backend, its head `depth` layers deep; weights not set.
static rb_network open_network(rb_arena *a, int channels, int depth)
{
    rb_error err = {0};
    rb_settings *s = rb_settings_new(a, RB_FOR_TRAIN);
    s->model.model_type = "cnn_encoder";
    s->model.dim_base = 2;
    s->model.head_depth = depth;
    s->data.channels = channels;
    s->data.image_size = 32;
    s->compute.backend = "ref";
    s->compute.device_index = -1;
    rb_network n;
    check_done(rb_network_open(a, s, NULL, NULL, &n, &err), err);
    return n;
}

static rb_tensors weights_of(rb_arena *a, int channels, int depth, uint32_t seed)
{
    rb_network n = open_network(a, channels, depth);
    rb_tensors t;
    rb_network_init(&n, seed);
    rb_network_tensors(a, &n, 7, false, &t);
    return t;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_tensor *)x)->name, ((const rb_tensor *)y)->name);
}

static rb_tensors sorted(rb_tensors t)
{
    qsort(t.tensor, (size_t)t.count, sizeof *t.tensor, by_name);
    return t;
}

static rb_tensor *tensor_of(rb_tensors *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (!strcmp(t->tensor[i].name, name)) return &t->tensor[i];
    fail_msg("no %s", name);
    return NULL;
}

static const double *values(rb_arena *a, const rb_network *n, const char *name)
{
    const rb_param *p = rb_graph_find_param(n->graph, name);
    assert_non_null(p);
    double *out = RB_NEW(a, double, p->count);
    n->backend->get(n->store, p, RB_VALUE, out);
    return out;
}

// True when a parameter of the network is the tensor of that name.
static bool is_of(rb_arena *a, const rb_network *n, rb_tensors *t, const char *name)
{
    const rb_tensor *from = tensor_of(t, name);
    const double *got = values(a, n, name);
    bool same = true;
    for (int64_t i = 0; i < from->count; i++) same &= got[i] == (double)((const float *)from->data)[i];
    return same;
}

static void all_of_it_is_taken(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_fit fit;
    rb_network n = open_network(a, 3, 2);
    rb_tensors t = sorted(weights_of(a, 3, 2, 5));
    rb_network_init(&n, 0);
    check_done(rb_network_fit(a, &n, &t, &fit, &err), err);
    assert_int_equal(fit.backbone, n.graph->param_count - 4);
    assert_true(!fit.fresh_head && !fit.grey && !fit.beside);
    for (int i = 0; i < n.graph->param_count; i++) assert_true(is_of(a, &n, &t, n.graph->params[i]->name));
}

static void a_head_that_does_not_fit_stays_fresh(void **state)
{
    rb_arena *a = *state;
    static const struct {
        int depth;
        const char *says;
    } cases[] = {{1, "the file's has a fc."}, {3, "fc.3.weight is [1 256] in the file and [256 256] in the network"}};
    for (int i = 0; i < COUNT(cases); i++) {
        rb_error err = {0};
        rb_fit fit;
        rb_network n = open_network(a, 3, cases[i].depth), fresh = open_network(a, 3, cases[i].depth);
        rb_tensors t = sorted(weights_of(a, 3, 2, 5));
        rb_network_init(&n, 1);
        rb_network_init(&fresh, 1);
        check_done(rb_network_fit(a, &n, &t, &fit, &err), err);
        if (!fit.fresh_head || !strstr(fit.fresh_head, cases[i].says)) fail_msg("says %s", fit.fresh_head);
        assert_true(is_of(a, &n, &t, "stages.3.conv2.weight"));
        for (int p = fit.backbone; p < n.graph->param_count; p++) {
            const char *name = n.graph->params[p]->name;
            assert_memory_equal(values(a, &n, name), values(a, &fresh, name),
                                (size_t)n.graph->params[p]->count * sizeof(double));
        }
    }
}

static void colours_are_summed_for_grey(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_fit fit;
    rb_network n = open_network(a, 1, 2);
    rb_tensors t = sorted(weights_of(a, 3, 2, 5));
    const float *w = tensor_of(&t, "stages.0.conv1.weight")->data;
    check_done(rb_network_fit(a, &n, &t, &fit, &err), err);
    assert_string_equal(fit.grey->name, "stages.0.conv1.weight");
    const double *got = values(a, &n, "stages.0.conv1.weight");
    for (int f = 0; f < 2; f++)
        for (int i = 0; i < 9; i++) {
            double want = (double)w[27 * f + i] + (double)w[27 * f + 9 + i] + (double)w[27 * f + 18 + i];
            check_near("kernel", got[9 * f + i], want, 1e-6, 1e-7);
        }
    assert_true(is_of(a, &n, &t, "stages.0.conv2.weight"));

    rb_network colour = open_network(a, 3, 2); // the other way there is nothing to take the colours from
    t = sorted(weights_of(a, 1, 2, 5));
    check_failed(rb_network_fit(a, &colour, &t, &fit, &err), err, RB_ERR_WEIGHTS,
                 "stages.0.conv1.weight is [2 1 3 3] in the file and [2 3 3 3] in the network");
}

static void a_backbone_of_another_model_is_refused(void **state)
{
    rb_arena *a = *state;
    static const struct {
        const char *name, *becomes, *says;
    } cases[] = {
        {"stages.1.bn1.bias", "elsewhere", "there is no tensor stages.1.bn1.bias, which is [4] in the network"},
        {"stages.1.bn1.running_var", "elsewhere", "there is no tensor stages.1.bn1.running_var"},
        {"fc.0.bias", "stages.4.conv1.bias", "stages.4.conv1.bias, [256] in the file, is not in the network"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        rb_error err = {0};
        rb_fit fit;
        rb_network n = open_network(a, 3, 2);
        rb_tensors t = weights_of(a, 3, 2, 5);
        tensor_of(&t, cases[i].name)->name = cases[i].becomes;
        t = sorted(t);
        check_failed(rb_network_fit(a, &n, &t, &fit, &err), err, RB_ERR_WEIGHTS, cases[i].says);
    }
}

// Lightning keeps the weights of a loss beside the network.
static void what_stands_beside_is_left_out(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_fit fit;
    rb_network n = open_network(a, 3, 2);
    rb_tensors t = weights_of(a, 3, 2, 5);
    tensor_of(&t, "fc.0.bias")->name = "criterion.pos_weight";
    t = sorted(t);
    check_done(rb_network_fit(a, &n, &t, &fit, &err), err);
    assert_int_equal(fit.beside, 1);
    assert_string_equal(fit.beside_name, "criterion.pos_weight");
    assert_non_null(strstr(fit.fresh_head, "the file has no fc.0.bias"));
}

static void what_is_not_finite_is_refused(void **state)
{
    rb_arena *a = *state;
    rb_error err = {0};
    rb_fit fit;
    rb_network n = open_network(a, 3, 2);
    rb_tensors t = sorted(weights_of(a, 3, 2, 5));
    rb_tensor *bad = tensor_of(&t, "stages.2.conv1.weight");
    float *w = RB_NEW(a, float, bad->count);
    memcpy(w, bad->data, (size_t)bad->count * sizeof *w);
    w[3] = INFINITY;
    bad->data = w;
    check_failed(rb_network_fit(a, &n, &t, &fit, &err), err, RB_ERR_WEIGHTS,
                 "tensor stages.2.conv1.weight holds NaN or infinity");
}

static int open_arena(void **state)
{
    *state = rb_arena_open();
    return 0;
}

static int close_arena(void **state)
{
    rb_arena_close(*state);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
    const struct CMUnitTest tests[] = {
        TEST(all_of_it_is_taken),
        TEST(a_head_that_does_not_fit_stays_fresh),
        TEST(colours_are_summed_for_grey),
        TEST(a_backbone_of_another_model_is_refused),
        TEST(what_stands_beside_is_left_out),
        TEST(what_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
