// SPDX-License-Identifier: Apache-2.0
// depthwise.c - the gradient of a depthwise convolution's weights, one filter a channel:
//
//     dw[c u v] = sum over n r q of dy[n c r q] x[n c, s r + u - p, s q + v - p]
//
// oneDNN 2.6 has no fast kernel for 5x5 filters and for small maps: its reference loops took nine tenths of an
// EfficientNet's step. Here the weights of a filter's row are sums in registers while a picture goes by. Pictures are
// summed in doubles, in slices that do not depend on the number of threads.
#include "backend/onednn/lanes.h"

#include "base/parallel.h"

#define SLICES 8

enum { X, DY, SUMS, DW };

typedef struct job {
    const void *x, *dy;
    double *sums; // [slice group tap RB_LANES]
    float *dw;    // [c tap]
    rb_lanes in, out;
    int kernel, stride, padding;
    int pictures;
} job;

typedef struct span {
    int from, to;
} span;

// Outputs whose input stride * output + shift, and the `more` behind it, lie inside 0..in.
static span inside(const job *j, int in, int out, int shift, int more)
{
    int from = shift < 0 ? (j->stride - 1 - shift) / j->stride : 0;
    int last = in - 1 - more - shift, to = last < 0 ? 0 : last / j->stride + 1;
    if (from > out) from = out; // a map smaller than the filter
    if (to > out) to = out;
    return (span){from, to > from ? to : from};
}

// ---- full groups: a row of the filter at once ----------------------------------------------------------------------

// Taps of output column q that lie inside the picture.
RB_INLINE void add_edge(int kernel, bool half, const job *j, int q, ptrdiff_t x_row, rb_floats dy, rb_floats *sum)
{
    int first = j->stride * q - j->padding;
    for (int v = 0; v < kernel; v++)
        if (first + v >= 0 && first + v < j->in.w)
            sum[v] += dy * rb_load16(j->x, x_row + (first + v) * j->in.column, half);
}

RB_INLINE void add_row(int kernel, bool half, const job *j, span whole, ptrdiff_t x_row, ptrdiff_t dy_row,
                       rb_floats *sum)
{
    for (int q = 0; q < whole.from; q++)
        add_edge(kernel, half, j, q, x_row, rb_load16(j->dy, dy_row + q * j->out.column, half), sum);
    for (int q = whole.from; q < whole.to; q++) {
        rb_floats dy = rb_load16(j->dy, dy_row + q * j->out.column, half);
        ptrdiff_t at = x_row + (j->stride * q - j->padding) * j->in.column;
        for (int v = 0; v < kernel; v++, at += j->in.column) sum[v] += dy * rb_load16(j->x, at, half);
    }
    for (int q = whole.to; q < j->out.w; q++)
        add_edge(kernel, half, j, q, x_row, rb_load16(j->dy, dy_row + q * j->out.column, half), sum);
}

RB_INLINE void add_picture(int kernel, bool half, const job *j, ptrdiff_t x_at, ptrdiff_t dy_at, double *sums)
{
    span whole = inside(j, j->in.w, j->out.w, -j->padding, kernel - 1);
    for (int u = 0; u < kernel; u++) {
        rb_floats sum[5] = {0};
        span rows = inside(j, j->in.h, j->out.h, u - j->padding, 0);
        for (int r = rows.from; r < rows.to; r++)
            add_row(kernel, half, j, whole, x_at + (j->stride * r + u - j->padding) * j->in.row, dy_at + r * j->out.row,
                    sum);
        for (int v = 0; v < kernel; v++)
            for (int k = 0; k < RB_LANES; k++) sums[(u * kernel + v) * RB_LANES + k] += (double)sum[v][k];
    }
}

// ---- any group, any filter: value by value -------------------------------------------------------------------------

static double tap_of(const job *j, int tap, ptrdiff_t x_at, ptrdiff_t dy_at)
{
    int u = tap / j->kernel - j->padding, v = tap % j->kernel - j->padding;
    span rows = inside(j, j->in.h, j->out.h, u, 0), columns = inside(j, j->in.w, j->out.w, v, 0);
    double sum = 0;
    for (int r = rows.from; r < rows.to; r++) {
        ptrdiff_t x_row = x_at + (j->stride * r + u) * j->in.row, dy_row = dy_at + r * j->out.row;
        for (int q = columns.from; q < columns.to; q++)
            sum += (double)(rb_load(j->dy, dy_row + q * j->out.column, j->out.half) *
                            rb_load(j->x, x_row + (j->stride * q + v) * j->in.column, j->in.half));
    }
    return sum;
}

static void add_narrow_picture(const job *j, ptrdiff_t x_at, ptrdiff_t dy_at, double *sums)
{
    for (int tap = 0; tap < j->kernel * j->kernel; tap++)
        for (int k = 0; k < j->in.width; k++) sums[tap * RB_LANES + k] += tap_of(j, tap, x_at + k, dy_at + k);
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static void add_any_picture(const job *j, ptrdiff_t x_at, ptrdiff_t dy_at, double *sums)
{
    bool full = j->in.width == RB_LANES, half = j->in.half;
    if (full && j->kernel == 3 && half)
        add_picture(3, true, j, x_at, dy_at, sums);
    else if (full && j->kernel == 3)
        add_picture(3, false, j, x_at, dy_at, sums);
    else if (full && j->kernel == 5 && half)
        add_picture(5, true, j, x_at, dy_at, sums);
    else if (full && j->kernel == 5)
        add_picture(5, false, j, x_at, dy_at, sums);
    else
        add_narrow_picture(j, x_at, dy_at, sums);
}

static double *sums_of(const job *j, ptrdiff_t slice, int group)
{
    return j->sums + (slice * j->in.groups + group) * j->kernel * j->kernel * RB_LANES;
}

// Piece slice * groups + group.
static void sum_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        ptrdiff_t slice = piece / j->in.groups;
        int group = (int)(piece % j->in.groups);
        double *sums = sums_of(j, slice, group);
        for (int i = 0; i < j->kernel * j->kernel * RB_LANES; i++) sums[i] = 0;
        for (ptrdiff_t n = slice * j->pictures / SLICES; n < (slice + 1) * j->pictures / SLICES; n++)
            add_any_picture(j, n * j->in.picture + group * j->in.group, n * j->out.picture + group * j->out.group,
                            sums);
    }
}

static void finish_channel(const job *j, int c)
{
    int taps = j->kernel * j->kernel, group = c / j->in.width, lane = c % j->in.width;
    for (int tap = 0; tap < taps; tap++) {
        double sum = 0;
        for (int slice = 0; slice < SLICES; slice++) sum += sums_of(j, slice, group)[tap * RB_LANES + lane];
        j->dw[(ptrdiff_t)c * taps + tap] = (float)sum;
    }
}

static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    const rb_conv *c = s->node->attr;
    job j = {.x = s->use[X]->data,
             .dy = s->use[DY]->data,
             .sums = s->use[SUMS]->data,
             .dw = s->use[DW]->data,
             .in = rb_lanes_of(&s->use[X]->md),
             .out = rb_lanes_of(&s->use[DY]->md),
             .kernel = c->kernel,
             .stride = c->stride,
             .padding = c->padding,
             .pictures = p->base.spec.batch};
    rb_parallel_for((ptrdiff_t)SLICES * j.in.groups, 1, sum_pieces, &j);
    for (int channel = 0; channel < j.in.channels; channel++) finish_channel(&j, channel);
}

bool rb_dn_is_depthwise(const rb_node *n)
{
    const rb_conv *c = n->op == &rb_op_conv ? n->attr : NULL;
    return c && c->groups > 1 && c->groups == c->filters && c->groups == n->input[0]->shape.c && !c->bias;
}

bool rb_dn_emit_depthwise_weights(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *dy)
{
    if (rb_lanes_of(&x->md).width != rb_lanes_of(&dy->md).width) {
        dnnl_memory_desc_t x_md = rb_dn_map_md(p, n->input[0]->shape, dnnl_nchw);
        dnnl_memory_desc_t dy_md = rb_dn_map_md(p, n->shape, dnnl_nchw);
        x = rb_dn_in_layout(p, RB_DN_BACKWARD, n, x, &x_md);
        dy = rb_dn_in_layout(p, RB_DN_BACKWARD, n, dy, &dy_md);
        if (!x || !dy) return false;
    }
    const rb_lanes at = rb_lanes_of(&x->md);
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_BACKWARD, n);
    s->run = run;
    s->work = RB_WORK_CONV_WEIGHTS;
    rb_dn_use(s, 0, x);
    rb_dn_use(s, 0, dy);
    rb_dn_use(
        s, 0,
        rb_dn_doubles_new(p, (ptrdiff_t)SLICES * at.groups * n->param[0]->dims[2] * n->param[0]->dims[3] * RB_LANES));
    rb_dn_use(s, 0, rb_dn_param(p, n->param[0], RB_GRAD));
    return true;
}
