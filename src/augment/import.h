// SPDX-License-Identifier: Apache-2.0
// import.h - parameters of Albumentations 1.x and 2.x that have another name, another form or no place here.
#ifndef RB_AUGMENT_IMPORT_H
#define RB_AUGMENT_IMPORT_H

#include "config/config.h"

// "Rotate" of "albumentations.augmentations.geometric.rotate.Rotate" and of "Rotate".
const char *rb_import_name(const char *full);

// Whether a step of that name has no place in a pipeline because a key of the run does it; *why says which.
bool rb_import_is_left_out(const char *name, const char **why);

// What a step's parameters are as "KEY=VALUE KEY=VALUE". Where the result differs from Albumentations' own, one
// warning says how. `params` is a mapping; "transforms" and "__class_fullname__" in it are passed over.
//
// Errors: USAGE (a value that is neither a word nor a list of words)
bool rb_import_params(rb_arena *a, const char *name, const rb_tree *params, const char **out, rb_error *err) RB_CHECKED;

#endif
