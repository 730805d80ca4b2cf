// SPDX-License-Identifier: Apache-2.0
// test_grad_cam_golden.c - maps of Grad-CAM on every backend against PyTorch's autograd in float64 (make_grad_cam.py).
#include "check.h"

#include "golden/networks.h"

#include "base/parallel.h"
#include "train/grad_cam.h"

static const struct trial {
    const char *name;
    const rb_backend *backend;
    rb_precision precision;
    const char *model;
    double limit; // relative to the largest of a map
} trials[] = {
    // Maps are floats.
    {"ref fp64 cnn_encoder", &rb_backend_ref, RB_FP64, "cnn_encoder", 1e-7},
    {"ref fp64 resnet18", &rb_backend_ref, RB_FP64, "resnet18", 1e-7},
    {"ref fp64 resnet50", &rb_backend_ref, RB_FP64, "resnet50", 1e-7},
    {"ref fp64 efficientnet_b0", &rb_backend_ref, RB_FP64, "efficientnet_b0", 1e-7},
    // What test_networks.c allows for logits: what fp32 loses on the way to the last map.
    {"onednn fp32 cnn_encoder", &rb_backend_onednn, RB_FP32, "cnn_encoder", 5e-6},
    {"onednn fp32 resnet18", &rb_backend_onednn, RB_FP32, "resnet18", 5e-6},
    {"onednn fp32 resnet50", &rb_backend_onednn, RB_FP32, "resnet50", 5e-6},
    {"onednn fp32 efficientnet_b0", &rb_backend_onednn, RB_FP32, "efficientnet_b0", 3e-5},
};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

static void open_maps(rb_arena *a, const struct trial *t, int classes, rb_grad_cam *out)
{
    rb_error err = {0};
    rb_store *store;
    const rb_graph *g = golden_graph(a, t->model, classes);
    check_done(t->backend->store(a, g, &(rb_store_spec){.precision = t->precision, .batch = BATCH}, &store, &err), err);
    golden_fill(store, t->model);
    check_done(rb_grad_cam_open(a, store, &(rb_plan_spec){.mode = RB_EVALUATE, .batch = BATCH}, out, &err), err);
}

// Rows of classes, picture, class and the map. Some are nothing but zeros: nothing speaks for the class.
static void check_rows(rb_arena *a, const struct trial *t, int classes, const numbers *want)
{
    rb_grad_cam g;
    rb_error err = {0};
    open_maps(a, t, classes, &g);
    int area = g.shape.h * g.shape.w, seen = 0;
    assert_int_equal(want->columns, 3 + area);
    float *maps = RB_NEW(a, float, BATCH *area);
    double *got = RB_NEW(a, double, area);
    for (int row = 0; row < want->rows; row++) {
        const double *r = numbers_row(want, row);
        if ((int)r[0] != classes) continue;
        int picture = (int)r[1], class[BATCH] = {(int)r[2], (int)r[2]};
        check_done(rb_grad_cam_look(&g, &(rb_feed){.n = BATCH, .values = golden_input(a)}, class, maps, &err), err);
        for (int i = 0; i < area; i++) got[i] = maps[picture * area + i];
        check_close(rb_text_format(a, "%d logits, picture %d, class %d", classes, picture, class[0]), got, r + 3, area,
                    t->limit);
        seen++;
    }
    assert_in_range(seen, 4, 6);
}

static void agrees_with_pytorch(void **state)
{
    const struct trial *t = *state;
    rb_error err = {0};
    if (!t->backend->usable(&err)) {
        print_message("%s: %s\n", t->name, err.text);
        skip();
    }
    rb_arena *a = rb_arena_open();
    numbers want = numbers_read(a, rb_text_format(a, "golden/grad_cam/%s.csv", t->model));
    check_rows(a, t, 1, &want);
    check_rows(a, t, 1000, &want);
    rb_arena_close(a);
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    struct CMUnitTest tests[TRIALS];
    for (int i = 0; i < TRIALS; i++)
        tests[i] = (struct CMUnitTest){
            .name = trials[i].name, .test_func = agrees_with_pytorch, .initial_state = (void *)&trials[i]};
    return check_run("grad_cam_golden", tests);
}
