// SPDX-License-Identifier: Apache-2.0
// test_backends.c - every usable backend against ref in fp64, op by op and in the combinations that a backend may
// merge.
// The network around each is that of around.h. Both networks start a round from the same
// floats and take its update from the same gradients, so that nothing is judged but what was computed in between.
#include "check.h"

#include "ops/around.h"

#define ROUNDS 2

// A batch on which the ReLUs of both networks will agree: the first such of some.
static rb_feed steady_feed(const pair *p, const trial *t, uint32_t which)
{
    float *weights = RB_NEW(p->arena, float, t->batch);
    for (int i = 0; i < t->batch; i++) weights[i] = 1 + (float)(i % 3) / 2;
    rb_feed feed = {.n = t->batch,
                    .targets = some_values(p->arena, (ptrdiff_t)t->batch * p->graph->output->shape.c, 99),
                    .weights = weights,
                    .scale = 1.0 / t->batch,
                    .epoch = 3,
                    .draw = 11};
    for (uint32_t attempt = 0; attempt < 20; attempt++) {
        feed.values = values_of(p->arena, t, 1000 * which + attempt);
        if (is_steady(p, &feed, t->tolerance)) return feed;
    }
    fail_msg("%s: every batch has a ReLU on its edge", p->name);
    return feed;
}

// ---- what is compared ----------------------------------------------------------------------------------------------

static void check_training(const pair *p, const rb_feed *feed, const trial *t)
{
    check_forward(p, "training", &p->own.train, &p->exact.train, feed, t->tolerance);
    check_slot(p, "after the forward", RB_VALUE, is_buffer, t->content == FAR ? NORM : t->tolerance);
    network_backward(&p->own.train, false);
    network_backward(&p->exact.train, false);
    check_gradients(p, 4 * t->tolerance);
}

static void check_evaluation(const pair *p, const rb_feed *feed, const trial *t)
{
    rb_feed some = *feed;
    check_forward(p, "evaluation", &p->own.eval, &p->exact.eval, &some, t->tolerance);
    some.n = (some.n + 1) / 2;
    check_forward(p, "evaluation of a part", &p->own.eval, &p->exact.eval, &some, t->tolerance);
}

static void check_update(const pair *p, int step)
{
    share(p, RB_GRAD, learns);
    network_update(&p->own.train, step);
    network_update(&p->exact.train, step);
    check_slot(p, "value after the update", RB_VALUE, is_trained, 1e-6);
    check_slot(p, "moment 1", RB_MOMENT1, learns, 1e-6);
    check_slot(p, "moment 2", RB_MOMENT2, learns, 1e-6);
    check_slot(p, "average", RB_AVERAGE, learns, 1e-6);
}

static void agrees_with_ref(const pair *p, const trial *t)
{
    for (int step = 1; step <= ROUNDS; step++) {
        rb_feed feed = steady_feed(p, t, (uint32_t)step);
        share(p, RB_VALUE, any_param);
        check_training(p, &feed, t);
        check_update(p, step);
        check_evaluation(p, &feed, t);
    }
}

// ---- nothing of a bad batch stays ----------------------------------------------------------------------------------

typedef struct results {
    const double *logits, *evaluated;
    const double **gradients; // by parameter id
} results;

static results results_of(const pair *p, const rb_feed *feed)
{
    results r = {.gradients = RB_NEW(p->arena, const double *, p->graph->param_count)};
    share(p, RB_VALUE, any_param);
    network_loss(&p->own.eval, feed);
    r.evaluated = logits_of(&p->own.eval, feed->n);
    network_loss(&p->own.train, feed);
    r.logits = logits_of(&p->own.train, feed->n);
    network_backward(&p->own.train, false);
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (learns(q)) r.gradients[i] = network_get(&p->own.train, q, RB_GRAD);
    }
    return r;
}

static void check_same(const pair *p, const char *what, const double *got, const double *want, ptrdiff_t n)
{
    check_close(rb_text_format(p->arena, "%s: after NaN, %s", p->name, what), got, want, n, 0);
}

static void forgets_nan(const pair *p, const trial *t)
{
    rb_feed good = steady_feed(p, t, 1), bad = good;
    ptrdiff_t count = t->batch * size_of(t->picture), logits = (ptrdiff_t)t->batch * p->graph->output->shape.c;
    float *values = RB_NEW(p->arena, float, count);
    for (ptrdiff_t i = 0; i < count; i++) values[i] = NAN;
    bad.values = values;
    results before = results_of(p, &good);
    results_of(p, &bad);
    results after = results_of(p, &good);
    check_same(p, "logits", after.logits, before.logits, logits);
    check_same(p, "evaluation", after.evaluated, before.evaluated, logits);
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (learns(q)) check_same(p, q->name, after.gradients[i], before.gradients[i], q->count);
    }
}

// ---- running -------------------------------------------------------------------------------------------------------

typedef struct subject {
    const rb_backend *backend;
    const trial *trial;
} subject;

static void try(void **state)
{
    const subject *s = *state;
    skip_unless_usable(s->backend);
    rb_arena *a = rb_arena_open();
    const rb_node *kept;
    const rb_graph *g = build(a, s->trial, &kept);
    const char *name = rb_text_format(a, "%s, %s", s->backend->name, s->trial->name);
    pair p = pair_open(a, name, s->backend, g, s->trial->batch, kept);
    agrees_with_ref(&p, s->trial);
    forgets_nan(&p, s->trial);
    rb_arena_close(a);
}

// A group for each backend, under its name.
static int run_group(const rb_backend *b)
{
    static subject subjects[TRIALS];
    static struct CMUnitTest tests[TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        subjects[i] = (subject){b, &trials[i]};
        tests[i] = (struct CMUnitTest){trials[i].name, try, NULL, NULL, &subjects[i]};
    }
    return _cmocka_run_group_tests(b->name, tests, TRIALS, NULL, NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    int failed = 0;
    size_t tests = 0;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        if (*b == &rb_backend_ref) continue;
        failed += run_group(*b);
        tests += TRIALS;
    }
    return check_code(failed, tests);
}
