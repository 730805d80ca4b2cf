// SPDX-License-Identifier: Apache-2.0
// mean_pool.c - the mean over h and w.
#include "backend/ref/ref.h"

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    ptrdiff_t area = rb_ref_area(s->node->input[0]->shape);
    for (ptrdiff_t k = 0; k < rb_ref_count(p, s); k++) {
        double sum = 0;
        for (ptrdiff_t i = k * area; i < (k + 1) * area; i++) sum += s->x[0][i];
        s->y[k] = sum / (double)area;
    }
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    ptrdiff_t area = rb_ref_area(s->node->input[0]->shape);
    for (ptrdiff_t k = 0; k < rb_ref_count(p, s); k++)
        for (ptrdiff_t i = k * area; i < (k + 1) * area; i++) s->dx[0][i] += s->dy[k] / (double)area;
}

const rb_ref_op rb_ref_mean_pool = {&rb_op_mean_pool, forward, backward};
