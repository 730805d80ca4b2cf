// SPDX-License-Identifier: Apache-2.0
// add.c - x + y. Both may be the same node, which then gets the gradient twice.
#include "backend/ref/ref.h"

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->y[i] = s->x[0][i] + s->x[1][i];
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (int side = 0; side < 2; side++)
        for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->dx[side][i] += s->dy[i];
}

const rb_ref_op rb_ref_add = {&rb_op_add, forward, backward};
