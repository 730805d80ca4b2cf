// SPDX-License-Identifier: Apache-2.0
// remap.h - a picture sampled elsewhere: what rotations and distortions share.
#ifndef RB_AUGMENT_REMAP_H
#define RB_AUGMENT_REMAP_H

#include "augment/pixel.h"
#include "image/image.h"

// Places beyond this many pixels (2^20) are held at it, so that every one has an index.
#define RB_FARTHEST 1048576.0f
static inline float rb_held(float at)
{
    float below = at > -RB_FARTHEST ? at : -RB_FARTHEST; // no number at all goes here too
    return below < RB_FARTHEST ? below : RB_FARTHEST;
}

static inline float rb_between(float p, float q, float part)
{
    return p + part * (q - p);
}

// Says where the pixels of one row come from: x[j], y[j] in pixels, centres at whole numbers.
typedef void rb_remap_row(const void *context, int row, int width, float *x, float *y);

// Where every pixel comes from.
typedef struct rb_warp {
    rb_remap_row *row;
    const void *context;
} rb_warp;

// Replaces the picture by one sampled bilinearly at those places, mirrored about its end pixels:
//
//     out[i j] = (1-v) ((1-u) in[b a] + u in[b a+1]) + v ((1-u) in[b+1 a] + u in[b+1 a+1]),  a + u = x, b + v = y
//
// in float, evaluated as p + u (q - p), then rounded half to even. OpenCV's remap has places rounded to 1/32 pixel.
//
// Owner: the new pixels live in `scratch`
void rb_remap(rb_arena *scratch, rb_image *image, rb_warp warp);

#endif
