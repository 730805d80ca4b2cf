// SPDX-License-Identifier: Apache-2.0
// relu.c - max(x, 0). A NaN stays one; the gradient at 0 is 0.
#include "backend/ref/ref.h"

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->y[i] = s->x[0][i] < 0 ? 0 : s->x[0][i];
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->dx[0][i] += s->x[0][i] <= 0 ? 0 : s->dy[i];
}

const rb_ref_op rb_ref_relu = {&rb_op_relu, forward, backward};
