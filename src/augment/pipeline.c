// SPDX-License-Identifier: Apache-2.0
// pipeline.c - the named pipelines, and running one.
#include "augment/augment.h"

#include <assert.h>
#include <string.h>

#define STEPS 8

// A step of a preset, its parameters at their defaults.
typedef struct preset_step {
    const char *name; // NULL after the last
    double p;
} preset_step;

typedef struct preset {
    preset_step minority[STEPS], majority[STEPS];
} preset;

const char *const rb_augment_presets[] = {"none", "light", NULL};

// In the order of the names.
static const preset presets[] = {
    {.minority = {{0}}},
    {.minority = {{"HorizontalFlip", 0.5}}, .majority = {{"HorizontalFlip", 0.5}}},
};

static const rb_augment *augment_named(const char *name)
{
    const rb_augment *const *a = rb_augments;
    while (*a && strcmp((*a)->name, name)) a++;
    assert(*a);
    return *a;
}

static const void *default_cfg(rb_arena *a, const rb_augment *augment)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)augment->cfg_bytes);
    rb_section section = {.fields = augment->fields, .values = cfg};
    rb_config_defaults(&(rb_config){&section, 1});
    return cfg;
}

static rb_pipeline build(rb_arena *a, const preset_step *from)
{
    rb_augment_step *steps = RB_NEW(a, rb_augment_step, STEPS);
    int count = 0;
    for (; count < STEPS && from[count].name; count++) {
        const rb_augment *augment = augment_named(from[count].name);
        steps[count] = (rb_augment_step){augment, default_cfg(a, augment), from[count].p};
    }
    return (rb_pipeline){steps, count};
}

bool rb_augmentation_preset(rb_arena *a, const char *name, rb_augmentation *out, rb_error *err)
{
    int i = 0;
    while (rb_augment_presets[i] && strcmp(rb_augment_presets[i], name)) i++;
    if (!rb_augment_presets[i]) {
        const char *near = rb_nearest(name, rb_augment_presets);
        return rb_fail(err, RB_ERR_USAGE, "augment: no preset '%s'%s%s%s", name, near ? "; did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
    }
    *out = (rb_augmentation){build(a, presets[i].minority), build(a, presets[i].majority)};
    return true;
}

static bool fires(double p, rb_rng *random)
{
    if (p >= 1) return true;
    return p > 0 && rb_rng_unit(random) < p;
}

void rb_pipeline_run(const rb_pipeline *p, uint32_t seed, uint32_t draw, uint32_t epoch, rb_arena *scratch,
                     rb_image *image)
{
    for (int i = 0; i < p->count; i++) {
        const rb_augment_step *step = &p->steps[i];
        rb_rng random = rb_rng_at(seed, RB_STREAM_AUGMENT, draw, epoch, (uint32_t)i);
        if (fires(step->p, &random)) step->augment->apply(step->cfg, &random, scratch, image);
    }
}
