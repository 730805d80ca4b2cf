// SPDX-License-Identifier: Apache-2.0
// gate.c - maps times a factor of their own, f = sigmoid(s): the end of a squeeze-and-excitation. s is rows of floats.
//
//     y = x f,  dx = dy f,  ds = f (1 - f) sum over h w of dy x
#include "backend/onednn/lanes.h"
#include "backend/onednn/sigmoid.h"

#include "base/parallel.h"

typedef struct job {
    const void *x, *dy; // dy NULL: forward
    void *out;          // y, or dx
    const float *s;     // [n c]
    float *ds;          // [n c]
    rb_lanes at;
} job;

// ---- rows ----------------------------------------------------------------------------------------------------------

RB_INLINE void scale_row(bool half, const job *j, ptrdiff_t at, int count, const float *factor)
{
    rb_floats f = rb_load16(factor, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column) rb_store16(j->out, at, rb_load16(j->x, at, half) * f, half);
}

RB_INLINE void scale_narrow_row(int width, bool half, const job *j, ptrdiff_t at, int count, const float *factor)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++) rb_store_value(j->out, at + k, rb_load(j->x, at + k, half) * factor[k], half);
}

// dx, and sums of dy x.
RB_INLINE void gradient_row(bool half, const job *j, ptrdiff_t at, int count, const float *factor, float *sums)
{
    rb_floats f = rb_load16(factor, 0, false), sum = rb_load16(sums, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column) {
        rb_floats dy = rb_load16(j->dy, at, half);
        sum += dy * rb_load16(j->x, at, half);
        rb_store16(j->out, at, dy * f, half);
    }
    rb_store16(sums, 0, sum, false);
}

RB_INLINE void gradient_narrow_row(int width, bool half, const job *j, ptrdiff_t at, int count, const float *factor,
                                   float *sums)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++) {
            float dy = rb_load(j->dy, at + k, half);
            sums[k] += dy * rb_load(j->x, at + k, half);
            rb_store_value(j->out, at + k, dy * factor[k], half);
        }
}

// ---- groups of channels of a picture -------------------------------------------------------------------------------

// What is known of a group's channels.
typedef struct line {
    float factor[RB_LANES], sums[RB_LANES];
} line;

static void apply(const job *j, line *lines, ptrdiff_t at, int count, int k)
{
    line *l = &lines[k];
    if (j->dy) {
        RB_FOR_LANES(&j->at, gradient_row, gradient_narrow_row, j, at, count, l->factor, l->sums);
        return;
    }
    RB_FOR_LANES(&j->at, scale_row, scale_narrow_row, j, at, count, l->factor);
}

static void run_piece(const job *j, rb_lanes_piece piece)
{
    ptrdiff_t row = piece.picture * j->at.channels;
    line lines[RB_LANES_BUNDLE] = {0};
    for (int g = piece.first; g < piece.last; g++) {
        float *factor = lines[g - piece.first].factor;
        rb_lanes_load(&j->at, g, j->s + row, factor);
        rb_store16(factor, 0, rb_sigmoid16(rb_load16(factor, 0, false)), false);
    }
    RB_FOR_RUNS(&j->at, piece, apply, j, lines);
    for (int g = piece.first; j->dy && g < piece.last; g++) {
        const line *l = &lines[g - piece.first];
        for (int k = 0, c = g * j->at.width; k < j->at.width && c < j->at.channels; k++, c++)
            j->ds[row + c] = l->factor[k] * (1 - l->factor[k]) * l->sums[k];
    }
}

static void run_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    for (ptrdiff_t i = from; i < to; i++) run_piece(j, rb_lanes_piece_of(&j->at, i));
}

// use: x, s, y; or x, s, dx, dy, ds
static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    bool back = s->use_count > 3;
    job j = {.x = s->use[0]->data,
             .s = s->use[1]->data,
             .out = s->use[2]->data,
             .dy = back ? s->use[3]->data : NULL,
             .ds = back ? s->use[4]->data : NULL,
             .at = rb_lanes_of(&s->use[0]->md)};
    rb_parallel_for(rb_lanes_pieces(&j.at, p->base.spec.batch), rb_lanes_grain(&j.at), run_pieces, &j);
}

// ---- steps ---------------------------------------------------------------------------------------------------------

static rb_dn_step *emit(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *out)
{
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run;
    rb_dn_use(s, 0, x);
    rb_dn_use(s, 0, p->saved[n->id]);
    rb_dn_use(s, 0, out);
    return s;
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *x = p->value[n->input[0]->id];
    p->saved[n->id] = rb_dn_rows(p, n->input[1]);
    p->value[n->id] = rb_dn_tensor_new(p, &x->md);
    return p->saved[n->id] && emit(p, RB_DN_FORWARD, n, x, p->value[n->id]);
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    const rb_dn_tensor *rows = p->saved[n->id];
    rb_dn_tensor *x = rb_dn_value_again(p, n->input[0]);
    rb_dn_tensor *dx = rb_dn_tensor_new(p, &p->value[n->id]->md), *ds = rb_dn_tensor_new(p, &rows->md);
    rb_dn_step *s = emit(p, RB_DN_BACKWARD, n, x, dx);
    rb_dn_use(s, 0, rb_dn_gradient_of(p, n));
    rb_dn_use(s, 0, ds);
    rb_dn_send(p, n->input[0], dx);
    rb_dn_send(p, n->input[1], ds);
    return true;
}

static rb_dn_tensor *again(rb_dn_plan *p, const rb_node *n)
{
    if (p->store->base.spec.recompute < RB_RECOMPUTE_MORE) return NULL;
    rb_dn_tensor *x = rb_dn_value_again(p, n->input[0]), *y = rb_dn_tensor_new(p, &x->md);
    emit(p, RB_DN_BACKWARD, n, x, y);
    return y;
}

const rb_dn_op rb_dn_gate = {&rb_op_gate, forward, backward, again};
