// SPDX-License-Identifier: Apache-2.0
// test_plans.c - what every usable backend, ref too, promises beside the numbers of its ops: plans that share a store,
// batches that are not full, gradients that add up, weights that stand still.
#include "check.h"

#include "ops/pair.h"

#define BATCH 8    // Winograd's too
#define CLOSE 2e-5 // of the largest: eight layers of float, three of them Winograd (trials.h)

// ---- a network with everything in it -------------------------------------------------------------------------------

static const rb_shape picture = {3, 9, 8};

static const rb_node *layer(rb_graph *g, const char *name, const rb_node *x)
{
    x = rb_conv2d(g, name, x, (rb_conv){.filters = 20, .kernel = 3, .padding = 1});
    return rb_batch_norm(g, rb_scope(g, "%s_norm", name), x, RB_NORM_DEFAULT);
}

static const rb_graph *build(rb_arena *a, bool frozen)
{
    rb_error err = {0};
    rb_graph *g = rb_graph_new(a);
    g->freezing = frozen;
    const rb_node *x = rb_relu(g, layer(g, "stem", rb_input(g, picture)));
    const rb_node *y = rb_relu(g, layer(g, "one", x));
    g->freezing = false;
    x = rb_relu(g, rb_add(g, layer(g, "two", y), x));
    x = rb_max_pool(g, x, (rb_pool){.kernel = 3, .stride = 2, .padding = 1});
    x = rb_mean_pool(g, rb_conv2d(g, "wide", x, (rb_conv){.filters = 33, .kernel = 1, .bias = true}));
    x = rb_relu(g, rb_dense(g, "hidden", rb_dropout(g, x, 0.3), 20));
    check_done(rb_graph_finish(g, rb_dense(g, "last", x, 2), &err), err);
    return g;
}

static rb_feed some_feed(rb_arena *a, int n, uint32_t which)
{
    return (rb_feed){.n = n,
                     .values = some_values(a, n * size_of(picture), which),
                     .targets = some_values(a, n * 2, which + 1),
                     .scale = 1.0 / n,
                     .epoch = 3,
                     .draw = which};
}

static rb_feed steady_feed(const pair *p, uint32_t which)
{
    for (uint32_t attempt = 0; attempt < 100; attempt++) {
        rb_feed feed = some_feed(p->arena, p->batch, which + 2 * attempt);
        if (is_steady(p, &feed, CLOSE / 10)) return feed;
    }
    fail_msg("every batch has a ReLU on its edge");
    return (rb_feed){0};
}

static void check_same(const char *what, const double *got, const double *want, ptrdiff_t n)
{
    check_close(what, got, want, n, 0);
}

enum { WHOLE, REST, EVALUATION, WIDE_EVALUATION, PLANS };

static const rb_plan_spec specs[PLANS] = {
    {.mode = RB_TRAIN, .batch = BATCH, .loss = &squared, .seed = 5},
    {.mode = RB_TRAIN, .batch = 3, .loss = &squared, .seed = 5},
    {.mode = RB_EVALUATE, .batch = BATCH, .loss = &squared},
    {.mode = RB_EVALUATE, .batch = 13, .loss = &squared},
};

// ---- batches -------------------------------------------------------------------------------------------------------

static void rows_beyond_n_do_not_matter(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    pair p = pair_open(a, "rows beyond n", b, g, BATCH, NULL);
    rb_feed full = some_feed(a, BATCH, 1), part = full;
    network_loss(&p.own.eval, &full);
    const double *all = logits_of(&p.own.eval, BATCH);
    for (part.n = 1; part.n < BATCH; part.n += 2) {
        float *exactly = malloc((size_t)(part.n * size_of(picture)) * sizeof *exactly); // a sanitizer sees its end
        memcpy(exactly, full.values, (size_t)(part.n * size_of(picture)) * sizeof *exactly);
        part.values = exactly;
        check_forward(&p, "a part", &p.own.eval, &p.exact.eval, &part, CLOSE);
        check_same("a part's rows", logits_of(&p.own.eval, part.n), all, part.n * 2);
        free(exactly);
    }
}

static void rows_have_weights(rb_arena *a, const rb_backend *b)
{
    static const float weights[BATCH] = {0, 1, 0, 2.5F, 0.125F, 0, 1, 3};
    pair p = pair_open(a, "weights", b, build(a, false), BATCH, NULL);
    rb_feed feed = steady_feed(&p, 1);
    feed.weights = weights;
    feed.scale = 0.3;
    share(&p, RB_VALUE, any_param);
    check_forward(&p, "training", &p.own.train, &p.exact.train, &feed, CLOSE);
    network_backward(&p.own.train, false);
    network_backward(&p.exact.train, false);
    check_gradients(&p, 4 * CLOSE);
    feed.weights = (const float[BATCH]){0};
    if (network_loss(&p.own.train, &feed) != 0) fail_msg("a batch of weight 0 has a loss");
    network_backward(&p.own.train, false);
    for (int i = 0; i < p.graph->param_count; i++) {
        const rb_param *q = p.graph->params[i];
        if (q->trained && largest_of(network_get(&p.own.train, q, RB_GRAD), q->count) != 0)
            fail_msg("%s has a gradient, but no row has weight", q->name);
    }
}

static void pixels_are_normalised(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    pair p = pair_open(a, "pixels", b, g, BATCH, NULL);
    rb_plan_spec spec = {.mode = RB_EVALUATE,
                         .batch = BATCH,
                         .mean = {0.485, 0.456, 0.406},
                         .std = {0.229, 0.224, 0.225},
                         .loss = &squared,
                         .keep = g->input};
    rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, 0, 0, 0);
    uint8_t *pixels = RB_NEW(a, uint8_t, BATCH * size_of(picture));
    for (ptrdiff_t i = 0; i < BATCH * size_of(picture); i++) pixels[i] = (uint8_t)rb_rng_below(&random, 256);
    p.kept = g->input;
    p.own.eval = network_beside(&p.own.train, &spec);
    p.exact.eval = network_beside(&p.exact.train, &spec);
    rb_feed feed = some_feed(a, BATCH - 3, 1);
    feed.values = NULL;
    feed.pixels = pixels;
    check_forward(&p, "pixels", &p.own.eval, &p.exact.eval, &feed, CLOSE);
    check_close("the pictures", peek(&p.own.eval, feed.n), peek(&p.exact.eval, feed.n), feed.n * size_of(picture),
                1e-7);
}

static void dropout_draws_as_ref(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    const rb_node *dropped = NULL;
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i]->op == &rb_op_dropout) dropped = g->nodes[i];
    pair p = pair_open(a, "dropout", b, g, BATCH, dropped);
    for (uint32_t draw = 0; draw < 3; draw++) {
        rb_feed feed = some_feed(a, BATCH, 1);
        feed.draw = 1000 * draw;
        feed.epoch = draw;
        check_forward(&p, "training", &p.own.train, &p.exact.train, &feed, CLOSE);
        const double *own = peek(&p.own.train, BATCH), *exact = peek(&p.exact.train, BATCH);
        int zeros = 0, count = BATCH * dropped->shape.c;
        for (int i = 0; i < count; i++) {
            zeros += exact[i] == 0;
            if ((own[i] == 0) != (exact[i] == 0)) fail_msg("draw %u: dropped[%d] differs", draw, i);
        }
        assert_true(zeros > count / 5 && zeros < count * 2 / 5);
    }
}

// ---- nodes, slots --------------------------------------------------------------------------------------------------

static void every_node_can_be_kept(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    pair p = pair_open(a, "kept", b, g, BATCH, NULL);
    rb_feed feed = some_feed(a, BATCH, 1);
    for (int i = 0; i < g->node_count; i++)
        for (int mode = RB_EVALUATE; mode <= RB_TRAIN; mode++) {
            rb_plan_spec spec = {
                .mode = (rb_mode)mode, .batch = BATCH, .loss = &squared, .seed = 5, .keep = g->nodes[i]};
            p.kept = g->nodes[i];
            share(&p, RB_VALUE, any_param);
            network own = network_beside(&p.own.train, &spec), exact = network_beside(&p.exact.train, &spec);
            const char *what = rb_text_format(a, "node %d (%s), mode %d", i, p.kept->op->name, mode);
            check_forward(&p, what, &own, &exact, &feed, CLOSE);
        }
}

static void what_is_put_can_be_got(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    network n = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    for (int look = 0; look < 2; look++) // first all are put, then all are looked at
        for (int slot = 0; slot < RB_SLOTS; slot++)
            for (int i = 0; i < g->param_count; i++) {
                const rb_param *q = g->params[i];
                if (slot != RB_VALUE && !q->trained) continue;
                const float *values = some_values(a, q->count, (uint32_t)(100 * slot + i));
                if (!look) {
                    b->put(n.store, q, (rb_slot)slot, values);
                    continue;
                }
                const double *got = network_get(&n, q, (rb_slot)slot);
                for (ptrdiff_t k = 0; k < q->count; k++)
                    if (got[k] != (double)values[k]) fail_msg("slot %d of %s[%td] came back changed", slot, q->name, k);
            }
}

// A store for evaluation with some values, put into it or lent to it at addresses that suit floats and nothing wider.
static const double *evaluated(rb_arena *a, const rb_backend *b, const rb_graph *g, bool lent)
{
    rb_error err = {0};
    network n = {.arena = a, .backend = b, .graph = g};
    rb_store_spec store = {.precision = RB_FP32, .batch = BATCH};
    check_done(b->store(a, g, &store, &n.store, &err), err);
    check_done(b->plan(a, n.store, &specs[EVALUATION], &n.plan, &err), err);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *q = g->params[i];
        float *values = RB_NEW(a, float, q->count + 1) + 1;
        rb_param_init(q, 1, values);
        if (lent)
            b->lend(n.store, q, values);
        else
            b->put(n.store, q, RB_VALUE, values);
    }
    rb_feed feed = some_feed(a, BATCH, 1);
    network_loss(&n, &feed);
    return logits_of(&n, BATCH);
}

static void lent_is_as_put(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    if (b->lend) check_same("logits", evaluated(a, b, g, true), evaluated(a, b, g, false), BATCH * 2);
}

// ---- gradients -----------------------------------------------------------------------------------------------------

static void gradients_of(const network *n, const rb_feed *feed, bool accumulate)
{
    network_loss(n, feed);
    network_backward(n, accumulate);
}

static const double **all_of(const network *n, rb_slot slot)
{
    const double **out = RB_NEW(n->arena, const double *, n->graph->param_count);
    for (int i = 0; i < n->graph->param_count; i++)
        if (slot == RB_VALUE || n->graph->params[i]->trained) out[i] = network_get(n, n->graph->params[i], slot);
    return out;
}

// One rounding of a float is what a sum may cost; a gradient that is 0 but for rounding counts nothing.
static void gradients_add_up(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    network n = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    network_fill(&n);
    rb_feed one = some_feed(a, BATCH, 1), two = some_feed(a, BATCH, 21);
    gradients_of(&n, &one, false);
    const double **first = all_of(&n, RB_GRAD);
    gradients_of(&n, &two, false);
    const double **second = all_of(&n, RB_GRAD);
    gradients_of(&n, &one, false);
    gradients_of(&n, &two, true);
    const double **sum = all_of(&n, RB_GRAD);
    gradients_of(&n, &two, false);
    const double **again = all_of(&n, RB_GRAD);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *q = g->params[i];
        if (!q->trained) continue;
        double *want = RB_NEW(a, double, q->count);
        for (ptrdiff_t k = 0; k < q->count; k++) want[k] = first[i][k] + second[i][k];
        check_close(q->name, sum[i], want, q->count, 1e-7);
        check_same(q->name, again[i], second[i], q->count);
    }
}

static void frozen_weights_stand_still(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, true);
    pair p = pair_open(a, "frozen", b, g, BATCH, NULL);
    const double **before = all_of(&p.own.train, RB_VALUE);
    for (int step = 1; step <= 2; step++) {
        rb_feed feed = steady_feed(&p, 1 + 200 * (uint32_t)step);
        share(&p, RB_VALUE, any_param);
        gradients_of(&p.own.train, &feed, false);
        gradients_of(&p.exact.train, &feed, false);
        check_gradients(&p, 4 * CLOSE);
        network_update(&p.own.train, step);
        network_update(&p.exact.train, step);
    }
    const double **after = all_of(&p.own.train, RB_VALUE);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *q = g->params[i];
        bool still = !memcmp(before[i], after[i], (size_t)q->count * sizeof(double));
        bool should = !strncmp(q->name, "stem", 4) || !strncmp(q->name, "one", 3);
        if (still != should) fail_msg("%s %s", q->name, still ? "stood still" : "moved");
    }
}

// ---- several plans on a store --------------------------------------------------------------------------------------

static void copy_state(const network *to, const network *from)
{
    const rb_graph *g = from->graph;
    for (int slot = 0; slot < RB_SLOTS; slot++)
        for (int i = 0; i < g->param_count; i++) {
            const rb_param *q = g->params[i];
            if (slot != RB_VALUE && !q->trained) continue;
            const double *x = network_get(from, q, (rb_slot)slot);
            float *values = RB_NEW(from->arena, float, q->count);
            for (ptrdiff_t k = 0; k < q->count; k++) values[k] = (float)x[k];
            to->backend->put(to->store, q, (rb_slot)slot, values);
        }
}

static void work(const network *n, const rb_feed *feed, int step)
{
    network_loss(n, feed);
    if (n->plan->spec.mode != RB_TRAIN) return;
    network_backward(n, false);
    network_update(n, step);
}

static void check_same_state(const network *got, const network *want, const rb_feed *feed, const char *when)
{
    check_same(when, logits_of(got, feed->n), logits_of(want, feed->n), feed->n * 2);
    for (int slot = 0; slot < RB_SLOTS; slot++) {
        const double **x = all_of(got, (rb_slot)slot), **y = all_of(want, (rb_slot)slot);
        for (int i = 0; i < got->graph->param_count; i++) {
            const rb_param *q = got->graph->params[i];
            if (x[i]) check_same(rb_text_format(got->arena, "%s, %s", when, q->name), x[i], y[i], q->count);
        }
    }
}

// Bit for bit the results of a plan that is alone with a store of its own.
static void plans_take_turns(rb_arena *a, const rb_backend *b)
{
    static const int turns[] = {EVALUATION, WHOLE, WIDE_EVALUATION, REST,  EVALUATION, EVALUATION, WIDE_EVALUATION,
                                WHOLE,      REST,  EVALUATION,      WHOLE, WHOLE,      EVALUATION, WIDE_EVALUATION};
    const rb_graph *g = build(a, false);
    network shared[PLANS];
    shared[WHOLE] = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    for (int i = REST; i < PLANS; i++) shared[i] = network_beside(&shared[WHOLE], &specs[i]);
    network_fill(&shared[WHOLE]);
    for (int turn = 0, step = 1; turn < (int)(sizeof turns / sizeof *turns); turn++) {
        const network *n = &shared[turns[turn]];
        rb_feed feed = some_feed(a, n->plan->spec.batch, 10 * (uint32_t)turn);
        network alone = network_open(a, b, g, RB_FP32, &specs[WHOLE]); // the store's layouts are for that batch
        alone = network_beside(&alone, &specs[turns[turn]]);
        copy_state(&alone, n);
        work(n, &feed, step);
        work(&alone, &feed, step);
        check_same_state(n, &alone, &feed, rb_text_format(a, "turn %d", turn));
        if (n->plan->spec.mode == RB_TRAIN) step++;
    }
}

// A forward in training moves the running statistics, with no update to tell.
static void evaluation_sees_new_statistics(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    network train = network_open(a, b, g, RB_FP32, &specs[REST]);
    network_fill(&train);
    for (int i = EVALUATION; i < PLANS; i++) {
        network eval = network_beside(&train, &specs[i]);
        rb_feed feed = some_feed(a, eval.plan->spec.batch, 1), other = some_feed(a, specs[REST].batch, 50);
        network_loss(&eval, &feed);
        network_loss(&train, &other);
        network_loss(&eval, &feed);
        network fresh = network_beside(&train, &specs[i]);
        network_loss(&fresh, &feed);
        check_same("logits", logits_of(&eval, feed.n), logits_of(&fresh, feed.n), feed.n * 2);
    }
}

// A label is the target that is 1 at its class: loss and gradients are the same to the bit.
static void labels_are_targets(rb_arena *a, const rb_backend *b)
{
    const rb_graph *g = build(a, false);
    network n = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    network_fill(&n);
    int label[BATCH];
    float target[2 * BATCH] = {0};
    for (int i = 0; i < BATCH; i++) {
        label[i] = i % 3 == 0;
        target[2 * i + label[i]] = 1;
    }
    rb_feed soft = some_feed(a, BATCH, 1), hard = soft;
    soft.targets = target;
    hard.targets = NULL;
    hard.labels = label;
    double loss = network_loss(&n, &soft);
    network_backward(&n, false);
    const double **gradients = all_of(&n, RB_GRAD);
    assert_true(loss > 0 && network_loss(&n, &hard) == loss);
    network_backward(&n, false);
    const double **again = all_of(&n, RB_GRAD);
    for (int i = 0; i < g->param_count; i++)
        if (g->params[i]->trained) check_same(g->params[i]->name, again[i], gradients[i], g->params[i]->count);
}

// Every rule, half of the graph frozen: values, state and norm of a store after three updates. Gradients are put, so
// that only the update is compared.
static network updated(rb_arena *a, const rb_backend *b, rb_precision precision, const rb_optim *o, rb_update u)
{
    rb_error err = {0};
    const rb_graph *g = build(a, true);
    network n = network_open_with(a, b, g, precision, &specs[WHOLE], o, "");
    network_fill(&n);
    for (int step = 1; step <= 3; step++) {
        for (int i = 0; i < g->param_count; i++)
            if (g->params[i]->trained)
                b->put(n.store, g->params[i], RB_GRAD, some_values(a, g->params[i]->count, (uint32_t)(100 * step + i)));
        u.step = step;
        check_done(b->update(n.store, &u, &err), err);
    }
    return n;
}

static void check_same_rule(const network *own, const network *exact, const rb_optim *o, double tolerance)
{
    for (int i = 0; i < own->graph->param_count; i++) {
        const rb_param *p = own->graph->params[i], *q = exact->graph->params[i];
        for (int slot = 0; p->trained && slot < RB_STATE + o->states; slot++)
            check_close(rb_text_format(own->arena, "%s: %s, slot %d", o->name, p->name, slot),
                        network_get(own, p, (rb_slot)slot), network_get(exact, q, (rb_slot)slot), p->count, tolerance);
    }
}

// 1e-6: a dozen roundings of float. Any number of threads sums the squares alike.
static void every_rule_updates_as_ref(rb_arena *a, const rb_backend *b)
{
    int threads = rb_parallel_size();
    for (const rb_optim *const *o = rb_optims; *o; o++) {
        rb_update u = {.lr = 1e-2, .momentum = NAN, .weight_decay = 0.1, .spare = true, .clip = 3};
        network own = updated(a, b, RB_FP32, *o, u), exact = updated(a, &rb_backend_ref, RB_FP64, *o, u);
        check_same_rule(&own, &exact, *o, 1e-6);
        check_near("norm", own.store->grad_norm, exact.store->grad_norm, 1e-12, 0);
        if (!(own.store->grad_norm > 3)) fail_msg("a norm of %g clips nothing", own.store->grad_norm);
        rb_parallel_threads(3);
        network again = updated(a, b, RB_FP32, *o, u);
        rb_parallel_threads(threads);
        check_same_rule(&again, &own, *o, 0);
        assert_true(again.store->grad_norm == own.store->grad_norm);
    }
}

static void clipping_meets_nan(rb_arena *a, const rb_backend *b)
{
    rb_error err = {0};
    const rb_graph *g = build(a, false);
    network n = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    network_fill(&n);
    b->put(n.store, rb_graph_find_param(g, "last.bias"), RB_GRAD, (float[]){1, NAN});
    const rb_param *q = rb_graph_find_param(g, "last.weight");
    const double *before = network_get(&n, q, RB_VALUE);
    rb_update u = {.lr = 1, .momentum = NAN, .step = 1, .clip = 1};
    check_failed(b->update(n.store, &u, &err), err, RB_ERR_NUMERIC,
                 "the norm of the gradients is nan, first of all that of ");
    check_same("weights after the failure", network_get(&n, q, RB_VALUE), before, q->count);
}

// A training run stops at a loss that is no number; so none may be made of one that is.
static void nan_reaches_the_loss(rb_arena *a, const rb_backend *b)
{
    static const char *const names[] = {"stem.weight", "one.weight", "two_norm.weight", "wide.bias", "hidden.weight"};
    const rb_graph *g = build(a, false);
    network n = network_open(a, b, g, RB_FP32, &specs[WHOLE]);
    rb_feed feed = some_feed(a, BATCH, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const rb_param *q = rb_graph_find_param(g, names[i]);
        float *values = RB_NEW(a, float, q->count);
        for (ptrdiff_t k = 0; k < q->count; k++) values[k] = NAN;
        network_fill(&n);
        b->put(n.store, q, RB_VALUE, values);
        double loss = network_loss(&n, &feed);
        if (isfinite(loss)) fail_msg("%s is NaN, and the loss is %g", q->name, loss);
    }
}

// ---- running -------------------------------------------------------------------------------------------------------

static const struct promise {
    const char *name;
    void (*check)(rb_arena *a, const rb_backend *b);
} promises[] = {
    {"rows beyond n do not matter", rows_beyond_n_do_not_matter},
    {"rows have weights", rows_have_weights},
    {"labels are targets", labels_are_targets},
    {"pixels are normalised", pixels_are_normalised},
    {"dropout draws as ref does", dropout_draws_as_ref},
    {"every node can be kept", every_node_can_be_kept},
    {"what is put can be got", what_is_put_can_be_got},
    {"lent is as put", lent_is_as_put},
    {"gradients add up", gradients_add_up},
    {"frozen weights stand still", frozen_weights_stand_still},
    {"every rule updates as ref does", every_rule_updates_as_ref},
    {"clipping meets NaN", clipping_meets_nan},
    {"plans take turns on a store", plans_take_turns},
    {"evaluation sees new statistics", evaluation_sees_new_statistics},
    {"NaN reaches the loss", nan_reaches_the_loss},
};
#define PROMISES ((int)(sizeof promises / sizeof *promises))

typedef struct subject {
    const rb_backend *backend;
    const struct promise *promise;
} subject;

static void try(void **state)
{
    const subject *s = *state;
    skip_unless_usable(s->backend);
    rb_arena *a = rb_arena_open();
    s->promise->check(a, s->backend);
    rb_arena_close(a);
}

// A group for each backend, under its name.
static int run_group(const rb_backend *b)
{
    static subject subjects[PROMISES];
    static struct CMUnitTest tests[PROMISES];
    for (int i = 0; i < PROMISES; i++) {
        subjects[i] = (subject){b, &promises[i]};
        tests[i] = (struct CMUnitTest){promises[i].name, try, NULL, NULL, &subjects[i]};
    }
    return _cmocka_run_group_tests(b->name, tests, PROMISES, NULL, NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    int failed = 0;
    size_t tests = 0;
    for (const rb_backend *const *b = rb_backends; *b; b++) {
        failed += run_group(*b);
        tests += PROMISES;
    }
    return check_code(failed, tests);
}
