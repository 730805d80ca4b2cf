// SPDX-License-Identifier: Apache-2.0
// sheet.h - a contact sheet of augmentation.
#ifndef RB_CLI_PART_SHEET_H
#define RB_CLI_PART_SHEET_H

#include "augment/augment.h"

// Pictures of one class, and what training does to them.
typedef struct rb_sheet_class {
    const char *title;
    rb_pipeline pipeline;
    const rb_image *pictures; // all of one size
    int count;
} rb_sheet_class;

// One block a class, below each other: a row for each picture, columns for the picture as it is, for each transform of
// the class by itself and always, and for the whole pipeline.
//
// Owner: the pixels live in `a`
rb_image rb_sheet(rb_arena *a, const rb_sheet_class *classes, int count, uint32_t seed);

// The transform `step` alone, and always.
rb_pipeline rb_sheet_alone(rb_arena *a, const rb_augment_step *step);

#endif
