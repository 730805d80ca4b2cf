// SPDX-License-Identifier: Apache-2.0
// vertical_flip.c - mirrors a picture top to bottom.
//
// Source: Albumentations, VerticalFlip
#include "augment/affine_map.h"
#include "augment/augment.h"

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch;
    ptrdiff_t row = (ptrdiff_t)image->w * image->c;
    uint8_t *top = image->pixels, *bottom = image->pixels + (image->h - 1) * row;
    for (; top < bottom; top += row, bottom -= row)
        for (ptrdiff_t j = 0; j < row; j++) {
            uint8_t kept = top[j];
            top[j] = bottom[j];
            bottom[j] = kept;
        }
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    (void)cfg, (void)random;
    return rb_affine_warp(scratch, rb_affine_about_centre(1, 0, 0, -1, h, w, 0, 0));
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_vertical_flip = {
    .name = "VerticalFlip",
    .help = "mirror top to bottom",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
    .warp = warp,
};
