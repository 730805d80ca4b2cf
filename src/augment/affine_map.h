// SPDX-License-Identifier: Apache-2.0
// affine_map.h - the affine maps of a picture: what turning, scaling, shearing and shifting come to.
#ifndef RB_AUGMENT_AFFINE_MAP_H
#define RB_AUGMENT_AFFINE_MAP_H

#include "augment/remap.h"

// Where out[i j] comes from:
//
//     x = x0 + (j-cx) xx + (i-cy) xy,  y = y0 + (j-cx) yx + (i-cy) yy
typedef struct rb_affine {
    double xx, xy, yx, yy;
    double cx, cy, x0, y0;
} rb_affine;

// About the centre of the pixels, ((w-1)/2, (h-1)/2), which comes to lie (right, down) of it.
rb_affine rb_affine_about_centre(double xx, double xy, double yx, double yy, int h, int w, double right, double down);

static inline void rb_affine_place(const rb_affine *m, double j, double i, float *x, float *y)
{
    double right = j - m->cx, down = i - m->cy;
    *x = (float)(m->x0 + right * m->xx + down * m->xy);
    *y = (float)(m->y0 + right * m->yx + down * m->yy);
}

// Owner: the context of the warp lives in `scratch`
rb_warp rb_affine_warp(rb_arena *scratch, rb_affine map);

#endif
