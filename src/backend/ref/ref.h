// SPDX-License-Identifier: Apache-2.0
// ref.h - the inside of the ref backend: plain loops over doubles, the oracle of every other backend.
//
// Every tensor is stored as double. At fp32 what an op has written is rounded to float before anybody reads it: values
// are stored as float32, sums run in double, and the code is that of fp64.
//
// Forward leaves nothing behind but its output. Backward finds the rest again from the inputs: batch statistics, the
// place of a maximum, a dropout mask.
#ifndef RB_BACKEND_REF_REF_H
#define RB_BACKEND_REF_REF_H

#include "backend/backend.h"

typedef struct rb_ref_store {
    rb_store base;
    double **tensor[RB_SLOTS]; // [slot][parameter's id]; NULL where a parameter has no such tensor
} rb_ref_store;

typedef struct rb_ref_op rb_ref_op;

// A node at work in a plan, with its tensors at hand: [n c h w] without gaps. A `d` in front: the gradient of the loss;
// NULL in an evaluation plan.
typedef struct rb_ref_step {
    const rb_ref_op *op;
    const rb_node *node;
    const double *x[RB_MAX_INPUTS];
    double *y, *dy;
    double *dx[RB_MAX_INPUTS];
    double *param[RB_MAX_PARAMS], *dparam[RB_MAX_PARAMS];
} rb_ref_step;

typedef struct rb_ref_plan {
    rb_plan base;
    rb_ref_store *store;
    rb_ref_step *step; // one a node, in the graph's order
    int step_count;
    const bool *learning; // by node: backward reaches it
    rb_feed feed;         // of the last forward; its pointers are good during forward only
    double loss;          // of the last forward
    double *logit_grad;   // d loss / d logits [batch k]
    double *target;       // of one row [k]
} rb_ref_plan;

struct rb_ref_op {
    const rb_op *op;
    void (*forward)(const rb_ref_plan *p, const rb_ref_step *s);  // writes y for the rows of the feed
    void (*backward)(const rb_ref_plan *p, const rb_ref_step *s); // adds to dx and dparam; reads x, y, param and dy
};

static inline ptrdiff_t rb_ref_area(rb_shape s)
{
    return (ptrdiff_t)s.h * s.w;
}

static inline ptrdiff_t rb_ref_size(rb_shape s)
{
    return s.c * rb_ref_area(s);
}

// Values of a step's output in the rows of the feed.
static inline ptrdiff_t rb_ref_count(const rb_ref_plan *p, const rb_ref_step *s)
{
    return p->feed.n * rb_ref_size(s->node->shape);
}

// Rounds what was written to what the store's precision keeps.
void rb_ref_round(const rb_ref_store *s, double *x, ptrdiff_t count);

// ---- store.c -------------------------------------------------------------------------------------------------------

bool rb_ref_store_open(rb_arena *a, const rb_graph *g, const rb_store_spec *spec, rb_store **out, rb_error *err);
void rb_ref_store_put(rb_store *s, const rb_param *p, rb_slot slot, const float *src);
void rb_ref_store_get(rb_store *s, const rb_param *p, rb_slot slot, double *dst);
bool rb_ref_store_update(rb_store *s, const rb_update *u, rb_error *err);

#endif
