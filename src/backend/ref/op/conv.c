// SPDX-License-Identifier: Apache-2.0
// conv.c - 2-D convolution with groups.
//
//     y[n o r q] = b[o] + sum over i u v of w[o i u v] x[n i, s r + u - p, s q + v - p]
//
// The three sums (y, dx, dw) walk the same triples of weight, output and input. For one weight these are a rectangle of
// outputs and the inputs under it, a *tap*. Each piece of work owns what it writes, so that results do not depend on
// how the work is cut.
#include "backend/ref/ref.h"

#include "base/parallel.h"

typedef struct job {
    const rb_ref_step *step;
    rb_conv conv;
    rb_shape in, out;
    int in_group, out_group; // channels of one group
    int batch;
} job;

static job job_of(const rb_ref_plan *p, const rb_ref_step *s)
{
    const rb_conv *conv = s->node->attr;
    rb_shape in = s->node->input[0]->shape, out = s->node->shape;
    return (job){s, *conv, in, out, in.c / conv->groups, out.c / conv->groups, p->feed.n};
}

// ---- one weight ----------------------------------------------------------------------------------------------------

// Outputs whose input, stride * output + shift, lies inside 0..in.
typedef struct span {
    int from, to;
} span;

static span span_of(int in, int out, int stride, int shift)
{
    int from = shift < 0 ? (stride - 1 - shift) / stride : 0;
    int to = in > shift ? (in - 1 - shift) / stride + 1 : 0;
    return (span){from, to < out ? to : out};
}

typedef struct tap {
    span rows, columns;
    ptrdiff_t shift; // the input of output (r, q) is at shift + stride * (r * in.w + q)
} tap;

static tap tap_of(const job *j, int k)
{
    int u = k / j->conv.kernel - j->conv.padding, v = k % j->conv.kernel - j->conv.padding;
    return (tap){.rows = span_of(j->in.h, j->out.h, j->conv.stride, u),
                 .columns = span_of(j->in.w, j->out.w, j->conv.stride, v),
                 .shift = (ptrdiff_t)u * j->in.w + v};
}

// y += w x
static void add_forward(const job *j, const tap *t, double w, const double *x, double *y)
{
    for (int r = t->rows.from; r < t->rows.to; r++) {
        ptrdiff_t at = t->shift + (ptrdiff_t)j->conv.stride * r * j->in.w, to = (ptrdiff_t)r * j->out.w;
        for (int q = t->columns.from; q < t->columns.to; q++) y[to + q] += w * x[at + j->conv.stride * q];
    }
}

// dx += w dy
static void add_backward(const job *j, const tap *t, double w, const double *dy, double *dx)
{
    for (int r = t->rows.from; r < t->rows.to; r++) {
        ptrdiff_t at = t->shift + (ptrdiff_t)j->conv.stride * r * j->in.w, from = (ptrdiff_t)r * j->out.w;
        for (int q = t->columns.from; q < t->columns.to; q++) dx[at + j->conv.stride * q] += w * dy[from + q];
    }
}

// dw = sum of x dy
static double dot(const job *j, const tap *t, const double *x, const double *dy)
{
    double sum = 0;
    for (int r = t->rows.from; r < t->rows.to; r++) {
        ptrdiff_t at = t->shift + (ptrdiff_t)j->conv.stride * r * j->in.w, from = (ptrdiff_t)r * j->out.w;
        for (int q = t->columns.from; q < t->columns.to; q++) sum += x[at + j->conv.stride * q] * dy[from + q];
    }
    return sum;
}

// ---- pieces --------------------------------------------------------------------------------------------------------

static ptrdiff_t in_plane(const job *j, ptrdiff_t n, int c)
{
    return (n * j->in.c + c) * rb_ref_area(j->in);
}

static ptrdiff_t out_plane(const job *j, ptrdiff_t n, int c)
{
    return (n * j->out.c + c) * rb_ref_area(j->out);
}

static ptrdiff_t weight_at(const job *j, int o, int i, int k)
{
    return ((ptrdiff_t)o * j->in_group + i) * j->conv.kernel * j->conv.kernel + k;
}

// Planes n * out.c + o of y.
static void forward_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    const rb_ref_step *s = j->step;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        ptrdiff_t n = piece / j->out.c;
        int o = (int)(piece % j->out.c), first = o / j->out_group * j->in_group;
        double *y = s->y + out_plane(j, n, o);
        for (ptrdiff_t i = 0; i < rb_ref_area(j->out); i++) y[i] = j->conv.bias ? s->param[1][o] : 0;
        for (int k = 0; k < j->conv.kernel * j->conv.kernel; k++) {
            tap t = tap_of(j, k);
            for (int i = 0; i < j->in_group; i++)
                add_forward(j, &t, s->param[0][weight_at(j, o, i, k)], s->x[0] + in_plane(j, n, first + i), y);
        }
    }
}

// Planes n * in.c + c of dx.
static void input_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    const rb_ref_step *s = j->step;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        ptrdiff_t n = piece / j->in.c;
        int c = (int)(piece % j->in.c), i = c % j->in_group, first = c / j->in_group * j->out_group;
        double *dx = s->dx[0] + in_plane(j, n, c);
        for (int k = 0; k < j->conv.kernel * j->conv.kernel; k++) {
            tap t = tap_of(j, k);
            for (int o = first; o < first + j->out_group; o++)
                add_backward(j, &t, s->param[0][weight_at(j, o, i, k)], s->dy + out_plane(j, n, o), dx);
        }
    }
}

static double plane_sum(const double *x, ptrdiff_t area)
{
    double sum = 0;
    for (ptrdiff_t i = 0; i < area; i++) sum += x[i];
    return sum;
}

// Filters o of dw, and their biases.
static void weight_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    const rb_ref_step *s = j->step;
    for (int o = (int)from; o < (int)to; o++) {
        int first = o / j->out_group * j->in_group;
        for (int k = 0; k < j->conv.kernel * j->conv.kernel; k++) {
            tap t = tap_of(j, k);
            for (int i = 0; i < j->in_group; i++)
                for (int n = 0; n < j->batch; n++)
                    s->dparam[0][weight_at(j, o, i, k)] +=
                        dot(j, &t, s->x[0] + in_plane(j, n, first + i), s->dy + out_plane(j, n, o));
        }
        for (int n = 0; n < j->batch && j->conv.bias; n++)
            s->dparam[1][o] += plane_sum(s->dy + out_plane(j, n, o), rb_ref_area(j->out));
    }
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    job j = job_of(p, s);
    rb_parallel_for((ptrdiff_t)j.batch * j.out.c, 1, forward_piece, &j);
}

static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    job j = job_of(p, s);
    rb_parallel_for((ptrdiff_t)j.batch * j.in.c, 1, input_piece, &j);
    rb_parallel_for(j.out.c, 1, weight_piece, &j);
}

const rb_ref_op rb_ref_conv = {&rb_op_conv, forward, backward};
