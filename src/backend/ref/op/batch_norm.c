// SPDX-License-Identifier: Apache-2.0
// batch_norm.c - batch normalisation over n, h, w, channel by channel.
//
//     z = (x - mean) / sqrt(var + eps),  y = w z + b
//
// Statistics are the batch's while training (two passes, biased variance), else the running ones.
//
// Source: Ioffe & Szegedy, arXiv:1502.03167, section 3
#include "backend/ref/ref.h"

#include <math.h>

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };

typedef struct channel {
    int c, rows;
    ptrdiff_t area, stride;  // of one plane; from a row's plane to the next row's
    double mean, var, scale; // scale = 1 / sqrt(var + eps)
} channel;

static bool uses_batch(const rb_ref_plan *p, const rb_ref_step *s)
{
    return p->base.spec.mode == RB_TRAIN && !((const rb_norm *)s->node->attr)->frozen;
}

static double count_of(const channel *c)
{
    return (double)c->rows * (double)c->area;
}

// sum of (x - shift)^power, power 1 or 2
static double sum_of(const channel *c, const double *x, double shift, int power)
{
    double sum = 0;
    for (int n = 0; n < c->rows; n++) {
        const double *plane = x + n * c->stride + c->c * c->area;
        for (ptrdiff_t i = 0; i < c->area; i++) {
            double d = plane[i] - shift;
            sum += power == 1 ? d : d * d;
        }
    }
    return sum;
}

static channel channel_of(const rb_ref_plan *p, const rb_ref_step *s, int c)
{
    rb_shape shape = s->node->shape;
    channel out = {.c = c, .rows = p->feed.n, .area = rb_ref_area(shape), .stride = rb_ref_size(shape)};
    if (uses_batch(p, s)) {
        out.mean = sum_of(&out, s->x[0], 0, 1) / count_of(&out);
        out.var = sum_of(&out, s->x[0], out.mean, 2) / count_of(&out);
    } else {
        out.mean = s->param[RUNNING_MEAN][c];
        out.var = s->param[RUNNING_VAR][c];
    }
    out.scale = 1 / sqrt(out.var + ((const rb_norm *)s->node->attr)->eps);
    return out;
}

// running = (1 - momentum) running + momentum batch, with the unbiased variance where there is one.
static void remember(const rb_ref_step *s, const channel *c)
{
    double m = ((const rb_norm *)s->node->attr)->momentum, count = count_of(c);
    double unbiased = count > 1 ? c->var * count / (count - 1) : c->var;
    double *mean = &s->param[RUNNING_MEAN][c->c], *var = &s->param[RUNNING_VAR][c->c];
    *mean = (1 - m) * *mean + m * c->mean;
    *var = (1 - m) * *var + m * unbiased;
}

static void forward(const rb_ref_plan *p, const rb_ref_step *s)
{
    int channels = s->node->shape.c;
    for (int k = 0; k < channels; k++) {
        channel c = channel_of(p, s, k);
        double w = s->param[WEIGHT][k], b = s->param[BIAS][k];
        for (int n = 0; n < c.rows; n++) {
            ptrdiff_t at = n * c.stride + k * c.area;
            for (ptrdiff_t i = at; i < at + c.area; i++) s->y[i] = w * ((s->x[0][i] - c.mean) * c.scale) + b;
        }
        if (uses_batch(p, s)) remember(s, &c);
    }
    rb_ref_round(p->store, s->param[RUNNING_MEAN], channels);
    rb_ref_round(p->store, s->param[RUNNING_VAR], channels);
}

// db = sum dy,  dw = sum dy z
static void add_param_gradients(const rb_ref_step *s, const channel *c, double *db, double *dw)
{
    *db = *dw = 0;
    for (int n = 0; n < c->rows; n++) {
        ptrdiff_t at = n * c->stride + c->c * c->area;
        for (ptrdiff_t i = at; i < at + c->area; i++) {
            *db += s->dy[i];
            *dw += s->dy[i] * ((s->x[0][i] - c->mean) * c->scale);
        }
    }
    s->dparam[BIAS][c->c] += *db;
    s->dparam[WEIGHT][c->c] += *dw;
}

// dx = w / sqrt(var + eps) (dy - db / count - z dw / count); with given statistics the last two terms are not there.
static void backward(const rb_ref_plan *p, const rb_ref_step *s)
{
    for (int k = 0; k < s->node->shape.c; k++) {
        channel c = channel_of(p, s, k);
        double db, dw, share = uses_batch(p, s) ? 1 / count_of(&c) : 0, w = s->param[WEIGHT][k] * c.scale;
        add_param_gradients(s, &c, &db, &dw);
        for (int n = 0; n < c.rows; n++) {
            ptrdiff_t at = n * c.stride + k * c.area;
            for (ptrdiff_t i = at; i < at + c.area; i++) {
                double z = (s->x[0][i] - c.mean) * c.scale;
                s->dx[0][i] += w * (s->dy[i] - share * (db + z * dw));
            }
        }
    }
}

const rb_ref_op rb_ref_batch_norm = {&rb_op_batch_norm, forward, backward};
