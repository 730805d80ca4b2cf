// SPDX-License-Identifier: Apache-2.0
// dropout.c - multiplies by a mask of 0 and 1 / (1 - p), drawn as ref/dropout.c draws it: value j of a row is word j of
// the sequence at (seed, dropout, draw of the row, epoch, node).
#include "backend/onednn/onednn.h"

#include "base/rng.h"

static void run_forward(const rb_dn_step *s, rb_dn_plan *p)
{
    double drop = ((const rb_drop *)s->node->attr)->p;
    float keep = (float)(1 / (1 - drop));
    const float *x = s->use[0]->data;
    float *mask = s->use[1]->data, *y = s->use[2]->data;
    int width = s->node->shape.c;
    for (int i = 0; i < p->base.spec.batch; i++) {
        rb_rng random = rb_rng_at(p->base.spec.seed, RB_STREAM_DROPOUT, p->feed.draw + (uint32_t)i, p->feed.epoch,
                                  (uint32_t)s->node->id);
        for (int j = i * width; j < (i + 1) * width; j++) {
            mask[j] = rb_rng_unit(&random) < drop ? 0 : keep;
            y[j] = x[j] * mask[j];
        }
    }
}

static void run_backward(const rb_dn_step *s, rb_dn_plan *p)
{
    const float *gradient = s->use[0]->data, *mask = s->use[1]->data;
    float *out = s->use[2]->data;
    ptrdiff_t count = (ptrdiff_t)p->base.spec.batch * s->node->shape.c;
    for (ptrdiff_t i = 0; i < count; i++) out[i] = gradient[i] * mask[i];
}

static void emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, void (*run)(const rb_dn_step *, rb_dn_plan *),
                 rb_dn_tensor *x, rb_dn_tensor *y)
{
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run;
    rb_dn_use(s, 0, x);
    rb_dn_use(s, 0, p->saved[n->id]);
    rb_dn_use(s, 0, y);
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *x = p->value[n->input[0]->id];
    if (n->shape.h != 1 || n->shape.w != 1)
        return rb_fail(&p->err, RB_ERR_INTERNAL, "onednn: dropout of maps is not there yet");
    if (p->base.spec.mode == RB_EVALUATE) {
        p->value[n->id] = x;
        return true;
    }
    x = rb_dn_rows(p, n->input[0]);
    if (!x) return false;
    p->saved[n->id] = rb_dn_tensor_new(p, &x->md);
    p->value[n->id] = rb_dn_tensor_new(p, &x->md);
    emit(p, RB_DN_FORWARD, n, run_forward, x, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n), *out = rb_dn_tensor_new(p, &gradient->md);
    emit(p, RB_DN_BACKWARD, n, run_backward, gradient, out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_dropout = {&rb_op_dropout, forward, backward, NULL};
