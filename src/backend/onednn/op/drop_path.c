// SPDX-License-Identifier: Apache-2.0
// drop_path.c - whole pictures times 0 or 1 / (1 - p), drawn as ref/op/drop_path.c draws them. At evaluation it is its
// input. Every layout here has pictures outermost.
#include "backend/onednn/half.h"
#include "backend/onednn/onednn.h"

#include "base/parallel.h"
#include "base/rng.h"

enum { FROM, TO };

typedef struct job {
    const rb_dn_step *step;
    const rb_dn_plan *plan;
    ptrdiff_t size; // of a picture
} job;

static float factor_of(const job *j, int picture)
{
    const rb_dn_plan *p = j->plan;
    double drop = ((const rb_drop *)j->step->node->attr)->p;
    rb_rng random = rb_rng_at(p->base.spec.seed, RB_STREAM_DROPOUT, p->feed.draw + (uint32_t)picture, p->feed.epoch,
                              (uint32_t)j->step->node->id);
    return rb_rng_unit(&random) < drop ? 0 : (float)(1 / (1 - drop));
}

RB_INLINE void scale(bool half, const void *from, void *to, ptrdiff_t begin, ptrdiff_t end, float factor)
{
    for (ptrdiff_t i = begin; i < end; i++) rb_store_value(to, i, factor * rb_load(from, i, half), half);
}

static void run_pieces(void *context, ptrdiff_t first, ptrdiff_t last)
{
    const job *j = context;
    const void *from = j->step->use[FROM]->data;
    void *to = j->step->use[TO]->data;
    for (ptrdiff_t i = first; i < last; i++) {
        float factor = factor_of(j, (int)i);
        if (j->step->use[FROM]->md.data_type == dnnl_bf16)
            scale(true, from, to, i * j->size, (i + 1) * j->size, factor);
        else
            scale(false, from, to, i * j->size, (i + 1) * j->size, factor);
    }
}

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    job j = {s, p, s->use[FROM]->md.format_desc.blocking.strides[0]};
    rb_parallel_for(p->base.spec.batch, 1, run_pieces, &j);
}

static rb_dn_tensor *emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *from)
{
    rb_dn_tensor *to = rb_dn_tensor_new(p, &from->md);
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run;
    rb_dn_use(s, 0, from);
    rb_dn_use(s, 0, to);
    return to;
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *x = p->value[n->input[0]->id];
    p->value[n->id] = p->base.spec.mode == RB_EVALUATE ? x : emit(p, RB_DN_FORWARD, n, x);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_send(p, n->input[0], emit(p, RB_DN_BACKWARD, n, rb_dn_gradient_of(p, n)));
    return true;
}

const rb_dn_op rb_dn_drop_path = {&rb_op_drop_path, forward, backward, NULL};
