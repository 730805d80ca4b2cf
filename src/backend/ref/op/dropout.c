// SPDX-License-Identifier: Apache-2.0
// dropout.c - training: zero with probability p, else x / (1 - p); evaluation: x.
//
// The mask is a function of where it is used, and the rule below binds every backend: value j (in [c h w] order) of row
// i of a batch is dropped when word j of the sequence
//
//     rb_rng_at(seed, RB_STREAM_DROPOUT, draw + i, epoch, id of the node), as a number in [0, 1), is below p.
//
// draw and epoch are the feed's, seed the plan's.
#include "backend/ref/ref.h"

#include "base/rng.h"

#include <string.h>

// to += factor * from, where factor is 0 or 1 / (1 - p); 1 at evaluation
static void add_masked(const rb_ref_plan *p, const rb_ref_step *s, const double *from, double *to)
{
    double drop = p->base.spec.mode == RB_TRAIN ? ((const rb_drop *)s->node->attr)->p : 0;
    ptrdiff_t size = rb_ref_size(s->node->shape);
    for (int row = 0; row < p->feed.n; row++) {
        rb_rng random = rb_rng_at(p->base.spec.seed, RB_STREAM_DROPOUT, p->feed.draw + (uint32_t)row, p->feed.epoch,
                                  (uint32_t)s->node->id);
        for (ptrdiff_t i = row * size; i < (row + 1) * size; i++)
            to[i] += rb_rng_unit(&random) < drop ? 0 : from[i] / (1 - drop);
    }
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    memset(s->y, 0, (size_t)rb_ref_count(p, s) * sizeof *s->y);
    add_masked(p, s, s->x[0], s->y);
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    add_masked(p, s, s->dy, s->dx[0]);
}

const rb_ref_op rb_ref_dropout = {&rb_op_dropout, forward, backward};
