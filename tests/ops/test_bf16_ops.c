// SPDX-License-Identifier: Apache-2.0
// test_bf16_ops.c - the table of test_backends.c in bf16, beside ref in fp64: that each combination runs, and is as
// near as eight bits allow.
#include "check.h"

#include "ops/around.h"

// A value is rounded by up to 2^-9 = 2e-3 at each map; some layers.
#define OUTPUT_L2 2e-2
// Rounding sends some ReLUs to the other side and some maxima to a neighbour: in networks as small as these each is
// seen.
#define COSINE 0.99

static double dot(const double *x, const double *y, ptrdiff_t count)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
    return sum;
}

static void check_near_in_l2(const char *what, const double *got, const double *want, ptrdiff_t count)
{
    double off = 0, all = dot(want, want, count);
    for (ptrdiff_t i = 0; i < count; i++) off += (got[i] - want[i]) * (got[i] - want[i]);
    if (!(sqrt(off) <= OUTPUT_L2 * sqrt(all))) fail_msg("%s: off by %.3g in L2", what, sqrt(off / all));
}

static void check_output(const pair *p, const char *what, const network *own, const network *exact, const rb_feed *feed)
{
    network_loss(own, feed);
    network_loss(exact, feed);
    check_near_in_l2(rb_text_format(p->arena, "%s, %s", p->name, what), peek(own, feed->n), peek(exact, feed->n),
                     feed->n * size_of(p->kept->shape));
}

// The mean over all gradients that are not 0 but for rounding.
static void check_direction(const pair *p)
{
    double cosine = 0, largest = 0;
    int count = 0;
    for (int i = 0; i < p->graph->node_count; i++) largest = fmax(largest, largest_gradient(p, p->graph->nodes[i]));
    for (int i = 0; i < p->graph->param_count; i++) {
        const rb_param *q = p->graph->params[i];
        if (!learns(q)) continue;
        const double *got = network_get(&p->own.train, q, RB_GRAD), *want = network_get(&p->exact.train, q, RB_GRAD);
        if (largest_of(want, q->count) < 1e-6 * largest) continue;
        double c = dot(got, want, q->count) / sqrt(dot(got, got, q->count) * dot(want, want, q->count));
        cosine += c;
        count++;
    }
    if (!(cosine >= COSINE * count)) fail_msg("%s: gradients have a cosine of %.4f", p->name, cosine / count);
}

static void try(void **state)
{
    const trial *t = *state;
    rb_arena *a = rb_arena_open();
    const rb_node *kept;
    const rb_graph *g = build(a, t, &kept);
    pair p = pair_open_in(a, t->name, &rb_backend_onednn, RB_BF16, g, t->batch, kept);
    share(&p, RB_VALUE, any_param);
    rb_feed feed = {.n = t->batch,
                    .values = values_of(a, t, 1),
                    .targets = some_values(a, (ptrdiff_t)t->batch * g->output->shape.c, 99),
                    .scale = 1.0 / t->batch,
                    .epoch = 3,
                    .draw = 11};
    check_output(&p, "evaluation", &p.own.eval, &p.exact.eval, &feed);
    check_output(&p, "training", &p.own.train, &p.exact.train, &feed);
    network_backward(&p.own.train, false);
    network_backward(&p.exact.train, false);
    check_direction(&p);
    rb_arena_close(a);
}

static void skipped(void **state)
{
    (void)state;
    print_message("bf16: this CPU has no instructions for it\n");
    skip();
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    static struct CMUnitTest tests[TRIALS];
    bool native = rb_backend_onednn.computes(RB_BF16);
    for (int i = 0; i < TRIALS; i++) tests[i] = (struct CMUnitTest)
        {
            trials[i].name, native ?
            try : skipped, NULL, NULL,
                (void *)&trials[i]
        };
    return _cmocka_run_group_tests("bf16", tests, TRIALS, NULL, NULL);
}
