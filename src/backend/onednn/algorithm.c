// SPDX-License-Identifier: Apache-2.0
// algorithm.c - which way each pass of a convolution is computed. A table and not a measurement, so that every run of
// the same configuration computes the same bits.
//
// Source: measured per shape with AVX-512 and AMX: F(4x4, 3x3) Winograd halves the time of 3x3 stride 1 layers in fp32
// and is slower than direct on maps below 4x4 and at small batches. It rounds about twice as much as direct, still at
// the level of float. On tiles bf16 weights' gradients take a half to a tenth of oneDNN's time, and fp32 wins where
// maps are small or channels many. The first convolution of a network is often the only one to see floats in planes,
// which tiles do not read.
#include "backend/onednn/onednn.h"
#include "backend/onednn/tile.h"

#define ANY   0
#define FP32  (1 << RB_FP32)
#define BF16  (1 << RB_BF16)
#define LARGE (1 << 20)

// The first that fits and can be had.
static const struct rule {
    int precisions; // set of them
    rb_work pass;   // RB_WORKS: every one
    int kernel, stride;
    int from, to;                // smaller side of the output's map
    int min_batch, min_channels; // of the input
    rb_dn_way way;
} rules[] = {
    {BF16, RB_WORK_CONV_WEIGHTS, ANY, ANY, 1, LARGE, 8, 1, RB_DN_TILES},
    {BF16, RB_WORK_CONV_DATA, 3, 2, 1, LARGE, 8, 1, RB_DN_TILES},
    {FP32, RB_WORK_CONV_WEIGHTS, 3, 2, 1, LARGE, 8, 1, RB_DN_TILES},
    {FP32, RB_WORK_CONV_DATA, 3, 2, 1, LARGE, 8, 1, RB_DN_TILES},
    {FP32 | BF16, RB_WORKS, 3, 1, 1, 7, 8, 1, RB_DN_TILES},
    {BF16, RB_WORK_CONV_FORWARD, 3, 2, 1, 7, 8, 1, RB_DN_TILES},
    {FP32, RB_WORKS, 3, 1, 8, 14, 8, 256, RB_DN_TILES},
    {FP32, RB_WORKS, 3, 1, 4, LARGE, 8, 1, RB_DN_WINOGRAD},
};

static bool fits(const struct rule *r, rb_precision precision, const rb_node *n, int batch, rb_work pass)
{
    const rb_conv *c = n->attr;
    int side = n->shape.h < n->shape.w ? n->shape.h : n->shape.w;
    return (r->precisions & 1 << precision) && (r->pass == RB_WORKS || r->pass == pass) &&
           (r->kernel == ANY || r->kernel == c->kernel) && (r->stride == ANY || r->stride == c->stride) &&
           side >= r->from && side <= r->to && batch >= r->min_batch && n->input[0]->shape.c >= r->min_channels;
}

rb_dn_way rb_dn_conv_way(const rb_dn_store *s, const rb_node *conv, int batch, rb_work pass)
{
    const rb_conv *c = conv->attr;
    if (c->groups != 1) return RB_DN_DIRECT;
    bool tiles = !c->bias && c->kernel <= RB_TILE_KERNEL && rb_dn_has_tiles();
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (fits(&rules[i], s->base.spec.precision, conv, batch, pass) && (rules[i].way != RB_DN_TILES || tiles))
            return rules[i].way;
    return RB_DN_DIRECT;
}
