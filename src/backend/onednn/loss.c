// SPDX-License-Identifier: Apache-2.0
// loss.c - the end of forward: logits to the host, the loss of each row, its gradient. Rows are few: plain doubles.
#include "backend/onednn/onednn.h"

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    int k = s->node->shape.c, rows = p->feed.n;
    const float *logits = s->use[0]->data;
    const rb_plan_spec *spec = &p->base.spec;
    for (int i = 0; i < rows * k; i++) p->logits[i] = logits[i];
    p->loss = 0;
    const rb_feed *f = &p->feed;
    if (!spec->loss || !(f->labels || f->targets)) return;
    rb_judged_batch b = {rows, k, p->logits, f->labels, f->targets, f->weights, f->scale};
    p->loss = rb_loss_batch(spec->loss, spec->loss_cfg, &b, p->targets, p->gradients);
    if (s->use_count < 2) return;
    float *out = s->use[1]->data;
    for (int i = 0; i < rows * k; i++) out[i] = (float)p->gradients[i];
}

void rb_dn_emit_loss(rb_dn_plan *p, const rb_node *output)
{
    ptrdiff_t count = (ptrdiff_t)p->base.spec.batch * output->shape.c;
    p->logits = RB_NEW(p->arena, double, count);
    p->gradients = RB_NEW(p->arena, double, count);
    p->targets = RB_NEW(p->arena, double, output->shape.c);
    rb_dn_tensor *logits = rb_dn_rows(p, output);
    if (!logits) return;
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, output);
    s->run = run;
    rb_dn_use(s, 0, logits);
    if (p->base.spec.mode != RB_TRAIN) return;
    rb_dn_tensor *gradient = rb_dn_tensor_new(p, &logits->md);
    rb_dn_use(s, 0, gradient);
    rb_dn_send(p, output, gradient);
}
