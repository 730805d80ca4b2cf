// SPDX-License-Identifier: Apache-2.0
// input.c - pixels to values: (p / 255 - mean) / std, [n h w c] bytes -> [n c h w]; or values as they are.
#include "backend/ref/ref.h"

static void normalise(const rb_ref_plan *p, const rb_ref_step *s)
{
    rb_shape shape = s->node->shape;
    ptrdiff_t area = rb_ref_area(shape);
    double *y = s->y;
    for (int i = 0; i < p->feed.n; i++) {
        const uint8_t *pixels = p->feed.pixels + i * rb_ref_size(shape);
        for (int c = 0; c < shape.c; c++)
            for (ptrdiff_t k = 0; k < area; k++)
                *y++ = (pixels[k * shape.c + c] / 255.0 - p->base.spec.mean[c]) / p->base.spec.std[c];
    }
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    if (p->feed.pixels) {
        normalise(p, s);
        return;
    }
    for (ptrdiff_t i = 0; i < rb_ref_count(p, s); i++) s->y[i] = p->feed.values[i];
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    (void)p, (void)s; // pictures do not learn
}

const rb_ref_op rb_ref_input = {&rb_op_input, forward, backward};
