// SPDX-License-Identifier: Apache-2.0
// comet_items.h - what Comet gets of a finished run beside numbers; private to the track module. The sender and the
// offline archive go through the same list.
//
// Source: forms of the assets: comet-ml/cometr (confusion matrix), comet-ml/comet-java-sdk CurveData (curves)
#ifndef RB_TRACK_COMET_ITEMS_H
#define RB_TRACK_COMET_ITEMS_H

#include "base/arena.h"

typedef struct rb_comet_item {
    const char *type;     // confusion-matrix, curve, asset, model-element
    const char *name;     // file name there
    const char *grouping; // of a model-element: the model's name; else NULL
    rb_bytes text;        // what it holds; data NULL: the file at `path`
    const char *path;
} rb_comet_item;

// The i-th item; `more` is false behind the last. One that this run does not have has no type.
//
// Errors: IO, DATA: files of the run folder cannot be read
bool rb_comet_item_at(rb_arena *a, const char *folder, int i, rb_comet_item *out, bool *more, rb_error *err) RB_CHECKED;

#endif
