// SPDX-License-Identifier: Apache-2.0
#include "augment/affine_map.h"

rb_affine rb_affine_about_centre(double xx, double xy, double yx, double yy, int h, int w, double right, double down)
{
    double cx = (w - 1) / 2.0, cy = (h - 1) / 2.0;
    return (rb_affine){xx, xy, yx, yy, cx + right, cy + down, cx, cy};
}

static void row(const void *context, int i, int width, float *x, float *y)
{
    const rb_affine m = *(const rb_affine *)context;
    for (int j = 0; j < width; j++) rb_affine_place(&m, j, i, &x[j], &y[j]);
}

rb_warp rb_affine_warp(rb_arena *scratch, rb_affine map)
{
    rb_affine *kept = RB_NEW(scratch, rb_affine, 1);
    *kept = map;
    return (rb_warp){row, kept};
}
