// SPDX-License-Identifier: Apache-2.0
// norm_forward.c - batch normalisation: statistics of a batch, and what they make of it.
//
// One pass for the statistics: sums of d and d² with d = x - pivot, where the pivot is some value of the channel, so
// that the difference of the two sums loses nothing to a large mean. A run of pixels is summed in floats, the runs
// in doubles: more exact than oneDNN's own float sums, and a pass less. Every picture's sums are kept apart until the
// end, which makes the result the same for any number of threads.
//
// Source: Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983, shifted data
#include "backend/onednn/lanes.h"
#include "backend/onednn/sigmoid.h"

// ---- statistics ---------------------------------------------------------------------------------------------------

enum { X, SUMS, MEAN, VAR, RUNNING_MEAN, RUNNING_VAR };

typedef struct sum_job {
    const rb_dn_step *step;
    const void *x;
    double *sums; // [picture group 2 RB_LANES]
    rb_lanes at;
    int pictures;
} sum_job;

RB_INLINE void sum_row(bool half, const sum_job *j, ptrdiff_t at, int count, const float *pivot, double *sums)
{
    rb_floats s = {0}, q = {0}, zero = rb_load16(pivot, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column) {
        rb_floats d = rb_load16(j->x, at, half) - zero;
        s += d;
        q += d * d;
    }
    for (int k = 0; k < RB_LANES; k++) {
        sums[k] += (double)s[k];
        sums[RB_LANES + k] += (double)q[k];
    }
}

RB_INLINE void sum_narrow_row(int width, bool half, const sum_job *j, ptrdiff_t at, int count, const float *pivot,
                              double *sums)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++) {
            double d = (double)(rb_load(j->x, at + k, half) - pivot[k]);
            sums[k] += d;
            sums[RB_LANES + k] += d * d;
        }
}

typedef float pivots[RB_LANES_BUNDLE][RB_LANES];

static void add_sums(const sum_job *j, const pivots pivot, double *sums, ptrdiff_t at, int count, int k)
{
    RB_FOR_LANES(&j->at, sum_row, sum_narrow_row, j, at, count, pivot[k], sums + k * 2 * RB_LANES);
}

static void sum_piece(const sum_job *j, ptrdiff_t i)
{
    rb_lanes_piece piece = rb_lanes_piece_of(&j->at, i);
    double *sums = j->sums + (piece.picture * j->at.groups + piece.first) * 2 * RB_LANES;
    pivots pivot;
    for (int g = piece.first; g < piece.last; g++)
        for (int k = 0; k < j->at.width; k++)
            pivot[g - piece.first][k] = rb_load(j->x, g * j->at.group + k, j->at.half);
    for (int k = 0; k < (piece.last - piece.first) * 2 * RB_LANES; k++) sums[k] = 0;
    RB_FOR_RUNS(&j->at, piece, add_sums, j, pivot, sums);
}

static void sum_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t i = from; i < to; i++) sum_piece(context, i);
}

static void finish_channel(const sum_job *j, int c, double sum, double squares)
{
    const rb_dn_step *s = j->step;
    double momentum = ((const rb_norm *)s->node->attr)->momentum, count = (double)j->pictures * j->at.h * j->at.w;
    ptrdiff_t first = c / j->at.width * j->at.group + c % j->at.width;
    double pivot = (double)rb_load(j->x, first, j->at.half), shift = sum / count;
    double mean = pivot + shift, var = fmax(squares / count - shift * shift, 0);
    double unbiased = count > 1 ? var * count / (count - 1) : var;
    float *running_mean = s->use[RUNNING_MEAN]->data, *running_var = s->use[RUNNING_VAR]->data;
    ((float *)s->use[MEAN]->data)[c] = (float)mean;
    ((float *)s->use[VAR]->data)[c] = (float)var;
    running_mean[c] = (float)((1 - momentum) * (double)running_mean[c] + momentum * mean);
    running_var[c] = (float)((1 - momentum) * (double)running_var[c] + momentum * unbiased);
}

static void finish_group(const sum_job *j, int group)
{
    double total[2 * RB_LANES];
    int first = rb_lanes_channels(&j->at, group), last = rb_lanes_channels(&j->at, group + 1);
    rb_lanes_total(&j->at, j->sums, j->pictures, group, total);
    for (int c = first; c < last; c++) finish_channel(j, c, total[c - first], total[RB_LANES + c - first]);
}

static void bundle_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const sum_job *j = context;
    ptrdiff_t bundles = rb_lanes_pieces(&j->at, 1);
    for (ptrdiff_t i = from; i < to; i++) {
        for (int n = 0; n < j->pictures; n++) sum_piece(j, n * bundles + i);
        rb_lanes_piece piece = rb_lanes_piece_of(&j->at, i);
        for (int g = piece.first; g < piece.last; g++) finish_group(j, g);
    }
}

static void run_statistics(const rb_dn_step *s, rb_dn_plan *p)
{
    int pictures = p->base.spec.batch;
    sum_job j = {s, s->use[X]->data, s->use[SUMS]->data, rb_lanes_of(&s->use[X]->md), pictures};
    if (rb_lanes_by_bundle(&j.at)) {
        rb_parallel_for(rb_lanes_pieces(&j.at, 1), 1, bundle_pieces, &j);
    } else {
        rb_parallel_for(rb_lanes_pieces(&j.at, pictures), rb_lanes_grain(&j.at), sum_pieces, &j);
        for (int g = 0; g < j.at.groups; g++) finish_group(&j, g);
    }
    p->store->base.version++; // running statistics are folded into weights at evaluation
}

void rb_dn_emit_statistics(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *mean, rb_dn_tensor *var)
{
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, n);
    s->run = run_statistics;
    s->work = RB_WORK_NORM;
    rb_dn_use(s, 0, x);
    rb_dn_use(s, 0, rb_dn_doubles_new(p, (ptrdiff_t)p->base.spec.batch * rb_lanes_of(&x->md).groups * 2 * RB_LANES));
    rb_dn_use(s, 0, mean);
    rb_dn_use(s, 0, var);
    rb_dn_use(s, 0, rb_dn_param(p, n->param[2], RB_VALUE));
    rb_dn_use(s, 0, rb_dn_param(p, n->param[3], RB_VALUE));
}

// ---- normalising --------------------------------------------------------------------------------------------------

enum { N_X, N_MEAN, N_VAR, N_WEIGHT, N_BIAS, N_Y };

// What a step keeps beside its tensors.
typedef struct normalise {
    float *scale; // [c] room for weight / sqrt(var + eps)
    rb_dn_activation activation;
} normalise;

typedef struct apply_job {
    const void *x;
    void *y;
    const float *mean, *bias;
    const float *scale; // weight / sqrt(var + eps)
    rb_dn_activation activation;
    rb_lanes at;
} apply_job;

typedef struct line {
    float mean[RB_LANES], scale[RB_LANES], bias[RB_LANES];
} line;

RB_INLINE void apply_row(bool half, rb_dn_activation activation, const apply_job *j, ptrdiff_t at, int count,
                         const line *l)
{
    rb_floats mean = rb_load16(l->mean, 0, false), scale = rb_load16(l->scale, 0, false);
    rb_floats bias = rb_load16(l->bias, 0, false);
    for (int i = 0; i < count; i++, at += j->at.column) {
        rb_floats v = (rb_load16(j->x, at, half) - mean) * scale + bias;
        if (activation == RB_DN_RELU) v = rb_where(~(v < 0), v);
        if (activation == RB_DN_SILU) v *= rb_sigmoid16(v);
        rb_store16(j->y, at, v, half);
    }
}

RB_INLINE void apply_narrow_row(int width, bool half, rb_dn_activation activation, const apply_job *j, ptrdiff_t at,
                                int count, const line *l)
{
    for (int i = 0; i < count; i++, at += j->at.column)
        for (int k = 0; k < width; k++) {
            float v = (rb_load(j->x, at + k, half) - l->mean[k]) * l->scale[k] + l->bias[k];
            if (activation == RB_DN_RELU && v < 0) v = 0;
            if (activation == RB_DN_SILU) v *= rb_sigmoid1(v);
            rb_store_value(j->y, at + k, v, half);
        }
}

// Each activation as a constant: loops of their own.
static void apply(const apply_job *j, const line *lines, ptrdiff_t at, int count, int k)
{
    const line *l = &lines[k];
    switch (j->activation) {
    case RB_DN_IDENTITY:
        RB_FOR_LANES(&j->at, apply_row, apply_narrow_row, RB_DN_IDENTITY, j, at, count, l);
        break;
    case RB_DN_RELU:
        RB_FOR_LANES(&j->at, apply_row, apply_narrow_row, RB_DN_RELU, j, at, count, l);
        break;
    case RB_DN_SILU:
        RB_FOR_LANES(&j->at, apply_row, apply_narrow_row, RB_DN_SILU, j, at, count, l);
        break;
    }
}

static void apply_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const apply_job *j = context;
    for (ptrdiff_t i = from; i < to; i++) {
        rb_lanes_piece piece = rb_lanes_piece_of(&j->at, i);
        line lines[RB_LANES_BUNDLE];
        for (int g = piece.first; g < piece.last; g++) {
            line *l = &lines[g - piece.first];
            rb_lanes_load(&j->at, g, j->mean, l->mean);
            rb_lanes_load(&j->at, g, j->scale, l->scale);
            rb_lanes_load(&j->at, g, j->bias, l->bias);
        }
        RB_FOR_RUNS(&j->at, piece, apply, j, lines);
    }
}

static void run_normalise(const rb_dn_step *s, rb_dn_plan *p)
{
    const float *var = s->use[N_VAR]->data, *weight = s->use[N_WEIGHT]->data;
    const normalise *a = s->attr;
    apply_job j = {.x = s->use[N_X]->data,
                   .mean = s->use[N_MEAN]->data,
                   .bias = s->use[N_BIAS]->data,
                   .scale = a->scale,
                   .y = s->use[N_Y]->data,
                   .activation = a->activation,
                   .at = rb_lanes_of(&s->use[N_X]->md)};
    for (int c = 0; c < j.at.channels; c++) a->scale[c] = rb_norm_scale(s->node, weight[c], var[c]);
    rb_parallel_for(rb_lanes_pieces(&j.at, p->base.spec.batch), rb_lanes_grain(&j.at), apply_pieces, &j);
}

void rb_dn_emit_normalise(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *mean,
                          rb_dn_tensor *var, rb_dn_activation activation, rb_dn_tensor *y)
{
    normalise *a = RB_NEW(p->arena, normalise, 1);
    *a = (normalise){RB_NEW(p->arena, float, n->shape.c), activation};
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run_normalise;
    s->work = RB_WORK_NORM;
    s->attr = a;
    rb_dn_tensor *uses[] = {x, mean, var, rb_dn_param(p, n->param[0], RB_VALUE), rb_dn_param(p, n->param[1], RB_VALUE),
                            y};
    for (int i = 0; i <= N_Y; i++) rb_dn_use(s, 0, uses[i]);
}
