// SPDX-License-Identifier: Apache-2.0
// names.h - from the names that tensors have in somebody's file to timm's, which are ours.
#ifndef RB_WEIGHTS_NAMES_H
#define RB_WEIGHTS_NAMES_H

#include "weights/weights.h"

// Takes the prefixes of wrapping modules off names ("module.", "model.", ...), one after another, and gives
// torchvision's EfficientNet timm's names. A step that would give two tensors one name is not taken.
//
// Owner: new names live in `a`; the tensors are sorted anew
void rb_names_make_plain(rb_arena *a, rb_weights *w);

// timm's name for a tensor of torchvision's EfficientNet; NULL if it has none.
//
// Source: the module trees of timm 1.0 and torchvision 0.14, whose weights give equal logits under this table
const char *rb_name_of_efficientnet(rb_arena *a, const char *torchvision);

#endif
