// SPDX-License-Identifier: Apache-2.0
// mean_pool.c - global average pooling to plain floats [n c 1 1], whatever the maps' format: what reads it, a head or a
// squeeze-and-excitation, computes in fp32.
//
// Its gradient, the same for all pixels of a map, is added to what the maps' other reader has sent, in one pass.
#include "backend/onednn/lanes.h"

#include "base/parallel.h"

typedef struct job {
    const void *x; // forward: maps; backward: a gradient to add to, or NULL
    void *y;       // backward: the maps' gradient
    float *pooled; // [n c]
    rb_lanes at;
} job;

static float area_of(const job *j)
{
    return (float)j->at.h * (float)j->at.w;
}

// ---- forward -------------------------------------------------------------------------------------------------------

RB_INLINE void sum_row(bool half, const job *j, ptrdiff_t at, int count, float *sums)
{
    rb_floats s = rb_load16(sums, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column) s += rb_load16(j->x, at, half);
    rb_store16(sums, 0, s, false);
}

RB_INLINE void sum_narrow_row(int width, bool half, const job *j, ptrdiff_t at, int count, float *sums)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++) sums[k] += rb_load(j->x, at + k, half);
}

typedef float lines[RB_LANES_BUNDLE][RB_LANES];

static void add_sums(const job *j, lines sums, ptrdiff_t at, int count, int k)
{
    RB_FOR_LANES(&j->at, sum_row, sum_narrow_row, j, at, count, sums[k]);
}

static void mean_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    for (ptrdiff_t i = from; i < to; i++) {
        rb_lanes_piece piece = rb_lanes_piece_of(&j->at, i);
        lines sums = {0};
        RB_FOR_RUNS(&j->at, piece, add_sums, j, sums);
        for (int g = piece.first; g < piece.last; g++)
            for (int k = 0, c = g * j->at.width; k < j->at.width && c < j->at.channels; k++, c++)
                j->pooled[piece.picture * j->at.channels + c] = sums[g - piece.first][k] / area_of(j);
    }
}

static void run_forward(const rb_dn_step *s, rb_dn_plan *p)
{
    job j = {.x = s->use[0]->data, .pooled = s->use[1]->data, .at = rb_lanes_of(&s->use[0]->md)};
    rb_parallel_for(rb_lanes_pieces(&j.at, p->base.spec.batch), rb_lanes_grain(&j.at), mean_pieces, &j);
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    dnnl_memory_desc_t plain = rb_dn_plain_md(p, n->shape);
    p->value[n->id] = rb_dn_tensor_new(p, &plain);
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, n);
    s->run = run_forward;
    rb_dn_use(s, 0, p->value[n->input[0]->id]);
    rb_dn_use(s, 0, p->value[n->id]);
    return true;
}

// ---- backward ------------------------------------------------------------------------------------------------------

RB_INLINE void spread_row(bool half, const job *j, ptrdiff_t at, int count, const float *share)
{
    rb_floats s = rb_load16(share, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column)
        rb_store16(j->y, at, j->x ? rb_load16(j->x, at, half) + s : s, half);
}

RB_INLINE void spread_narrow_row(int width, bool half, const job *j, ptrdiff_t at, int count, const float *share)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++)
            rb_store_value(j->y, at + k, j->x ? rb_load(j->x, at + k, half) + share[k] : share[k], half);
}

static void spread(const job *j, const lines shares, ptrdiff_t at, int count, int k)
{
    RB_FOR_LANES(&j->at, spread_row, spread_narrow_row, j, at, count, shares[k]);
}

static void spread_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    for (ptrdiff_t i = from; i < to; i++) {
        rb_lanes_piece piece = rb_lanes_piece_of(&j->at, i);
        lines shares;
        for (int g = piece.first; g < piece.last; g++) {
            float *share = shares[g - piece.first];
            rb_lanes_load(&j->at, g, j->pooled + piece.picture * j->at.channels, share);
            for (int k = 0; k < RB_LANES; k++) share[k] /= area_of(j);
        }
        RB_FOR_RUNS(&j->at, piece, spread, j, shares);
    }
}

// use: pooled gradient, out; and what to add to
static void run_backward(const rb_dn_step *s, rb_dn_plan *p)
{
    job j = {.x = s->use_count > 2 ? s->use[2]->data : NULL,
             .y = s->use[1]->data,
             .pooled = s->use[0]->data,
             .at = rb_lanes_of(&s->use[1]->md)};
    rb_parallel_for(rb_lanes_pieces(&j.at, p->base.spec.batch), rb_lanes_grain(&j.at), spread_pieces, &j);
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    rb_dn_tensor *gradient = rb_dn_gradient_of(p, n), *out = rb_dn_tensor_new(p, &p->value[n->input[0]->id]->md);
    rb_dn_tensor *others = rb_dn_take_back(p, n->input[0]);
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_BACKWARD, n);
    s->run = run_backward;
    rb_dn_use(s, 0, gradient);
    rb_dn_use(s, 0, out);
    rb_dn_use(s, 0, others);
    rb_dn_send(p, n->input[0], out);
    return true;
}

const rb_dn_op rb_dn_mean_pool = {&rb_op_mean_pool, forward, backward, NULL};
