// SPDX-License-Identifier: Apache-2.0
// gate.c - planes times a factor: with f = 1 / (1 + exp(-s)) of each picture and channel,
//
//     y = x f,  dx = dy f,  ds = f (1 - f) sum over h w of dy x
#include "backend/ref/ref.h"

#include <math.h>

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    ptrdiff_t area = rb_ref_area(s->node->shape), planes = rb_ref_count(p, s) / area;
    for (ptrdiff_t k = 0; k < planes; k++) {
        double factor = 1 / (1 + exp(-s->x[1][k]));
        for (ptrdiff_t i = k * area; i < (k + 1) * area; i++) s->y[i] = s->x[0][i] * factor;
    }
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    ptrdiff_t area = rb_ref_area(s->node->shape), planes = rb_ref_count(p, s) / area;
    for (ptrdiff_t k = 0; k < planes; k++) {
        double factor = 1 / (1 + exp(-s->x[1][k])), sum = 0;
        for (ptrdiff_t i = k * area; i < (k + 1) * area; i++) {
            sum += s->dy[i] * s->x[0][i];
            s->dx[0][i] += s->dy[i] * factor;
        }
        s->dx[1][k] += factor * (1 - factor) * sum;
    }
}

const rb_ref_op rb_ref_gate = {&rb_op_gate, forward, backward};
