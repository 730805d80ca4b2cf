// SPDX-License-Identifier: Apache-2.0
// augment.h - random changes of training pictures, one file per transform.
//
// Names, parameters and defaults are Albumentations'. A pipeline is a list of steps in preorder; the position of a
// step is the `op` of its random numbers, so that a draw depends on (seed, epoch, draw, op) alone.
#ifndef RB_AUGMENT_AUGMENT_H
#define RB_AUGMENT_AUGMENT_H

#include "base/rng.h"
#include "config/config.h"
#include "image/image.h"

typedef struct rb_augment {
    const char *name; // "HorizontalFlip"
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields;
    // Changes `image` in place, or points it at new pixels in `scratch`. Never fails, never changes h, w or c.
    void (*apply)(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image);
} rb_augment;

typedef struct rb_augment_step {
    const rb_augment *augment;
    const void *cfg;
    double p; // fires when a uniform draw is below it; 1 always, 0 never, without a draw
} rb_augment_step;

typedef struct rb_pipeline {
    const rb_augment_step *steps;
    int count;
} rb_pipeline;

// The pipelines of a run, by what the class is.
typedef struct rb_augmentation {
    rb_pipeline minority, majority;
} rb_augmentation;

extern const rb_augment *const rb_augments[];  // NULL-ended
extern const char *const rb_augment_presets[]; // NULL-ended: "none", "light"

// Owner:  the pipelines live in `a`
// Errors: USAGE (no such preset, naming the nearest)
bool rb_augmentation_preset(rb_arena *a, const char *name, rb_augmentation *out, rb_error *err) RB_CHECKED;

// Runs a pipeline for one draw of one epoch.
void rb_pipeline_run(const rb_pipeline *p, uint32_t seed, uint32_t draw, uint32_t epoch, rb_arena *scratch,
                     rb_image *image);

#endif
