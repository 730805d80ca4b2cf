// SPDX-License-Identifier: Apache-2.0
// lanes.h - activations as groups of neighbouring channels, whatever oneDNN's layout: how kernels of ours walk them.
//
// A group is up to RB_LANES channels that lie side by side for each pixel: a block of nChw16c or nChw8c, a slice of
// nhwc, one channel of nchw. A full group is one rb_floats a pixel; narrower ones go value by value.
#ifndef RB_BACKEND_ONEDNN_LANES_H
#define RB_BACKEND_ONEDNN_LANES_H

#include "backend/onednn/half.h"
#include "backend/onednn/onednn.h"

#include "base/parallel.h"

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
    bool flat = !b->inner_nblks && b->strides[1] == 1; // nhwc
    if (flat && channels % RB_LANES == 0) width = RB_LANES;
    if (flat && channels % RB_LANES == RB_LANES / 2) width = RB_LANES / 2;
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

// A piece of work is a bundle of groups of one picture, walked together in short runs of pixels: where the groups of a
// pixel lie side by side, each line of the cache is then fetched once and not for every group.
#define RB_LANES_BUNDLE 8
#define RB_LANES_RUN    32 // pixels

typedef struct rb_lanes_piece {
    ptrdiff_t picture;
    int first, last; // groups, behind the last
} rb_lanes_piece;

static inline int rb_lanes_bundle(const rb_lanes *l)
{
    bool side_by_side = l->group < l->column;
    return !side_by_side ? 1 : l->groups < RB_LANES_BUNDLE ? l->groups : RB_LANES_BUNDLE;
}

static inline ptrdiff_t rb_lanes_pieces(const rb_lanes *l, int pictures)
{
    int bundle = rb_lanes_bundle(l);
    return (ptrdiff_t)pictures * ((l->groups + bundle - 1) / bundle);
}

static inline rb_lanes_piece rb_lanes_piece_of(const rb_lanes *l, ptrdiff_t piece)
{
    int bundle = rb_lanes_bundle(l), bundles = (l->groups + bundle - 1) / bundle;
    int first = (int)(piece % bundles) * bundle, last = first + bundle;
    return (rb_lanes_piece){piece / bundles, first, last < l->groups ? last : l->groups};
}

// Whether threads can share a map by bundles alone, each taking its own through all pictures: what belongs to a channel
// is then finished by the thread that has just seen it, and found in its cache. The sums are the same either way.
static inline bool rb_lanes_by_bundle(const rb_lanes *l)
{
    return rb_lanes_pieces(l, 1) >= 2 * (ptrdiff_t)rb_parallel_size();
}

static inline int rb_lanes_channels(const rb_lanes *l, int group) // up to the end of one before `group`
{
    return group * l->width < l->channels ? group * l->width : l->channels;
}

// Two sums of each lane of a group over all pictures, from [picture group 2 RB_LANES].
static inline void rb_lanes_total(const rb_lanes *l, const double *sums, int pictures, int group, double *total)
{
    for (int k = 0; k < 2 * RB_LANES; k++) total[k] = 0;
    for (int i = 0; i < pictures; i++) {
        const double *more = sums + ((ptrdiff_t)i * l->groups + group) * 2 * RB_LANES;
        for (int k = 0; k < 2 * RB_LANES; k++) total[k] += more[k];
    }
}

// How many pieces are worth waking another thread for.
static inline ptrdiff_t rb_lanes_grain(const rb_lanes *l)
{
    return 1 + 16384 / ((ptrdiff_t)l->h * l->w * l->width * rb_lanes_bundle(l));
}

// Calls body(..., at, count, group) on runs of `count` pixels of a piece; `at` is the first one's place in the map.
#define RB_FOR_RUNS(l, piece, body, ...) \
    for (int run_ = 0, pixels_ = (l)->h * (l)->w; run_ < pixels_; run_ += RB_LANES_RUN) \
        for (int group_ = (piece).first; group_ < (piece).last; group_++) \
    body(__VA_ARGS__, (piece).picture *(l)->picture + group_ * (l)->group + run_ * (l)->column, \
         pixels_ - run_ < RB_LANES_RUN ? pixels_ - run_ : RB_LANES_RUN, group_ - (piece).first)

// One value for each channel, in lanes of a group; lanes beyond the last channel are 0, as oneDNN wants its padding.
static inline void rb_lanes_load(const rb_lanes *l, int group, const float *by_channel, float out[RB_LANES])
{
    for (int k = 0; k < RB_LANES; k++) {
        int c = group * l->width + k;
        out[k] = k < l->width && c < l->channels ? by_channel[c] : 0;
    }
}

// Calls wide(half, ...) on full groups and narrow(width, half, ...) on others, `half` and the width of half a group as
// constants. Both are RB_INLINE.
#define RB_FOR_LANES(lanes, wide, narrow, ...) \
    do { \
        switch (2 * (lanes)->width + (lanes)->half) { \
        case 2 * RB_LANES + 1: \
            wide(true, __VA_ARGS__); \
            break; \
        case 2 * RB_LANES: \
            wide(false, __VA_ARGS__); \
            break; \
        case RB_LANES + 1: \
            narrow(RB_LANES / 2, true, __VA_ARGS__); \
            break; \
        case RB_LANES: \
            narrow(RB_LANES / 2, false, __VA_ARGS__); \
            break; \
        default: \
            narrow((lanes)->width, (lanes)->half, __VA_ARGS__); \
            break; \
        } \
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
