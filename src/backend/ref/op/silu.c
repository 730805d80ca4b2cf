// SPDX-License-Identifier: Apache-2.0
// silu.c - y = x s, s = 1 / (1 + exp(-x));  dx = dy s (1 + x (1 - s)).
#include "backend/ref/ref.h"

#include <math.h>

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->y[i] = s->x[0][i] / (1 + exp(-s->x[0][i]));
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) {
        double x = s->x[0][i], sigmoid = 1 / (1 + exp(-x));
        s->dx[0][i] += s->dy[i] * sigmoid * (1 + x * (1 - sigmoid));
    }
}

const rb_ref_op rb_ref_silu = {&rb_op_silu, forward, backward};
