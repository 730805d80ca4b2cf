// SPDX-License-Identifier: Apache-2.0
// horizontal_flip.c - mirrors a picture left to right.
//
// Source: Albumentations, HorizontalFlip
#include "augment/affine_map.h"
#include "augment/augment.h"

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch;
    for (int y = 0; y < image->h; y++) {
        uint8_t *left = image->pixels + (ptrdiff_t)y * image->w * image->c, *right = left + (image->w - 1) * image->c;
        for (; left < right; left += image->c, right -= image->c)
            for (int k = 0; k < image->c; k++) {
                uint8_t kept = left[k];
                left[k] = right[k];
                right[k] = kept;
            }
    }
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    (void)cfg, (void)random;
    return rb_affine_warp(scratch, rb_affine_about_centre(-1, 0, 0, 1, h, w, 0, 0));
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_horizontal_flip = {
    .name = "HorizontalFlip",
    .help = "mirror left to right",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
    .warp = warp,
};
