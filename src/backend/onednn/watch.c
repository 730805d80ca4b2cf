// SPDX-License-Identifier: Apache-2.0
// watch.c - counts the magnitudes of what a node gives, for calibration: slow, and exact for any layout whose pictures
// lie one after another. Channels that pad a block are 0 and cost no accuracy of a range.
#include "backend/onednn/half.h"
#include "backend/onednn/onednn.h"

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    const rb_dn_tensor *t = s->use[0];
    bool half = t->md.data_type == dnnl_bf16;
    ptrdiff_t count = t->bytes / (half ? 2 : 4) / p->base.spec.batch * p->feed.n;
    rb_magnitudes *m = &p->base.spec.seen[s->node->id];
    for (ptrdiff_t i = 0; i < count; i++) rb_magnitudes_add(m, rb_load(t->data, i, half));
}

void rb_dn_emit_watch(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, n);
    s->run = run;
    rb_dn_use(s, 0, p->value[n->id]);
}
