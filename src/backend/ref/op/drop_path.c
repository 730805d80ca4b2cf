// SPDX-License-Identifier: Apache-2.0
// drop_path.c - training: a whole picture is zero with probability p, else x / (1 - p); evaluation: x.
//
// Which pictures is a function of where they are used, and the rule below binds every backend: row i of a batch is
// dropped when the first number in [0, 1) of
//
//     rb_rng_at(seed, RB_STREAM_DROPOUT, draw + i, epoch, id of the node)
//
// is below p. Dropout draws from the same stream, but at other nodes.
#include "backend/ref/ref.h"

#include "base/rng.h"

#include <string.h>

static double factor_of(const rb_ref_plan *p, const rb_node *n, int row)
{
    double drop = ((const rb_drop *)n->attr)->p;
    if (p->base.spec.mode != RB_TRAIN) return 1;
    rb_rng random =
        rb_rng_at(p->base.spec.seed, RB_STREAM_DROPOUT, p->feed.draw + (uint32_t)row, p->feed.epoch, (uint32_t)n->id);
    return rb_rng_unit(&random) < drop ? 0 : 1 / (1 - drop);
}

// to += factor * from
static void add_scaled(const rb_ref_plan *p, const rb_ref_step *s, const double *from, double *to)
{
    ptrdiff_t size = rb_ref_size(s->node->shape);
    for (int row = 0; row < p->feed.n; row++) {
        double factor = factor_of(p, s->node, row);
        for (ptrdiff_t i = row * size; i < (row + 1) * size; i++) to[i] += factor * from[i];
    }
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    memset(s->y, 0, (size_t)rb_ref_count(p, s) * sizeof *s->y);
    add_scaled(p, s, s->x[0], s->y);
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    add_scaled(p, s, s->dy, s->dx[0]);
}

const rb_ref_op rb_ref_drop_path = {&rb_op_drop_path, forward, backward};
