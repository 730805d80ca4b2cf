// SPDX-License-Identifier: Apache-2.0
// pipeline.c - running a pipeline, and the groups that steps can form.
//
// A chosen child of OneOf or SomeOf is forced: its p was its weight, so that it fires without a draw.
//
// Source: Albumentations 1.3, core/composition.py; SomeOf draws without replacement (the default of 2.x), since a child
//         that ran twice would have the same numbers twice
#include "augment/augment.h"
#include "augment/compose.h"

#include <assert.h>

// ---- groups --------------------------------------------------------------------------------------------------------

static int next_sibling(const rb_pipeline *p, int at)
{
    return at + 1 + p->steps[at].below;
}

static rb_choice every_child(const rb_pipeline *p, int at, rb_rng *random)
{
    (void)random;
    rb_choice c = {.count = 0};
    for (int i = at + 1; i < next_sibling(p, at); i = next_sibling(p, i)) {
        assert(c.count < RB_GROUP_CHILDREN);
        c.steps[c.count++] = i;
    }
    return c;
}

// Moves one child from `left` to the end of `to`, with the chance p_i / sum p. False if none has a chance.
static bool draw_one(const rb_pipeline *p, rb_choice *left, rb_rng *random, rb_choice *to)
{
    double sum = 0;
    for (int i = 0; i < left->count; i++) sum += p->steps[left->steps[i]].p;
    if (!(sum > 0)) return false;
    double u = rb_rng_unit(random) * sum;
    int chosen = 0;
    for (int i = 0; i < left->count; i++) {
        double weight = p->steps[left->steps[i]].p;
        if (!(weight > 0)) continue;
        chosen = i; // the last one that could be, should rounding leave u at the sum
        if (u < weight) break;
        u -= weight;
    }
    to->steps[to->count++] = left->steps[chosen];
    for (int i = chosen + 1; i < left->count; i++) left->steps[i - 1] = left->steps[i];
    left->count--;
    return true;
}

static rb_choice draw_children(const rb_pipeline *p, int at, int n, rb_rng *random)
{
    rb_choice left = every_child(p, at, random), chosen = {.count = 0};
    while (chosen.count < n && draw_one(p, &left, random, &chosen)) continue;
    return chosen;
}

static rb_choice one_child(const rb_pipeline *p, int at, rb_rng *random)
{
    return draw_children(p, at, 1, random);
}

static rb_choice some_children(const rb_pipeline *p, int at, rb_rng *random)
{
    return draw_children(p, at, p->steps[at].n, random);
}

const rb_group rb_groups[] = {
    {"Compose", "its steps in order, each by its own p", 1, false, false, every_child},
    {"Sequential", "all of its steps in order or none, each by its own p", 0.5, false, false, every_child},
    {"OneOf", "one of its steps, by weight p", 0.5, false, true, one_child},
    {"SomeOf", "n different ones of its steps, by weight p", 1, true, true, some_children},
    {0},
};

// ---- transforms, one by one or composed ----------------------------------------------------------------------------

// Geometric steps that wait for each other, where they are composed.
typedef struct waiting {
    int count;
    const rb_augment_step *first; // which has not drawn its parameters
    rb_rng random;
    rb_warp warp; // of all, once there are two
} waiting;

typedef struct run {
    const rb_pipeline *pipeline;
    uint32_t seed, draw, epoch;
    rb_arena *scratch;
    rb_image *image;
    waiting waiting;
} run;

static rb_warp warp_of(const run *r, const rb_augment_step *step, rb_rng *random)
{
    return step->augment->warp(step->cfg, random, r->scratch, r->image->h, r->image->w);
}

static void run_alone(const run *r, const rb_augment_step *step, rb_rng *random)
{
    if (step->augment->apply)
        step->augment->apply(step->cfg, random, r->scratch, r->image);
    else
        rb_remap(r->scratch, r->image, warp_of(r, step, random));
}

// A step that waited alone runs as if nothing were composed: a flip moves pixels.
static void settle(run *r)
{
    waiting *w = &r->waiting;
    if (w->count == 1) run_alone(r, w->first, &w->random);
    if (w->count > 1) rb_remap(r->scratch, r->image, w->warp);
    w->count = 0;
}

static void wait_for_more(run *r, const rb_augment_step *step, rb_rng *random)
{
    waiting *w = &r->waiting;
    if (!w->count++) {
        w->first = step;
        w->random = *random;
        return;
    }
    rb_warp before = w->count == 2 ? warp_of(r, w->first, &w->random) : w->warp;
    w->warp = rb_compose(r->scratch, before, warp_of(r, step, random), r->image->h, r->image->w);
}

static void run_transform(run *r, const rb_augment_step *step, rb_rng *random)
{
    if (r->pipeline->compose && step->augment->warp) {
        wait_for_more(r, step, random);
        return;
    }
    settle(r);
    run_alone(r, step, random);
}

// ---- steps ---------------------------------------------------------------------------------------------------------

static bool fires(double p, rb_rng *random)
{
    if (p >= 1) return true;
    return p > 0 && rb_rng_unit(random) < p;
}

static void run_step(run *r, int at, bool forced)
{
    const rb_augment_step *step = &r->pipeline->steps[at];
    rb_rng random = rb_rng_at(r->seed, RB_STREAM_AUGMENT, r->draw, r->epoch, (uint32_t)at);
    if (!forced && !fires(step->p, &random)) return;
    if (!step->group) {
        run_transform(r, step, &random);
        return;
    }
    rb_choice chosen = step->group->choose(r->pipeline, at, &random);
    for (int i = 0; i < chosen.count; i++) run_step(r, chosen.steps[i], step->group->weighs);
}

void rb_pipeline_run(const rb_pipeline *p, uint32_t seed, uint32_t draw, uint32_t epoch, rb_arena *scratch,
                     rb_image *image)
{
    run r = {.pipeline = p, .seed = seed, .draw = draw, .epoch = epoch, .scratch = scratch, .image = image};
    for (int at = 0; at < p->count; at = next_sibling(p, at)) run_step(&r, at, false);
    settle(&r);
}
