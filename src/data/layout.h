// SPDX-License-Identifier: Apache-2.0
// layout.h - the layouts that labelled pictures come in, one file each; private to the data module.
//
// Errors: as rb_dataset_open
#ifndef RB_DATA_LAYOUT_H
#define RB_DATA_LAYOUT_H

#include "base/file.h"
#include "data/data.h"

bool rb_layout_original(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err) RB_CHECKED;
bool rb_layout_folders(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err) RB_CHECKED;
bool rb_layout_manifest(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err) RB_CHECKED;

// The names in a folder that end in .jpg, .jpeg or .png, in any case, and are not hidden, in bytewise order.
// `others` (may be NULL) counts the rest. None at all is no error.
bool rb_pictures_list(rb_arena *a, const char *folder, rb_names *out, int *others, rb_error *err) RB_CHECKED;

// An unlabelled sample without a part: "<root>/<name>".
rb_sample rb_sample_new(rb_arena *a, const char *root, const char *name);

// Labels for the classes of `names` (in alphabetical order): label[i] is that of names[i]. `positive` is label 1; where
// it is NULL the alphabet decides. `where` begins error messages.
bool rb_classes_label(rb_arena *a, const char *where, rb_names names, const char *positive, rb_dataset *out, int *label,
                      rb_error *err) RB_CHECKED;

// Where labels are numbers, label 1 is the positive class: fails if positive_class says anything else.
bool rb_classes_fixed(const rb_data_settings *s, const char *where, rb_error *err) RB_CHECKED;

#endif
