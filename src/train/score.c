// SPDX-License-Identifier: Apache-2.0
#include "train/score.h"

#include "base/stop.h"

#include <math.h>

bool rb_scorer_open(rb_arena *a, const rb_network *n, const rb_dataset *data, rb_loader *loader, rb_scorer *out,
                    rb_error *err)
{
    int batch = n->store->spec.batch;
    rb_plan_spec spec = rb_network_plan_spec(n, RB_EVALUATE, batch);
    *out = (rb_scorer){.network = n, .data = data, .loader = loader};
    out->logits = RB_NEW(a, double, (ptrdiff_t)batch * n->graph->output->shape.c);
    return n->backend->plan(a, n->store, &spec, &out->plan, err);
}

// A probability of NaN would be below every threshold, and look like a judgement.
static bool are_finite(const rb_scorer *s, const rb_judged *j, rb_error *err)
{
    for (int k = 0; k < s->network->graph->output->shape.c && !j->reason; k++)
        if (!isfinite(j->logits[k]))
            return rb_fail(err, RB_ERR_NUMERIC,
                           "the network's answer to %s is not a finite number; train it with a lower lr",
                           s->data->samples[j->sample].path);
    return true;
}

static bool judge_batch(const rb_scorer *s, const rb_batch *b, void (*each)(void *, const rb_judged *), void *context,
                        rb_error *err)
{
    const rb_backend *backend = s->network->backend;
    int k = s->network->graph->output->shape.c;
    rb_feed feed = {.n = b->n, .pixels = b->pixels};
    if (!backend->forward(s->plan, &feed, err) || !backend->read(s->plan, NULL, s->logits, err)) return false;
    for (int i = 0; i < b->n; i++) {
        rb_judged j = {(int)b->first_draw + i, b->sample[i], s->logits + i * k, b->reason[i]};
        if (!are_finite(s, &j, err)) return false;
        each(context, &j);
    }
    return true;
}

bool rb_scorer_run(const rb_scorer *s, const int *order, int count, void (*each)(void *context, const rb_judged *j),
                   void *context, rb_error *err)
{
    rb_loader_begin(s->loader, &(rb_pass){.order = order, .count = count});
    for (;;) {
        const rb_batch *batch;
        if (!rb_loader_next(s->loader, &batch, err)) return false;
        if (!batch) return true;
        if (rb_stop_asked()) return rb_fail(err, RB_ERR_STOPPED, "stopped by %s", rb_stop_asked());
        if (!judge_batch(s, batch, each, context, err)) return false;
    }
}

float rb_probability(double logit)
{
    return (float)rb_sigmoid(logit);
}

bool rb_probability_print(rb_writer *w, float p, rb_error *err)
{
    return isnan(p) ? rb_writer_print(w, err, "nan\n") : rb_writer_print(w, err, "%.9g\n", (double)p);
}

bool rb_probabilities_write(rb_arena *scratch, const char *path, const float *p, int count, rb_error *err)
{
    rb_writer *w;
    if (!rb_writer_open(scratch, path, &w, err)) return false;
    for (int i = 0; i < count; i++)
        if (!rb_probability_print(w, p[i], err)) return false;
    return rb_writer_commit(w, err);
}

// ---- labelled pictures ----------------------------------------------------------------------------------------------

typedef struct collector {
    rb_arena *arena;
    const rb_dataset *data;
    const rb_loss *loss;
    const void *loss_cfg;
    rb_part_scores *out;
    double *score;
    int *label;
    int k;
    double *target, *gradient; // [k] of one picture
    double mass;               // what the losses summed so far count for
} collector;

static void collect(void *context, const rb_judged *j)
{
    collector *c = context;
    c->out->probability[j->draw] = NAN;
    if (j->reason) {
        c->out->reason[j->draw] = rb_text_copy(c->arena, j->reason);
        return;
    }
    rb_label_target(c->data->samples[j->sample].label, c->k, c->target);
    float p = rb_probability(j->logits[0]);
    c->out->probability[j->draw] = p;
    double weight = c->loss->weight ? c->loss->weight(c->loss_cfg, c->target, c->k) : 1;
    c->out->loss += c->loss->row(c->loss_cfg, j->logits, c->target, c->k, c->gradient);
    c->mass += weight;
    c->score[c->out->readable.n] = (double)p;
    c->label[c->out->readable.n++] = c->data->samples[j->sample].label;
}

bool rb_score_part(rb_arena *a, const rb_scorer *s, rb_indices which, const rb_loss *loss, const void *loss_cfg,
                   rb_part_scores *out, rb_error *err)
{
    *out = (rb_part_scores){
        .which = which, .probability = RB_NEW(a, float, which.count), .reason = RB_NEW(a, const char *, which.count)};
    int k = s->network->graph->output->shape.c;
    collector c = {.arena = a,
                   .data = s->data,
                   .loss = loss,
                   .loss_cfg = loss_cfg,
                   .out = out,
                   .score = RB_NEW(a, double, which.count),
                   .label = RB_NEW(a, int, which.count),
                   .k = k,
                   .target = RB_NEW(a, double, k),
                   .gradient = RB_NEW(a, double, k)};
    out->readable.score = c.score;
    out->readable.label = c.label;
    if (!rb_scorer_run(s, which.at, which.count, collect, &c, err)) return false;
    out->loss = out->readable.n ? out->loss / c.mass : (double)NAN;
    return true;
}
