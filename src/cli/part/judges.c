// SPDX-License-Identifier: Apache-2.0
#include "cli/part/judges.h"

#include <string.h>

#define WINDOW_BATCHES 64 // the loader stands still between windows: for one batch of so many
#define WINDOW_LEAST   1024

// The picture as it is comes first.
static const struct rb_views {
    int count, orientation[4];
} views[] = {
    [RB_TTA_NONE] = {1, {1}},
    [RB_TTA_HFLIP] = {2, {1, 2}},
    [RB_TTA_FLIPS] = {4, {1, 2, 4, 3}},
};

static bool same_preprocessing(const rb_preprocessing *x, const rb_preprocessing *y)
{
    return x->image_size == y->image_size && x->channels == y->channels && !strcmp(x->interpolation, y->interpolation);
}

static int eye_of(const rb_deployed *d, int i)
{
    int first = 0;
    while (!same_preprocessing(&d[first].checkpoint.preprocessing, &d[i].checkpoint.preprocessing)) first++;
    return first;
}

static ptrdiff_t batch_bytes(const rb_deployed *d)
{
    const rb_preprocessing *p = &d->checkpoint.preprocessing;
    return (ptrdiff_t)d->settings->compute.batch_size * p->image_size * p->image_size * p->channels;
}

static bool open_scorers(rb_arena *a, rb_judges *j, rb_error *err)
{
    ptrdiff_t most = 0;
    for (int i = 0; i < j->count; i++) {
        j->eye[i] = eye_of(j->of, i);
        const rb_scorer *other = &j->scorer[j->eye[i]];
        int batch = j->of[j->eye[i]].settings->compute.batch_size;
        if (j->eye[i] == i ? !rb_deployed_scorer(a, &j->of[i], j->window, &j->scorer[i], err)
                           : !rb_scorer_open(a, &j->of[i].network, batch, j->window, other->loader, &j->scorer[i], err))
            return false;
        ptrdiff_t bytes = batch_bytes(&j->of[i]);
        if (bytes > most) most = bytes;
    }
    if (j->views->count > 1) j->turned = RB_NEW(a, uint8_t, most);
    return true;
}

bool rb_judges_open(rb_arena *a, const rb_deployed *d, int count, rb_judges *out, rb_error *err)
{
    int room = d->settings->compute.batch_size * WINDOW_BATCHES;
    if (room < WINDOW_LEAST) room = WINDOW_LEAST;
    *out = (rb_judges){.of = d,
                       .count = count,
                       .columns = rb_columns_of(d->network.graph->output->shape.c),
                       .views = &views[d->settings->output.tta],
                       .window = RB_NEW(a, rb_dataset, 1),
                       .room = room,
                       .scorer = RB_NEW(a, rb_scorer, count),
                       .eye = RB_NEW(a, int, count),
                       .order = RB_NEW(a, int, room),
                       .reason = RB_NEW(a, const char *, room),
                       .plain = RB_NEW(a, rb_sketch, 1)};
    *out->window = (rb_dataset){.samples = RB_NEW(a, rb_sample, room), .count = room};
    out->sum = RB_NEW(a, double, (ptrdiff_t)room * out->columns);
    out->mean = RB_NEW(a, float, out->columns);
    out->bare_mean = RB_NEW(a, float, out->columns);
    out->none = rb_calibration_none(a, out->columns);
    if (d->settings->output.raw) out->bare_sum = RB_NEW(a, double, (ptrdiff_t)room * out->columns);
    out->turning = rb_arena_open_within(a);
    for (int i = 0; i < room; i++) out->order[i] = i;
    return open_scorers(a, out, err);
}

// ---- views --------------------------------------------------------------------------------------------------------

static void turn(const rb_judges *j, const rb_preprocessing *p, const rb_batch *read, int orientation)
{
    ptrdiff_t bytes = (ptrdiff_t)p->image_size * p->image_size * p->channels;
    memcpy(j->turned, read->pixels, (size_t)(bytes * read->n));
    for (int i = 0; i < read->n; i++) {
        rb_image image = {j->turned + i * bytes, p->image_size, p->image_size, p->channels};
        rb_image_orient(j->turning, &image, orientation);
        memcpy(j->turned + i * bytes, image.pixels, (size_t)bytes);
        rb_arena_reset(j->turning);
    }
}

// ---- judging --------------------------------------------------------------------------------------------------------

typedef struct adding {
    rb_arena *scratch; // of the window
    rb_judges *judges;
    const rb_network *network;
    float *p;   // [columns]
    bool plain; // the first network, and the picture as it is
} adding;

static double largest(const float *p, int columns)
{
    float most = p[0];
    for (int c = 1; c < columns; c++)
        if (p[c] > most) most = p[c];
    return (double)most;
}

static void add_probabilities(const adding *to, const rb_calibration *c, const rb_judged *judged, double *sum)
{
    int columns = to->judges->columns;
    rb_probabilities_of(c, judged->logits, to->network->graph->output->shape.c, to->p);
    for (int i = 0; i < columns; i++) sum[(ptrdiff_t)judged->draw * columns + i] += (double)to->p[i];
}

static void add(void *context, const rb_judged *judged)
{
    adding *to = context;
    rb_judges *j = to->judges;
    if (judged->reason) {
        if (!j->reason[judged->draw]) j->reason[judged->draw] = rb_text_copy(to->scratch, judged->reason);
        return;
    }
    if (j->bare_sum) add_probabilities(to, &j->none, judged, j->bare_sum);
    add_probabilities(to, &to->network->calibration, judged, j->sum);
    if (to->plain) rb_sketch_add(j->plain, largest(to->p, j->columns));
}

static bool judge_view(adding *to, int i, const rb_batch *b, rb_error *err)
{
    to->network = &to->judges->of[i].network;
    return rb_scorer_batch(&to->judges->scorer[i], b, add, to, err);
}

// By all networks that see with this eye.
static bool judge_batch(adding *to, int eye, const rb_batch *read, rb_error *err)
{
    rb_judges *j = to->judges;
    rb_batch seen = *read;
    for (int view = 0; view < j->views->count; view++) {
        if (view) {
            turn(j, &j->of[eye].checkpoint.preprocessing, read, j->views->orientation[view]);
            seen.pixels = j->turned;
        }
        for (int i = eye; i < j->count; i++) {
            to->plain = i == 0 && view == 0;
            if (j->eye[i] == eye && !judge_view(to, i, &seen, err)) return false;
        }
    }
    return true;
}

static bool look(adding *to, int eye, int count, rb_error *err)
{
    rb_judges *j = to->judges;
    rb_loader *loader = j->scorer[eye].loader;
    rb_loader_begin(loader, &(rb_pass){.order = j->order, .count = count});
    for (;;) {
        const rb_batch *batch;
        if (!rb_loader_next(loader, &batch, err)) return false;
        if (!batch) return true;
        if (!judge_batch(to, eye, batch, err)) return false;
    }
}

static const float *mean_of(const rb_judges *j, const double *sum, int i, float *out)
{
    for (int c = 0; c < j->columns; c++)
        out[c] = (float)(sum[(ptrdiff_t)i * j->columns + c] / (j->count * j->views->count));
    return out;
}

static rb_finding finding_of(const rb_judges *j, int i)
{
    if (j->reason[i]) return (rb_finding){.sample = &j->window->samples[i], .reason = j->reason[i]};
    const float *p = mean_of(j, j->sum, i, j->mean);
    const float *shown = j->bare_sum ? mean_of(j, j->bare_sum, i, j->bare_mean) : p;
    return (rb_finding){&j->window->samples[i], p, shown, NULL};
}

bool rb_judges_run(rb_arena *scratch, rb_judges *j, int count,
                   bool (*each)(void *context, const rb_finding *f, rb_error *err), void *context, rb_error *err)
{
    adding to = {.scratch = scratch, .judges = j, .p = RB_NEW(scratch, float, j->columns)};
    size_t bytes = (size_t)count * (size_t)j->columns * sizeof *j->sum;
    memset(j->sum, 0, bytes);
    if (j->bare_sum) memset(j->bare_sum, 0, bytes);
    memset(j->reason, 0, (size_t)count * sizeof *j->reason);
    for (int i = 0; i < j->count; i++)
        if (j->eye[i] == i && !look(&to, i, count, err)) return false;
    for (int i = 0; i < count; i++) {
        rb_finding f = finding_of(j, i);
        if (!each(context, &f, err)) return false;
    }
    return true;
}
