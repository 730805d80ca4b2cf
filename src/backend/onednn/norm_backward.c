// SPDX-License-Identifier: Apache-2.0
// norm_backward.c - gradients of a batch normalisation, with the ReLU or SiLU behind it.
//
//     z  = w r (x - mean) + b,  g  = dy, with a ReLU where z > 0, else 0; with a SiLU times its slope at z
//     db = sum g,  dw = r sum g (x - mean),  r = 1 / sqrt(var + eps),  over N values of a channel
//     dx = w r (g - db / N - (x - mean) r dw / N)
//
// Where statistics stand still, dx = w r g. An error of db is in every dx of a channel: so the sums are as exact as in
// norm_forward.c.
//
// Source: Ioffe & Szegedy, arXiv:1502.03167, section 3
#include "backend/onednn/lanes.h"
#include "backend/onednn/sigmoid.h"

enum { X, MEAN, VAR, WEIGHT, BIAS, DY, SUMS, DWEIGHT, DBIAS, ALWAYS }; // the places of what every step uses

typedef struct context {
    const rb_dn_step *step;
    int pictures;
    const void *x, *dy;
    void *dx; // NULL: nobody wants it
    const float *mean, *bias;
    rb_dn_activation activation;
    double *sums;                  // [picture group 2 RB_LANES]
    float *scale, *offset, *slope; // [c] dx = scale g - offset - slope (x - mean)
    rb_lanes at;
} context;

typedef struct attr {
    bool constant;
    rb_dn_activation activation;
    const rb_dn_tensor *dx;        // NULL: nobody wants it; it has no place of its own among the step's tensors
    float *scale, *offset, *slope; // [c] room
} attr;

// ---- sums ---------------------------------------------------------------------------------------------------------

// What is known of a group's channels.
typedef struct line {
    float mean[RB_LANES], scale[RB_LANES], bias[RB_LANES], offset[RB_LANES], slope[RB_LANES];
} line;

// g, where d = x - mean
RB_INLINE rb_floats gated(bool half, rb_dn_activation activation, const context *c, ptrdiff_t at, rb_floats d,
                          const line *l)
{
    rb_floats dy = rb_load16(c->dy, at, half);
    if (activation == RB_DN_IDENTITY) return dy;
    rb_floats z = d * rb_load16(l->scale, 0, false) + rb_load16(l->bias, 0, false);
    return activation == RB_DN_RELU ? rb_where(z > 0, dy) : dy * rb_silu_slope16(z);
}

RB_INLINE float gated_one(bool half, rb_dn_activation activation, const context *c, ptrdiff_t at, float d,
                          const line *l, int k)
{
    float dy = rb_load(c->dy, at, half), z = d * l->scale[k] + l->bias[k];
    if (activation == RB_DN_RELU) return z > 0 ? dy : 0;
    return activation == RB_DN_SILU ? dy * rb_silu_slope1(z) : dy;
}

RB_INLINE void sum_row(bool half, rb_dn_activation activation, const context *c, ptrdiff_t at, int count, const line *l,
                       double *sums)
{
    rb_floats s = {0}, q = {0}, m = rb_load16(l->mean, 0, false);
    for (int i = 0; i < count; i++, at += c->at.column) {
        rb_floats d = rb_load16(c->x, at, half) - m, g = gated(half, activation, c, at, d, l);
        s += g;
        q += g * d;
    }
    for (int k = 0; k < RB_LANES; k++) {
        sums[k] += (double)s[k];
        sums[RB_LANES + k] += (double)q[k];
    }
}

RB_INLINE void sum_narrow_row(int width, bool half, rb_dn_activation activation, const context *c, ptrdiff_t at,
                              int count, const line *l, double *sums)
{
    for (int i = 0; i < count; i++, at += c->at.column)
        for (int k = 0; k < width; k++) {
            float d = rb_load(c->x, at + k, half) - l->mean[k];
            double g = (double)gated_one(half, activation, c, at + k, d, l, k);
            sums[k] += g;
            sums[RB_LANES + k] += g * (double)d;
        }
}

// Each activation as a constant: loops of their own.
static void add_sums(const context *c, const line *lines, double *all, ptrdiff_t at, int count, int k)
{
    const line *l = &lines[k];
    double *sums = all + k * 2 * RB_LANES;
    switch (c->activation) {
    case RB_DN_IDENTITY:
        RB_FOR_LANES(&c->at, sum_row, sum_narrow_row, RB_DN_IDENTITY, c, at, count, l, sums);
        break;
    case RB_DN_RELU:
        RB_FOR_LANES(&c->at, sum_row, sum_narrow_row, RB_DN_RELU, c, at, count, l, sums);
        break;
    case RB_DN_SILU:
        RB_FOR_LANES(&c->at, sum_row, sum_narrow_row, RB_DN_SILU, c, at, count, l, sums);
        break;
    }
}

static void load_lines(const context *c, rb_lanes_piece piece, line *lines)
{
    for (int group = piece.first; group < piece.last; group++) {
        line *l = &lines[group - piece.first];
        rb_lanes_load(&c->at, group, c->mean, l->mean);
        rb_lanes_load(&c->at, group, c->scale, l->scale);
        rb_lanes_load(&c->at, group, c->bias, l->bias);
        rb_lanes_load(&c->at, group, c->offset, l->offset);
        rb_lanes_load(&c->at, group, c->slope, l->slope);
    }
}

static void sum_piece(const context *c, ptrdiff_t i)
{
    rb_lanes_piece piece = rb_lanes_piece_of(&c->at, i);
    double *sums = c->sums + (piece.picture * c->at.groups + piece.first) * 2 * RB_LANES;
    line lines[RB_LANES_BUNDLE];
    load_lines(c, piece, lines);
    for (int k = 0; k < (piece.last - piece.first) * 2 * RB_LANES; k++) sums[k] = 0;
    RB_FOR_RUNS(&c->at, piece, add_sums, c, lines, sums);
}

static void sum_pieces(void *job, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) sum_piece(job, i);
}

// Gradients of weight and bias of one channel, and the line that gives its dx.
static void finish_channel(const context *c, int channel, double sum, double moment)
{
    const rb_dn_step *s = c->step;
    double count = (double)c->pictures * c->at.h * c->at.w, var = (double)((const float *)s->use[VAR]->data)[channel];
    double r = 1 / sqrt(var + ((const rb_norm *)s->node->attr)->eps);
    double weight = (double)((const float *)s->use[WEIGHT]->data)[channel];
    ((float *)s->use[DBIAS]->data)[channel] = (float)sum;
    ((float *)s->use[DWEIGHT]->data)[channel] = (float)(r * moment);
    bool constant = ((const attr *)s->attr)->constant;
    c->offset[channel] = constant ? 0 : (float)(weight * r * sum / count);
    c->slope[channel] = constant ? 0 : (float)(weight * r * r * r * moment / count);
}

static void finish_group(const context *c, int group)
{
    double total[2 * RB_LANES];
    int first = rb_lanes_channels(&c->at, group), last = rb_lanes_channels(&c->at, group + 1);
    rb_lanes_total(&c->at, c->sums, c->pictures, group, total);
    for (int k = first; k < last; k++) finish_channel(c, k, total[k - first], total[RB_LANES + k - first]);
}

// ---- dx -----------------------------------------------------------------------------------------------------------

RB_INLINE void write_row(bool half, rb_dn_activation activation, const context *c, ptrdiff_t at, int count,
                         const line *l)
{
    rb_floats mean = rb_load16(l->mean, 0, false), scale = rb_load16(l->scale, 0, false);
    rb_floats offset = rb_load16(l->offset, 0, false), slope = rb_load16(l->slope, 0, false);
    for (int i = 0; i < count; i++, at += c->at.column) {
        rb_floats d = rb_load16(c->x, at, half) - mean;
        rb_store16(c->dx, at, scale * gated(half, activation, c, at, d, l) - offset - slope * d, half);
    }
}

RB_INLINE void write_narrow_row(int width, bool half, rb_dn_activation activation, const context *c, ptrdiff_t at,
                                int count, const line *l)
{
    for (int i = 0; i < count; i++, at += c->at.column)
        for (int k = 0; k < width; k++) {
            float d = rb_load(c->x, at + k, half) - l->mean[k];
            float g = gated_one(half, activation, c, at + k, d, l, k);
            rb_store_value(c->dx, at + k, l->scale[k] * g - l->offset[k] - l->slope[k] * d, half);
        }
}

static void write(const context *c, const line *lines, ptrdiff_t at, int count, int k)
{
    const line *l = &lines[k];
    switch (c->activation) {
    case RB_DN_IDENTITY:
        RB_FOR_LANES(&c->at, write_row, write_narrow_row, RB_DN_IDENTITY, c, at, count, l);
        break;
    case RB_DN_RELU:
        RB_FOR_LANES(&c->at, write_row, write_narrow_row, RB_DN_RELU, c, at, count, l);
        break;
    case RB_DN_SILU:
        RB_FOR_LANES(&c->at, write_row, write_narrow_row, RB_DN_SILU, c, at, count, l);
        break;
    }
}

static void write_piece(const context *c, ptrdiff_t i)
{
    rb_lanes_piece piece = rb_lanes_piece_of(&c->at, i);
    line lines[RB_LANES_BUNDLE];
    load_lines(c, piece, lines);
    RB_FOR_RUNS(&c->at, piece, write, c, lines);
}

static void write_pieces(void *job, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) write_piece(job, i);
}

static void bundle_pieces(void *job, ptrdiff_t from, ptrdiff_t to)
{
    const context *c = job;
    ptrdiff_t bundles = rb_lanes_pieces(&c->at, 1);
    for (ptrdiff_t i = from; i < to; i++) {
        for (int n = 0; n < c->pictures; n++) sum_piece(c, n * bundles + i);
        rb_lanes_piece piece = rb_lanes_piece_of(&c->at, i);
        for (int g = piece.first; g < piece.last; g++) finish_group(c, g);
        for (int n = 0; c->dx && n < c->pictures; n++) write_piece(c, n * bundles + i);
    }
}

// ---- the step -----------------------------------------------------------------------------------------------------

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    const attr *a = s->attr;
    int pictures = p->base.spec.batch;
    context c = {.step = s,
                 .pictures = pictures,
                 .x = s->use[X]->data,
                 .dy = s->use[DY]->data,
                 .mean = s->use[MEAN]->data,
                 .bias = s->use[BIAS]->data,
                 .activation = a->activation,
                 .dx = a->dx ? a->dx->data : NULL,
                 .sums = s->use[SUMS]->data,
                 .scale = a->scale,
                 .offset = a->offset,
                 .slope = a->slope,
                 .at = rb_lanes_of(&s->use[X]->md)};
    ptrdiff_t pieces = rb_lanes_pieces(&c.at, pictures);
    const float *weight = s->use[WEIGHT]->data, *var = s->use[VAR]->data;
    for (int channel = 0; channel < c.at.channels; channel++) {
        c.scale[channel] = rb_norm_scale(s->node, weight[channel], var[channel]);
        c.offset[channel] = c.slope[channel] = 0; // not yet known
    }
    if (rb_lanes_by_bundle(&c.at)) {
        rb_parallel_for(rb_lanes_pieces(&c.at, 1), 1, bundle_pieces, &c);
        return;
    }
    rb_parallel_for(pieces, rb_lanes_grain(&c.at), sum_pieces, &c);
    for (int g = 0; g < c.at.groups; g++) finish_group(&c, g);
    if (c.dx) rb_parallel_for(pieces, rb_lanes_grain(&c.at), write_pieces, &c);
}

void rb_dn_emit_norm_gradient(rb_dn_plan *p, const rb_node *n, const rb_dn_norm_gradient *g)
{
    int channels = n->shape.c, groups = rb_lanes_of(&g->x->md).groups;
    attr *a = RB_NEW(p->arena, attr, 1);
    *a = (attr){g->constant,
                g->activation,
                g->dx,
                RB_NEW(p->arena, float, channels),
                RB_NEW(p->arena, float, channels),
                RB_NEW(p->arena, float, channels)};
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_BACKWARD, n);
    s->run = run;
    s->work = RB_WORK_NORM;
    s->attr = a;
    rb_dn_tensor *uses[] = {g->x,
                            g->mean,
                            g->var,
                            rb_dn_param(p, n->param[0], RB_VALUE),
                            rb_dn_param(p, n->param[1], RB_VALUE),
                            g->dy,
                            rb_dn_doubles_new(p, (ptrdiff_t)p->base.spec.batch * groups * 2 * RB_LANES),
                            rb_dn_param(p, n->param[0], RB_GRAD),
                            rb_dn_param(p, n->param[1], RB_GRAD)};
    for (int i = 0; i < ALWAYS; i++) rb_dn_use(s, 0, uses[i]);
    rb_dn_use(s, 0, g->dx);
}
