// SPDX-License-Identifier: Apache-2.0
// test_steps.c - a training step allocates nothing of ours, and the heap is flat over a thousand of them.
//
// Our code gets memory from aligned_alloc and calloc alone (base/arena.c): both are counted here.
#include "check.h"
#include "numbers.h"

#include "backend/backend.h"
#include "base/parallel.h"
#include "model/model.h"

#include <malloc.h>

static int taken;

void *aligned_alloc(size_t alignment, size_t size)
{
    taken++;
    return memalign(alignment, size);
}

void *calloc(size_t count, size_t size)
{
    taken++;
    void *p = memalign(sizeof(long double), count * size); // not malloc: the compiler would make calloc of the two
    return p ? memset(p, 0, count * size) : NULL;
}

typedef struct trainer {
    rb_arena *arena;
    const rb_backend *backend;
    rb_store *store;
    rb_plan *plan;
    uint8_t pixels[8 * 32 * 32 * 3];
    float targets[8];
    int64_t step;
} trainer;

static void open_trainer(trainer *t, const rb_backend *backend)
{
    static const rb_bce bce = {.pos_weight = 1};
    static const double deviation[4] = {1, 1, 1, 1};
    rb_error err = {0};
    rb_graph *g;
    *t = (trainer){.arena = rb_arena_open(), .backend = backend};
    rb_model_settings s = {
        .model_type = "cnn_encoder", .num_classes = 1, .dim_base = 8, .head_depth = 2, .head_dropout = 0.5};
    check_done(rb_model_build(t->arena, &s, (rb_shape){3, 32, 32}, &g, &err), err);
    void *cfg = rb_arena_take(t->arena, 1, (ptrdiff_t)rb_optim_adamw.cfg_bytes);
    settings_fill(t->arena, rb_optim_adamw.fields, cfg, "");
    check_done(
        backend->store(
            t->arena, g,
            &(rb_store_spec){.batch = 8, .optim = &rb_optim_adamw, .optim_cfg = cfg, .recompute = RB_RECOMPUTE_CHEAP},
            &t->store, &err),
        err);
    for (int i = 0; i < g->param_count; i++) {
        float *w = RB_NEW(t->arena, float, g->params[i]->count);
        rb_param_init(g->params[i], 0, w);
        backend->put(t->store, g->params[i], RB_VALUE, w);
    }
    rb_plan_spec spec = {.mode = RB_TRAIN, .batch = 8, .loss = &rb_loss_bce, .loss_cfg = &bce};
    memcpy(spec.std, deviation, sizeof spec.std);
    check_done(backend->plan(t->arena, t->store, &spec, &t->plan, &err), err);
    for (size_t i = 0; i < sizeof t->pixels; i++) t->pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    for (int i = 0; i < 8; i++) t->targets[i] = (float)(i % 2);
}

static void train(trainer *t, int steps)
{
    rb_error err = {0};
    for (int i = 0; i < steps; i++) {
        double loss;
        rb_feed feed = {.n = 8, .pixels = t->pixels, .targets = t->targets, .scale = 1 / 8.0};
        feed.draw = (uint32_t)t->step++;
        check_done(t->backend->forward(t->plan, &feed, &err), err);
        check_done(t->backend->read(t->plan, &loss, NULL, &err), err);
        check_done(t->backend->backward(t->plan, false, &err), err);
        rb_update u = {.lr = 1e-3, .momentum = NAN, .weight_decay = 1e-2, .step = t->step};
        check_done(t->backend->update(t->store, &u, &err), err);
        assert_true(isfinite(loss));
    }
}

static void a_step_takes_no_memory(void **state)
{
    (void)state;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        rb_error why;
        if (!(*b)->usable(&why)) continue;
        trainer *t = malloc(sizeof *t);
        assert_non_null(t);
        open_trainer(t, *b);
        train(t, 3);
        int before = taken;
        train(t, 5);
        if (taken != before) fail_msg("%s: %d allocations in 5 steps", (*b)->name, taken - before);
        rb_arena_close(t->arena);
        free(t);
    }
}

static void the_heap_is_flat_over_a_thousand_steps(void **state)
{
    (void)state;
    if (is_sanitized()) {
        print_message("the sanitizer's heap tells nothing of its size\n");
        skip();
    }
    trainer *t = malloc(sizeof *t);
    assert_non_null(t);
    open_trainer(t, rb_backends[0]);
    train(t, 10);
    size_t before = mallinfo2().uordblks;
    train(t, 1000);
    assert_int_equal(mallinfo2().uordblks, before);
    rb_arena_close(t->arena);
    free(t);
}

int main(void)
{
    rb_parallel_threads(1); // a thousand steps of a few threads wait for each other on a busy machine
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_takes_no_memory),
        cmocka_unit_test(the_heap_is_flat_over_a_thousand_steps),
    };
    return check_run("steps", tests);
}
