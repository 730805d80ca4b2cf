// SPDX-License-Identifier: Apache-2.0
// elementwise.c - sums and gates: one kernel that treats a tensor as a row of values, padding included (it stays 0).
//
//     out = relu(gate(x + y))   where `gate` keeps a value whose partner is > 0, and any of the three may be missing
#include "backend/onednn/half.h"
#include "backend/onednn/onednn.h"

#include "base/parallel.h"

#include <assert.h>

#define GRAIN 4096

typedef enum part { HALF = 1, PLUS = 2, GATE = 4, RELU = 8 } part;

typedef struct row {
    const void *x, *y, *gate;
    void *out;
    unsigned parts;
} row;

RB_INLINE void over(unsigned parts, const row *r, ptrdiff_t from, ptrdiff_t to)
{
    const void *restrict x = r->x, *restrict y = r->y, *restrict gate = r->gate;
    void *restrict out = r->out;
    const bool half = parts & HALF;
    for (ptrdiff_t i = from; i < to; i++) {
        float v = rb_load(x, i, half);
        if (parts & PLUS) v += rb_load(y, i, half);
        if (parts & GATE) v = rb_load(gate, i, half) > 0 ? v : 0;
        if (parts & RELU) v = v < 0 ? 0 : v; // a NaN stays one
        rb_store_value(out, i, v, half);
    }
}

// Each combination in use, with its parts as a constant: a loop of its own for the vector unit.
static void run_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const row *r = context;
    switch (r->parts) {
    case PLUS:
        over(PLUS, r, from, to);
        break;
    case PLUS | RELU:
        over(PLUS | RELU, r, from, to);
        break;
    case RELU:
        over(RELU, r, from, to);
        break;
    case GATE:
        over(GATE, r, from, to);
        break;
    case PLUS | GATE:
        over(PLUS | GATE, r, from, to);
        break;
    case HALF | PLUS:
        over(HALF | PLUS, r, from, to);
        break;
    case HALF | PLUS | RELU:
        over(HALF | PLUS | RELU, r, from, to);
        break;
    case HALF | RELU:
        over(HALF | RELU, r, from, to);
        break;
    case HALF | GATE:
        over(HALF | GATE, r, from, to);
        break;
    case HALF | PLUS | GATE:
        over(HALF | PLUS | GATE, r, from, to);
        break;
    default:
        assert(false); // a combination that emit makes has its case here
        break;
    }
}

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    unsigned parts = *(const unsigned *)s->attr;
    const rb_dn_tensor *x = s->use[0];
    int next = 1;
    row r = {.x = x->data, .parts = parts};
    if (parts & PLUS) r.y = s->use[next++]->data;
    if (parts & GATE) r.gate = s->use[next++]->data;
    r.out = s->use[next]->data;
    rb_parallel_for(x->bytes / (parts & HALF ? 2 : 4), GRAIN, run_piece, &r);
}

static void emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, unsigned parts, rb_dn_tensor *const *uses)
{
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    unsigned *attr = RB_NEW(p->arena, unsigned, 1);
    *attr = parts | (uses[0]->md.data_type == dnnl_bf16 ? HALF : 0);
    s->run = run;
    s->attr = attr;
    for (; *uses; uses++) rb_dn_use(s, 0, *uses);
}

void rb_dn_emit_sum(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *y, bool relu,
                    rb_dn_tensor *out)
{
    emit(p, phase, n, relu ? PLUS | RELU : PLUS, (rb_dn_tensor *[]){x, y, out, NULL});
}

void rb_dn_emit_relu(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *out)
{
    emit(p, RB_DN_FORWARD, n, RELU, (rb_dn_tensor *[]){x, out, NULL});
}

void rb_dn_emit_gate(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gate, rb_dn_tensor *out)
{
    const rb_dn_gradient *g = &p->gradient[p->tail[n->id]->id];
    if (g->count == 2)
        emit(p, RB_DN_BACKWARD, n, PLUS | GATE, (rb_dn_tensor *[]){g->part[0], g->part[1], gate, out, NULL});
    else
        emit(p, RB_DN_BACKWARD, n, GATE, (rb_dn_tensor *[]){rb_dn_gradient_of(p, n), gate, out, NULL});
}
