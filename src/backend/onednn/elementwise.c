// SPDX-License-Identifier: Apache-2.0
// elementwise.c - sums and gates: kernels that treat a tensor as a row of floats, padding included (it stays 0).
#include "backend/onednn/onednn.h"

#include "base/parallel.h"

#define GRAIN 4096

static ptrdiff_t float_count(const rb_dn_tensor *t)
{
    return t->bytes / (ptrdiff_t)sizeof(float);
}

typedef struct row {
    const float *restrict x, *restrict y, *restrict gate;
    float *restrict out;
} row;

static void sum_row(void *context, ptrdiff_t from, ptrdiff_t to)
{
    row r = *(row *)context;
    for (ptrdiff_t i = from; i < to; i++) r.out[i] = r.x[i] + r.y[i];
}

static void sum_relu_row(void *context, ptrdiff_t from, ptrdiff_t to)
{
    row r = *(row *)context;
    for (ptrdiff_t i = from; i < to; i++) {
        float sum = r.x[i] + r.y[i];
        r.out[i] = sum > 0 ? sum : 0;
    }
}

static void relu_row(void *context, ptrdiff_t from, ptrdiff_t to)
{
    row r = *(row *)context;
    for (ptrdiff_t i = from; i < to; i++) r.out[i] = r.x[i] > 0 ? r.x[i] : 0;
}

static void gate_row(void *context, ptrdiff_t from, ptrdiff_t to)
{
    row r = *(row *)context;
    for (ptrdiff_t i = from; i < to; i++) r.out[i] = r.gate[i] > 0 ? r.x[i] : 0;
}

static void gate_sum_row(void *context, ptrdiff_t from, ptrdiff_t to)
{
    row r = *(row *)context;
    for (ptrdiff_t i = from; i < to; i++) {
        float sum = r.x[i] + r.y[i];
        r.out[i] = r.gate[i] > 0 ? sum : 0;
    }
}

static void over(const rb_dn_tensor *shape, row r, void (*body)(void *, ptrdiff_t, ptrdiff_t))
{
    rb_parallel_for(float_count(shape), GRAIN, body, &r);
}

static void run_sum(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    over(s->use[0], (row){.x = s->use[0]->data, .y = s->use[1]->data, .out = s->use[2]->data}, sum_row);
}

static void run_sum_relu(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    over(s->use[0], (row){.x = s->use[0]->data, .y = s->use[1]->data, .out = s->use[2]->data}, sum_relu_row);
}

static void run_relu(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    over(s->use[0], (row){.x = s->use[0]->data, .out = s->use[1]->data}, relu_row);
}

static void run_gate(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    over(s->use[0], (row){.x = s->use[0]->data, .gate = s->use[1]->data, .out = s->use[2]->data}, gate_row);
}

static void run_gate_sum(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    row r = {.x = s->use[0]->data, .y = s->use[1]->data, .gate = s->use[2]->data, .out = s->use[3]->data};
    over(s->use[0], r, gate_sum_row);
}

static void emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, void (*run)(const rb_dn_step *, rb_dn_plan *),
                 rb_dn_tensor *const *uses)
{
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run;
    for (; *uses; uses++) rb_dn_use(s, 0, *uses);
}

void rb_dn_emit_sum(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *y, bool relu,
                    rb_dn_tensor *out)
{
    emit(p, phase, n, relu ? run_sum_relu : run_sum, (rb_dn_tensor *[]){x, y, out, NULL});
}

void rb_dn_emit_relu(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *out)
{
    emit(p, RB_DN_FORWARD, n, run_relu, (rb_dn_tensor *[]){x, out, NULL});
}

void rb_dn_emit_gate(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gate, rb_dn_tensor *out)
{
    const rb_dn_gradient *g = &p->gradient[p->tail[n->id]->id];
    if (g->count == 2)
        emit(p, RB_DN_BACKWARD, n, run_gate_sum, (rb_dn_tensor *[]){g->part[0], g->part[1], gate, out, NULL});
    else
        emit(p, RB_DN_BACKWARD, n, run_gate, (rb_dn_tensor *[]){rb_dn_gradient_of(p, n), gate, out, NULL});
}
