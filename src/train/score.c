// SPDX-License-Identifier: Apache-2.0
#include "train/score.h"

#include "base/stop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool rb_scorer_open(rb_arena *a, const rb_network *n, int batch, const rb_dataset *data, rb_loader *loader,
                    rb_scorer *out, rb_error *err)
{
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

bool rb_scorer_batch(const rb_scorer *s, const rb_batch *b, void (*each)(void *context, const rb_judged *j),
                     void *context, rb_error *err)
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
        if (!rb_scorer_batch(s, batch, each, context, err)) return false;
    }
}

static void take_columns(const double *logits, int k, double *z)
{
    if (k == 2)
        *z = logits[1] - logits[0];
    else
        memcpy(z, logits, (size_t)k * sizeof *z);
}

void rb_probabilities_of(const rb_calibration *c, const double *logits, int k, float *p)
{
    double z[RB_CLASSES_MOST], said[RB_CLASSES_MOST];
    take_columns(logits, k, z);
    rb_calibrate(c, z, said);
    for (int i = 0; i < c->k; i++) p[i] = (float)said[i];
}

bool rb_probabilities_print(rb_writer *w, const float *p, int columns, rb_error *err)
{
    for (int c = 0; c < columns; c++) {
        char number[32] = "nan";
        if (!isnan(p[c])) snprintf(number, sizeof number, "%.9g", (double)p[c]);
        if (!rb_writer_print(w, err, "%s%s", c ? " " : "", number)) return false;
    }
    return rb_writer_print(w, err, "\n");
}

bool rb_probabilities_write(rb_arena *scratch, const char *path, const float *p, int columns, int count, rb_error *err)
{
    rb_writer *w;
    if (!rb_writer_open(scratch, path, &w, err)) return false;
    for (int i = 0; i < count; i++)
        if (!rb_probabilities_print(w, p + (ptrdiff_t)i * columns, columns, err)) return false;
    return rb_writer_commit(w, err);
}

// ---- labelled pictures ----------------------------------------------------------------------------------------------

typedef struct collector {
    rb_arena *arena;
    const rb_dataset *data;
    const rb_loss *loss;
    const void *loss_cfg;
    rb_part_scores *out;
    double *z; // [readable columns]
    int *label;
    int k;
    double *target, *gradient; // [k] of one picture
    double mass;               // what the losses summed so far count for
} collector;

static void add_loss(collector *c, const rb_judged *j)
{
    const rb_loss *l = c->loss;
    rb_label_target(c->data->samples[j->sample].label, c->k, c->target);
    c->out->loss += l->row(c->loss_cfg, j->logits, c->target, c->k, c->gradient);
    c->mass += l->weight ? l->weight(c->loss_cfg, c->target, c->k) : 1;
}

static void collect(void *context, const rb_judged *j)
{
    collector *c = context;
    if (j->reason) {
        c->out->reason[j->draw] = rb_text_copy(c->arena, j->reason);
        return;
    }
    take_columns(j->logits, c->k, c->z + (ptrdiff_t)c->out->logits.n * c->out->columns);
    c->label[c->out->logits.n++] = c->data->samples[j->sample].label;
    if (c->loss) add_loss(c, j);
}

void rb_part_calibrate(rb_arena *a, const rb_calibration *c, rb_part_scores *s)
{
    int columns = s->columns, read = 0;
    double *score = RB_NEW(a, double, (ptrdiff_t)s->which.count *columns);
    s->probability = RB_NEW(a, float, (ptrdiff_t)s->which.count *columns);
    for (int i = 0; i < s->which.count; i++) {
        float *p = s->probability + (ptrdiff_t)i * columns;
        ptrdiff_t row = (ptrdiff_t)read * columns;
        if (!s->reason[i]) rb_probabilities_of(c, s->logits.z + row, columns, p);
        for (int k = 0; k < columns && s->reason[i]; k++) p[k] = NAN;
        for (int k = 0; k < columns && !s->reason[i]; k++) score[row + k] = (double)p[k];
        read += !s->reason[i];
    }
    s->readable = (rb_outputs){.p = score, .label = s->logits.label, .n = read, .columns = columns};
}

bool rb_score_part(rb_arena *a, const rb_scorer *s, rb_indices which, const rb_loss *loss, const void *loss_cfg,
                   rb_part_scores *out, rb_error *err)
{
    int k = s->network->graph->output->shape.c, columns = rb_columns_of(k);
    *out = (rb_part_scores){.which = which, .columns = columns, .reason = RB_NEW(a, const char *, which.count)};
    collector c = {.arena = a,
                   .data = s->data,
                   .loss = loss,
                   .loss_cfg = loss_cfg,
                   .out = out,
                   .z = RB_NEW(a, double, (ptrdiff_t)which.count *columns),
                   .label = RB_NEW(a, int, which.count),
                   .k = k,
                   .target = RB_NEW(a, double, k),
                   .gradient = RB_NEW(a, double, k)};
    out->logits = (rb_logits){.z = c.z, .label = c.label, .k = columns};
    if (!rb_scorer_run(s, which.at, which.count, collect, &c, err)) return false;
    rb_part_calibrate(a, &s->network->calibration, out);
    out->loss = c.mass > 0 ? out->loss / c.mass : (double)NAN;
    return true;
}

const char **rb_part_groups(rb_arena *a, const rb_dataset *data, const rb_part_scores *s)
{
    const char **group = RB_NEW(a, const char *, s->which.count);
    int kept = 0;
    for (int i = 0; i < s->which.count; i++)
        if (!s->reason[i]) group[kept++] = data->samples[s->which.at[i]].group;
    return group;
}

static rb_part_scores without(rb_arena *a, const rb_part_scores *s, const char *const *also)
{
    int columns = s->columns, row = 0, kept = 0;
    size_t bytes = (size_t)columns * sizeof(double);
    rb_part_scores out = *s;
    double *z = RB_NEW(a, double, (ptrdiff_t)s->readable.n *columns);
    double *p = RB_NEW(a, double, (ptrdiff_t)s->readable.n *columns);
    int *label = RB_NEW(a, int, s->readable.n);
    out.reason = RB_NEW(a, const char *, s->which.count);
    for (int i = 0; i < s->which.count; i++) {
        out.reason[i] = s->reason[i] ? s->reason[i] : also[i];
        for (int c = 0; c < columns && out.reason[i]; c++) out.probability[(ptrdiff_t)i * columns + c] = NAN;
        if (s->reason[i]) continue;
        ptrdiff_t from = (ptrdiff_t)row * columns, to = (ptrdiff_t)kept * columns;
        if (!also[i]) {
            memcpy(z + to, s->logits.z + from, bytes);
            memcpy(p + to, s->readable.p + from, bytes);
            label[kept++] = s->readable.label[row];
        }
        row++;
    }
    out.logits = (rb_logits){z, label, kept, columns};
    out.readable = (rb_outputs){p, label, kept, columns};
    return out;
}

void rb_part_scores_pair(rb_arena *a, rb_part_scores *one, rb_part_scores *other)
{
    const char **first = one->reason;
    *one = without(a, one, other->reason);
    *other = without(a, other, first);
}
