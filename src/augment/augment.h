// SPDX-License-Identifier: Apache-2.0
// augment.h - random changes of training pictures, one file per transform.
//
// Names, parameters and defaults are Albumentations' 1.x. A pipeline is a tree of steps in preorder; the position of a
// step is the `op` of its random numbers, so that a draw depends on (seed, epoch, draw, op) alone. Steps that hold
// others (Sequential, OneOf, SomeOf) are rows of rb_groups; they draw numbers of their own like the rest.
#ifndef RB_AUGMENT_AUGMENT_H
#define RB_AUGMENT_AUGMENT_H

#include "augment/remap.h"
#include "base/rng.h"
#include "config/config.h"
#include "image/image.h"

typedef struct rb_augment {
    const char *name; // "HorizontalFlip"
    const char *help;
    double p; // how often it fires unless a pipeline says else
    size_t cfg_bytes;
    const rb_field *fields;
    // Whether settings make sense together; NULL if any do. `where` begins the message. Errors: USAGE
    bool (*sound)(const void *cfg, const char *where, rb_error *err);
    // A sentence about settings that do something else than most expect, or NULL; NULL if none surprise.
    const char *(*surprise)(const void *cfg);
    // Changes `image` in place, or points it at new pixels in `scratch`. Never fails, never changes h, w or c.
    void (*apply)(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image);
    // Geometric ones say where the pixels of an h x w picture come from, instead of `apply` or beside it; the context
    // lives in `scratch`.
    rb_warp (*warp)(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w);
} rb_augment;

typedef struct rb_group rb_group; // how the children of a step run

typedef struct rb_augment_step {
    const rb_augment *augment; // NULL if it holds others
    const void *cfg;
    double p;              // fires when a uniform draw is below it; 1 always, 0 never, without a draw
    const rb_group *group; // NULL for a transform
    int below;             // steps under it: the next `below` in preorder
    int n;                 // SomeOf: children to run
} rb_augment_step;

typedef struct rb_pipeline {
    const rb_augment_step *steps;
    int count;
    bool compose; // geometric steps that follow each other sample the picture once, and so blur it less
} rb_pipeline;

typedef struct rb_class_pipeline {
    const char *name; // of the class
    const char *where;
    rb_pipeline pipeline;
} rb_class_pipeline;

// The pipelines of a run, by what a class is or by its name.
typedef struct rb_augmentation {
    rb_pipeline minority, majority;
    rb_class_pipeline *classes;
    int class_count;
} rb_augmentation;

// A step as somebody wrote it.
typedef struct rb_step_row {
    const char *name;                // of a transform or a group; NULL after the last row
    const char *with;                // "p=0.7 limit=90", read as flags are; NULL: defaults
    const struct rb_step_row *steps; // children of a group
    const char *where;               // begins its error messages; NULL: as its pipeline's
} rb_step_row;

#define RB_GROUP_CHILDREN 64

// Which children run, as indices of steps, in order; all with their own p or all forced.
typedef struct rb_choice {
    int steps[RB_GROUP_CHILDREN], count;
} rb_choice;

struct rb_group {
    const char *name; // "OneOf"
    const char *help;
    double p;
    bool counts; // takes n, how many of its children run
    bool weighs; // its children's p are weights, and what is chosen is forced
    rb_choice (*choose)(const rb_pipeline *p, int at, rb_rng *random);
};

extern const rb_augment *const rb_augments[];  // NULL-ended
extern const rb_group rb_groups[];             // ended by a nameless row
extern const char *const rb_augment_presets[]; // NULL-ended: "none", "light", "original"

// Lays rows out as a pipeline. `where` begins an error message.
//
// Owner:  the pipeline lives in `a`
// Errors: USAGE (no such name, naming the nearest; what a transform refuses; p outside 0..1; a group without children,
//         with more than RB_GROUP_CHILDREN, or of weights that sum to 0; children of a transform)
bool rb_pipeline_build(rb_arena *a, const rb_step_row *rows, const char *where, rb_pipeline *out,
                       rb_error *err) RB_CHECKED;

// Owner:  the pipelines live in `a`
// Errors: USAGE (no such preset, naming the nearest)
bool rb_augmentation_preset(rb_arena *a, const char *name, const char *where, rb_augmentation *out,
                            rb_error *err) RB_CHECKED;

// What the key `augment` says; its forms are in read.c. Warns of settings that are known to surprise and of what an
// imported pipeline does otherwise here.
//
// Owner:  the pipelines live in `a`
// Errors: those of rb_pipeline_build and rb_tree_read
bool rb_augmentation_read(rb_arena *a, const rb_tree *value, bool compose, rb_augmentation *out,
                          rb_error *err) RB_CHECKED;

// One line of YAML with every step and parameter, that reads back the same.
const char *rb_augmentation_text(rb_arena *a, const rb_augmentation *augmentation);

// The pipeline of each of `count` classes, by label: its own if it has one.
//
// Owner:  the pipelines live in `a`
// Errors: USAGE (steps for a class that there is not, naming the nearest)
bool rb_augmentation_by_label(rb_arena *a, const rb_augmentation *augmentation, const char *const *names,
                              const bool *minority, int count, const rb_pipeline **out, rb_error *err) RB_CHECKED;

// Runs a pipeline for one draw of one epoch.
void rb_pipeline_run(const rb_pipeline *p, uint32_t seed, uint32_t draw, uint32_t epoch, rb_arena *scratch,
                     rb_image *image);

#endif
