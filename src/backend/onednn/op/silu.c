// SPDX-License-Identifier: Apache-2.0
// silu.c - a SiLU that nothing in front has absorbed. It does not care for the layout; padding stays 0.
#include "backend/onednn/onednn.h"
#include "backend/onednn/sigmoid.h"

#include "base/parallel.h"

typedef struct row {
    const void *x, *dy; // dy NULL: forward
    void *out;
    bool half;
} row;

RB_INLINE void wide(bool half, const row *r, ptrdiff_t at)
{
    rb_floats x = rb_load16(r->x, at, half);
    rb_store16(r->out, at, r->dy ? rb_load16(r->dy, at, half) * rb_silu_slope16(x) : x * rb_sigmoid16(x), half);
}

static void run_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const row *r = context;
    ptrdiff_t i = from;
    if (r->half)
        for (; i + 16 <= to; i += 16) wide(true, r, i);
    else
        for (; i + 16 <= to; i += 16) wide(false, r, i);
    for (; i < to; i++) {
        float x = rb_load(r->x, i, r->half);
        float y = r->dy ? rb_load(r->dy, i, r->half) * rb_silu_slope1(x) : x * rb_sigmoid1(x);
        rb_store_value(r->out, i, y, r->half);
    }
}

// use: x, out; or x, dy, out
static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    bool half = s->use[0]->md.data_type == dnnl_bf16;
    row r = {.x = s->use[0]->data,
             .dy = s->use_count > 2 ? s->use[1]->data : NULL,
             .out = s->use[s->use_count - 1]->data,
             .half = half};
    rb_parallel_for(s->use[0]->bytes / (half ? 2 : 4), 4096, run_piece, &r);
}

static void emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *dy, rb_dn_tensor *out)
{
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run;
    rb_dn_use(s, 0, p->value[n->input[0]->id]);
    rb_dn_use(s, 0, dy);
    rb_dn_use(s, 0, out);
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    p->value[n->id] = rb_dn_tensor_new(p, &p->value[n->input[0]->id]->md);
    emit(p, RB_DN_FORWARD, n, NULL, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *out = rb_dn_tensor_new(p, &p->value[n->id]->md);
    emit(p, RB_DN_BACKWARD, n, rb_dn_gradient_of(p, n), out);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_silu = {&rb_op_silu, forward, backward, NULL};
