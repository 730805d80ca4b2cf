// SPDX-License-Identifier: Apache-2.0
// to_gray.c - puts the grey level of a pixel into its three channels. Grey pictures stay as they are.
//
// Source: Albumentations 1.x, ToGray; OpenCV, 8-bit RGB2GRAY (0.299, 0.587, 0.114 in 15 bits)
#include "augment/augment.h"

#define BITS 15

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch;
    if (image->c != 3) return;
    ptrdiff_t count = (ptrdiff_t)image->h * image->w;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t *at = image->pixels + 3 * i;
        int grey = (9798 * at[0] + 19235 * at[1] + 3735 * at[2] + (1 << (BITS - 1))) >> BITS;
        at[0] = at[1] = at[2] = (uint8_t)grey;
    }
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_to_gray = {
    .name = "ToGray",
    .help = "take the colour away",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
};
