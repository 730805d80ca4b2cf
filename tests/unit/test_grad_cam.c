// SPDX-License-Identifier: Apache-2.0
// test_grad_cam.c - the slopes behind a map against differences of logits, and what becomes of a batch's rows.
#include "check.h"

#include "ops/network.h"

#include "train/grad_cam.h"

enum { C = 5, H = 3, W = 4, AREA = H * W, VALUES = C * AREA, BATCH = 3 };

typedef struct place {
    rb_arena *arena;
    rb_store *store;
    rb_plan *plan;
    float *values; // [BATCH VALUES]
    int logits;
} place;

// A head on a map that comes in from outside: two hidden layers, and dropout where training has it.
static place place_of(int logits)
{
    rb_error err = {0};
    place p = {.arena = rb_arena_open(), .logits = logits};
    rb_graph *g = rb_graph_new(p.arena);
    rb_node *x = rb_dropout(g, rb_mean_pool(g, rb_input(g, (rb_shape){C, H, W})), 0.3);
    x = rb_dropout(g, rb_relu(g, rb_dense(g, "fc.0", x, 7)), 0.5);
    x = rb_relu(g, rb_dense(g, "fc.3", x, 6));
    check_done(rb_graph_finish(g, rb_dense(g, "fc.6", x, logits), &err), err);
    check_done(rb_backend_ref.store(p.arena, g, &(rb_store_spec){.precision = RB_FP64, .batch = BATCH}, &p.store, &err),
               err);
    for (int i = 0; i < g->param_count; i++)
        rb_backend_ref.put(p.store, g->params[i], RB_VALUE,
                           some_values(p.arena, g->params[i]->count, (uint32_t)(20 + i)));
    check_done(
        rb_backend_ref.plan(p.arena, p.store, &(rb_plan_spec){.mode = RB_EVALUATE, .batch = BATCH}, &p.plan, &err),
        err);
    p.values = memcpy(RB_NEW(p.arena, float, BATCH *VALUES), some_values(p.arena, BATCH * VALUES, 5),
                      BATCH * VALUES * sizeof *p.values);
    return p;
}

static double logit_of(const place *p, int row, int k)
{
    rb_error err = {0};
    double logits[BATCH * 4];
    check_done(rb_backend_ref.forward(p->plan, &(rb_feed){.n = BATCH, .values = p->values}, &err), err);
    check_done(rb_backend_ref.read(p->plan, NULL, logits, &err), err);
    return logits[row * p->logits + k];
}

// The head is linear between its kinks: differences are slopes, but for what the float of a value rounds.
static double slope_of(const place *p, int row, int at, int k)
{
    float *v = &p->values[row * VALUES + at], kept = *v;
    *v = kept + 0x1p-8f;
    double up = *v, high = logit_of(p, row, k);
    *v = kept - 0x1p-8f;
    double down = *v, low = logit_of(p, row, k);
    *v = kept;
    return (high - low) / (up - down);
}

// What decides for the class: its logit, or with two classes the single one or the difference.
static double decision_slope(const place *p, int row, int at, int class)
{
    if (p->logits == 1) return (class ? 1 : -1) * slope_of(p, row, at, 0);
    return slope_of(p, row, at, class) - (p->logits == 2 ? slope_of(p, row, at, !class) : 0);
}

static void want_map(const place *p, int row, int class, double *map)
{
    memset(map, 0, AREA * sizeof *map);
    for (int c = 0; c < C; c++) {
        double alpha = 0;
        for (int i = 0; i < AREA; i++) alpha += decision_slope(p, row, c * AREA + i, class) / AREA;
        for (int i = 0; i < AREA; i++) map[i] += alpha * p->values[row * VALUES + c * AREA + i];
    }
    for (int i = 0; i < AREA; i++) map[i] = fmax(map[i], 0);
}

static void check_maps(const place *p, const int class[BATCH])
{
    rb_error err = {0};
    rb_grad_cam g;
    float maps[BATCH * AREA];
    double want[AREA], got[AREA], most = 0;
    check_done(rb_grad_cam_open(p->arena, p->store, &p->plan->spec, &g, &err), err);
    check_done(rb_grad_cam_look(&g, &(rb_feed){.n = BATCH, .values = p->values}, class, maps, &err), err);
    for (int row = 0; row < BATCH; row++) {
        want_map(p, row, class[row], want);
        for (int i = 0; i < AREA; i++) got[i] = maps[row * AREA + i], most = fmax(most, got[i]);
        check_close("map", got, want, AREA, 1e-6);
    }
    assert_true(most > 0);
}

static void slopes_are_those_of_the_logit(void **state)
{
    (void)state;
    place p = place_of(4);
    check_maps(&p, (const int[]){0, 3, 1});
    check_maps(&p, (const int[]){2, 2, 2});
    rb_arena_close(p.arena);
}

static void a_single_logit_speaks_for_class_1_and_against_0(void **state)
{
    (void)state;
    place p = place_of(1);
    check_maps(&p, (const int[]){1, 0, 1});
    check_maps(&p, (const int[]){0, 1, 0});
    rb_arena_close(p.arena);
}

static void of_two_logits_the_difference_decides(void **state)
{
    (void)state;
    place p = place_of(2);
    check_maps(&p, (const int[]){1, 0, 1});
    check_maps(&p, (const int[]){0, 1, 0});
    rb_arena_close(p.arena);
}

static void rows_that_are_not_fed_are_left_alone(void **state)
{
    (void)state;
    place p = place_of(1);
    rb_error err = {0};
    rb_grad_cam g;
    float maps[BATCH * AREA];
    for (int i = 0; i < BATCH * AREA; i++) maps[i] = -1;
    check_done(rb_grad_cam_open(p.arena, p.store, &p.plan->spec, &g, &err), err);
    check_done(rb_grad_cam_look(&g, &(rb_feed){.n = 2, .values = p.values}, (const int[]){1, 1}, maps, &err), err);
    for (int i = 0; i < BATCH * AREA; i++) assert_true(i < 2 * AREA ? maps[i] >= 0 : maps[i] == -1);
    rb_arena_close(p.arena);
}

static void a_head_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_error err = {0};
    rb_store *store;
    rb_grad_cam g;
    rb_graph *graph = rb_graph_new(a);
    rb_node *x = rb_silu(graph, rb_mean_pool(graph, rb_input(graph, (rb_shape){C, H, W})));
    check_done(rb_graph_finish(graph, rb_dense(graph, "fc", x, 1), &err), err);
    check_done(rb_backend_ref.store(a, graph, &(rb_store_spec){.precision = RB_FP64, .batch = 1}, &store, &err), err);
    check_failed(rb_grad_cam_open(a, store, &(rb_plan_spec){.mode = RB_EVALUATE, .batch = 1}, &g, &err), err,
                 RB_ERR_INTERNAL, "no head with the op silu");
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_those_of_the_logit),
        cmocka_unit_test(a_single_logit_speaks_for_class_1_and_against_0),
        cmocka_unit_test(of_two_logits_the_difference_decides),
        cmocka_unit_test(rows_that_are_not_fed_are_left_alone),
        cmocka_unit_test(a_head_that_nobody_knows_is_refused),
    };
    return check_run("grad_cam", tests);
}
