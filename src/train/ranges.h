// SPDX-License-Identifier: Apache-2.0
// ranges.h - what int8 knows of a network's maps: by node, the magnitude up to which bytes stand for it. In a
// checkpoint each is a tensor of one float, int8.<the node's label>.
#ifndef RB_TRAIN_RANGES_H
#define RB_TRAIN_RANGES_H

#include "graph/graph.h"
#include "weights/weights.h"

// Errors: WEIGHTS (none there, or one that makes no sense)
bool rb_ranges_load(const rb_graph *g, const rb_tensors *t, float *out, rb_error *err) RB_CHECKED;

// `t`, without ranges it may have, and a tensor for each range that is not 0. Sorted by name; everything lives in `a`.
rb_tensors rb_ranges_beside(rb_arena *a, const rb_graph *g, const float *range, const rb_tensors *t);

#endif
