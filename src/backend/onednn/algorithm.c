// SPDX-License-Identifier: Apache-2.0
// algorithm.c - which convolution algorithm a shape gets. A table and not a measurement, so that every run of the
// same configuration computes the same bits.
//
// Source: measured per shape with AVX-512: F(4x4, 3x3) Winograd halves the time of 3x3 stride 1 layers and is slower
// than direct on maps below 4x4 and at small batches. It rounds about twice as much as direct, still at the level of
// float.
#include "backend/onednn/onednn.h"

static const struct rule {
    int kernel, stride, min_map, min_batch;
    dnnl_alg_kind_t algorithm;
} rules[] = {
    {3, 1, 4, 8, dnnl_convolution_winograd},
};

dnnl_alg_kind_t rb_dn_conv_algorithm(const rb_node *conv, int batch)
{
    const rb_conv *c = conv->attr;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (c->groups == 1 && c->kernel == r->kernel && c->stride == r->stride && conv->shape.h >= r->min_map &&
            conv->shape.w >= r->min_map && batch >= r->min_batch)
            return r->algorithm;
    }
    return dnnl_convolution_direct;
}
