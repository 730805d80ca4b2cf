// SPDX-License-Identifier: Apache-2.0
// norm_backward.c - gradients of a batch normalisation, with the ReLU behind it.
//
//     g  = dy where y > 0, else 0            (dy without a ReLU)
//     db = sum g,  dw = r sum g (x - mean),  r = 1 / sqrt(var + eps),  over N values of a channel
//     dx = w r (g - db / N - (x - mean) r dw / N)
//
// Where statistics stand still, dx = w r g. An error of db is in every dx of a channel: so the sums are as exact as in
// norm_forward.c.
//
// Source: Ioffe & Szegedy, arXiv:1502.03167, section 3
#include "backend/onednn/lanes.h"

#include "base/parallel.h"

#include <math.h>

enum { X, MEAN, VAR, WEIGHT, DY, SUMS, DWEIGHT, DBIAS, ALWAYS }; // the places of what every step uses

typedef struct context {
    const void *x, *y, *dy; // y NULL: no gate
    void *dx;               // NULL: nobody wants it
    const float *mean;
    double *sums;                  // [picture group 2 RB_LANES]
    float *scale, *offset, *slope; // [c] dx = scale g - offset - slope (x - mean)
    rb_lanes at;
} context;

typedef struct attr {
    bool constant;
    const rb_dn_tensor *y, *dx;    // NULL: there is none; they have no place of their own among the step's tensors
    float *scale, *offset, *slope; // [c] room
} attr;

// ---- sums ---------------------------------------------------------------------------------------------------------

// dy where y > 0
RB_INLINE rb_floats gated(const context *c, ptrdiff_t at, bool half)
{
    rb_floats dy = rb_load16(c->dy, at, half);
    return c->y ? rb_where(rb_load16(c->y, at, half) > 0, dy) : dy;
}

RB_INLINE float gated_one(const context *c, ptrdiff_t at, bool half)
{
    return !c->y || rb_load(c->y, at, half) > 0 ? rb_load(c->dy, at, half) : 0;
}

RB_INLINE void sum_row(bool half, const context *c, ptrdiff_t at, const float *mean, double *sums)
{
    rb_floats s = {0}, q = {0}, m = rb_load16(mean, 0, false);
    for (int i = 0; i < c->at.w; i++, at += c->at.column) {
        rb_floats g = gated(c, at, half);
        s += g;
        q += g * (rb_load16(c->x, at, half) - m);
    }
    for (int k = 0; k < RB_LANES; k++) {
        sums[k] += (double)s[k];
        sums[RB_LANES + k] += (double)q[k];
    }
}

RB_INLINE void sum_narrow_row(int width, bool half, const context *c, ptrdiff_t at, const float *mean, double *sums)
{
    for (int i = 0; i < c->at.w; i++, at += c->at.column)
        for (int k = 0; k < width; k++) {
            double g = (double)gated_one(c, at + k, half);
            sums[k] += g;
            sums[RB_LANES + k] += g * (double)(rb_load(c->x, at + k, half) - mean[k]);
        }
}

static void sum_pieces(void *job, ptrdiff_t from, ptrdiff_t to)
{
    const context *c = job;
    for (ptrdiff_t i = from; i < to; i++) {
        int group = (int)(i % c->at.groups);
        ptrdiff_t at = i / c->at.groups * c->at.picture + group * c->at.group;
        double *sums = c->sums + i * 2 * RB_LANES;
        float mean[RB_LANES];
        rb_lanes_load(&c->at, group, c->mean, mean);
        for (int k = 0; k < 2 * RB_LANES; k++) sums[k] = 0;
        for (int y = 0; y < c->at.h; y++)
            RB_FOR_LANES(&c->at, sum_row, sum_narrow_row, c, at + y * c->at.row, mean, sums);
    }
}

// Gradients of weight and bias of one channel, and the line that gives its dx.
static void finish_channel(const rb_dn_step *s, const context *c, int channel, int pictures)
{
    int group = channel / c->at.width, lane = channel % c->at.width;
    double sum = 0, moment = 0, count = (double)pictures * c->at.h * c->at.w;
    for (int i = 0; i < pictures; i++) {
        const double *sums = c->sums + ((ptrdiff_t)i * c->at.groups + group) * 2 * RB_LANES + lane;
        sum += sums[0];
        moment += sums[RB_LANES];
    }
    double var = (double)((const float *)s->use[VAR]->data)[channel];
    double weight = (double)((const float *)s->use[WEIGHT]->data)[channel];
    double r = 1 / sqrt(var + ((const rb_norm *)s->node->attr)->eps);
    ((float *)s->use[DBIAS]->data)[channel] = (float)sum;
    ((float *)s->use[DWEIGHT]->data)[channel] = (float)(r * moment);
    bool constant = ((const attr *)s->attr)->constant;
    c->scale[channel] = (float)(weight * r);
    c->offset[channel] = constant ? 0 : (float)(weight * r * sum / count);
    c->slope[channel] = constant ? 0 : (float)(weight * r * r * r * moment / count);
}

// ---- dx -----------------------------------------------------------------------------------------------------------

typedef struct line {
    float mean[RB_LANES], scale[RB_LANES], offset[RB_LANES], slope[RB_LANES];
} line;

RB_INLINE void write_row(bool half, const context *c, ptrdiff_t at, const line *l)
{
    rb_floats mean = rb_load16(l->mean, 0, false), scale = rb_load16(l->scale, 0, false);
    rb_floats offset = rb_load16(l->offset, 0, false), slope = rb_load16(l->slope, 0, false);
    for (int i = 0; i < c->at.w; i++, at += c->at.column) {
        rb_floats d = rb_load16(c->x, at, half) - mean;
        rb_store16(c->dx, at, scale * gated(c, at, half) - offset - slope * d, half);
    }
}

RB_INLINE void write_narrow_row(int width, bool half, const context *c, ptrdiff_t at, const line *l)
{
    for (int i = 0; i < c->at.w; i++, at += c->at.column)
        for (int k = 0; k < width; k++) {
            float g = gated_one(c, at + k, half), d = rb_load(c->x, at + k, half) - l->mean[k];
            rb_store_value(c->dx, at + k, l->scale[k] * g - l->offset[k] - l->slope[k] * d, half);
        }
}

static void write_pieces(void *job, ptrdiff_t from, ptrdiff_t to)
{
    const context *c = job;
    for (ptrdiff_t i = from; i < to; i++) {
        int group = (int)(i % c->at.groups);
        ptrdiff_t at = i / c->at.groups * c->at.picture + group * c->at.group;
        line l;
        rb_lanes_load(&c->at, group, c->mean, l.mean);
        rb_lanes_load(&c->at, group, c->scale, l.scale);
        rb_lanes_load(&c->at, group, c->offset, l.offset);
        rb_lanes_load(&c->at, group, c->slope, l.slope);
        for (int y = 0; y < c->at.h; y++) RB_FOR_LANES(&c->at, write_row, write_narrow_row, c, at + y * c->at.row, &l);
    }
}

// ---- the step -----------------------------------------------------------------------------------------------------

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    const attr *a = s->attr;
    int pictures = p->base.spec.batch;
    context c = {.x = s->use[X]->data,
                 .y = a->y ? a->y->data : NULL,
                 .dy = s->use[DY]->data,
                 .mean = s->use[MEAN]->data,
                 .dx = a->dx ? a->dx->data : NULL,
                 .sums = s->use[SUMS]->data,
                 .scale = a->scale,
                 .offset = a->offset,
                 .slope = a->slope,
                 .at = rb_lanes_of(&s->use[X]->md)};
    ptrdiff_t pieces = (ptrdiff_t)pictures * c.at.groups;
    rb_parallel_for(pieces, 1, sum_pieces, &c);
    for (int channel = 0; channel < c.at.channels; channel++) finish_channel(s, &c, channel, pictures);
    if (c.dx) rb_parallel_for(pieces, 1, write_pieces, &c);
}

void rb_dn_emit_norm_gradient(rb_dn_plan *p, const rb_node *n, const rb_dn_norm_gradient *g)
{
    int channels = n->shape.c, groups = rb_lanes_of(&g->x->md).groups;
    attr *a = RB_NEW(p->arena, attr, 1);
    *a = (attr){g->constant,
                g->y,
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
                            g->dy,
                            rb_dn_doubles_new(p, (ptrdiff_t)p->base.spec.batch * groups * 2 * RB_LANES),
                            rb_dn_param(p, n->param[0], RB_GRAD),
                            rb_dn_param(p, n->param[1], RB_GRAD)};
    for (int i = 0; i < ALWAYS; i++) rb_dn_use(s, 0, uses[i]);
    rb_dn_use(s, 0, g->y);
    rb_dn_use(s, 0, g->dx);
}
