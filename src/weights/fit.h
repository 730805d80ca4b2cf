// SPDX-License-Identifier: Apache-2.0
// fit.h - weights that somebody else trained, perhaps for other classes, as the beginning of a network of ours.
#ifndef RB_WEIGHTS_FIT_H
#define RB_WEIGHTS_FIT_H

#include "graph/graph.h"
#include "weights/weights.h"

typedef struct rb_fit {
    const rb_tensor **match; // by parameter id; NULL: the parameter keeps what it has
    int backbone;            // parameters and statistics of the backbone, all of them matched
    const char *fresh_head;  // why the file's head is not taken; NULL: it is
    const rb_param *grey;    // whose kernels are to be summed over the file's three colours; NULL: none
    int beside;              // tensors of the file that are no part of the network, as a loss's
    const char *beside_name; // one of them
} rb_fit;

// Finds the tensor of each parameter. The backbone, all before parameter `head_from`, must be in the file whole, and
// nothing else under the names of its modules; the head is taken if it fits.
//
// Owner:  lists and texts live in `a`
// Errors: WEIGHTS, naming a backbone tensor that is missing, too many or of another shape, with the shapes
bool rb_tensors_fit(rb_arena *a, const rb_tensors *t, const rb_graph *g, int head_from, rb_fit *out,
                    rb_error *err) RB_CHECKED;

#endif
