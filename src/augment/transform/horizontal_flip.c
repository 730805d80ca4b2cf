// SPDX-License-Identifier: Apache-2.0
// horizontal_flip.c - mirrors a picture left to right.
//
// Source: Albumentations, HorizontalFlip
#include "augment/affine_map.h"
#include "augment/augment.h"

#include <string.h>

// Four bytes are moved for a pixel of three: the fourth is the first of the next, which then takes its place.
static void reverse_colours(const uint8_t *restrict from, int w, uint8_t *restrict to)
{
    memcpy(to, from + 3 * (w - 1), 3);
    for (int j = 1; j < w; j++) memcpy(to + 3 * j, from + 3 * (w - 1 - j), 4);
}

static void reverse(const uint8_t *restrict from, int w, int c, uint8_t *restrict to)
{
    for (int j = 0; j < w; j++)
        for (int k = 0; k < c; k++) to[j * c + k] = from[(w - 1 - j) * c + k];
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random;
    ptrdiff_t row = (ptrdiff_t)image->w * image->c;
    uint8_t *line = RB_NEW(scratch, uint8_t, row + 1);
    for (int y = 0; y < image->h; y++) {
        uint8_t *at = image->pixels + y * row;
        if (image->c == 3)
            reverse_colours(at, image->w, line);
        else
            reverse(at, image->w, image->c, line);
        memcpy(at, line, (size_t)row);
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
