// SPDX-License-Identifier: Apache-2.0
// dense.c - y = W x + b, row by row.
#include "backend/ref/ref.h"

enum { WEIGHT, BIAS };

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    int units = s->node->shape.c, width = s->node->input[0]->shape.c;
    for (int n = 0; n < p->feed.n; n++) {
        const double *x = s->x[0] + (ptrdiff_t)n * width, *w = s->param[WEIGHT];
        double *y = s->y + (ptrdiff_t)n * units;
        for (int u = 0; u < units; u++, w += width) {
            y[u] = s->param[BIAS][u];
            for (int i = 0; i < width; i++) y[u] += w[i] * x[i];
        }
    }
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    int units = s->node->shape.c, width = s->node->input[0]->shape.c;
    for (int n = 0; n < p->feed.n; n++) {
        const double *x = s->x[0] + (ptrdiff_t)n * width, *w = s->param[WEIGHT], *dy = s->dy + (ptrdiff_t)n * units;
        double *dx = s->dx[0] + (ptrdiff_t)n * width, *dw = s->dparam[WEIGHT];
        for (int u = 0; u < units; u++, w += width, dw += width) {
            s->dparam[BIAS][u] += dy[u];
            for (int i = 0; i < width; i++) {
                dw[i] += dy[u] * x[i];
                dx[i] += dy[u] * w[i];
            }
        }
    }
}

const rb_ref_op rb_ref_dense = {&rb_op_dense, forward, backward};
