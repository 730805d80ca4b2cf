// SPDX-License-Identifier: Apache-2.0
// lanes.h - activations as groups of neighbouring channels, whatever oneDNN's layout: how kernels of ours walk them.
//
// A group is up to RB_LANES channels that lie side by side for each pixel: a block of nChw16c or nChw8c, a slice of
// nhwc, one channel of nchw. A full group is one rb_floats a pixel; narrower ones go value by value.
#ifndef RB_BACKEND_ONEDNN_LANES_H
#define RB_BACKEND_ONEDNN_LANES_H

#include "backend/onednn/half.h"
#include "backend/onednn/onednn.h"

#include <math.h>

#define RB_LANES 16

typedef struct rb_lanes {
    int channels, groups, width;           // width: lanes of a group
    int h, w;                              // pixels
    ptrdiff_t picture, group, row, column; // strides, in values
    bool half;                             // values are bfloat16
} rb_lanes;

static inline rb_lanes rb_lanes_of(const dnnl_memory_desc_t *md)
{
    const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
    int channels = (int)md->dims[1], width = b->inner_nblks ? (int)b->inner_blks[0] : 1;
    if (!b->inner_nblks && b->strides[1] == 1 && channels % RB_LANES == 0) width = RB_LANES; // nhwc
    ptrdiff_t group = b->inner_nblks ? b->strides[1] : b->strides[1] * width;
    return (rb_lanes){.channels = channels,
                      .groups = (channels + width - 1) / width,
                      .width = width,
                      .h = (int)md->dims[2],
                      .w = (int)md->dims[3],
                      .picture = b->strides[0],
                      .group = group,
                      .row = b->strides[2],
                      .column = b->strides[3],
                      .half = md->data_type == dnnl_bf16};
}

// How many groups of pictures are worth waking another thread for.
static inline ptrdiff_t rb_lanes_grain(const rb_lanes *l)
{
    return 1 + 16384 / ((ptrdiff_t)l->h * l->w * l->width);
}

// One value for each channel, in lanes of a group; lanes beyond the last channel are 0, as oneDNN wants its padding.
static inline void rb_lanes_load(const rb_lanes *l, int group, const float *by_channel, float out[RB_LANES])
{
    for (int k = 0; k < RB_LANES; k++) {
        int c = group * l->width + k;
        out[k] = k < l->width && c < l->channels ? by_channel[c] : 0;
    }
}

// Calls wide(half, ...) on full groups and narrow(width, half, ...) on others, `half` as a constant. Both are
// RB_INLINE.
#define RB_FOR_LANES(lanes, wide, narrow, ...) \
    do { \
        if ((lanes)->width == RB_LANES && (lanes)->half) \
            wide(true, __VA_ARGS__); \
        else if ((lanes)->width == RB_LANES) \
            wide(false, __VA_ARGS__); \
        else \
            narrow((lanes)->width, (lanes)->half, __VA_ARGS__); \
    } while (0)

// ---- norm_forward.c, norm_backward.c -------------------------------------------------------------------------------

// mean, var [c] of x over batch, h and w; the running statistics of batch normalisation `n` move along.
void rb_dn_emit_statistics(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *mean, rb_dn_tensor *var);

// y = (x - mean) / sqrt(var + eps) * weight + bias, then the activation
void rb_dn_emit_normalise(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *mean,
                          rb_dn_tensor *var, rb_dn_activation activation, rb_dn_tensor *y);

// What a channel is multiplied with: forward and backward must agree on the last bit, for backward finds again on which
// side of 0 a ReLU's input was.
static inline float rb_norm_scale(const rb_node *norm, float weight, float var)
{
    return (float)((double)weight / sqrt((double)var + ((const rb_norm *)norm->attr)->eps));
}

// Gradients of weight and bias, and of x into dx. Slope or gate of the activation are found again from x: y may be gone
// by then. Where statistics stand still (`constant`) they have no gradient.
typedef struct rb_dn_norm_gradient {
    rb_dn_tensor *x, *mean, *var, *dy, *dx;
    rb_dn_activation activation;
    bool constant;
} rb_dn_norm_gradient;
void rb_dn_emit_norm_gradient(rb_dn_plan *p, const rb_node *n, const rb_dn_norm_gradient *g);

#endif
