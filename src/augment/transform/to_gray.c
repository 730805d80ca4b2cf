// SPDX-License-Identifier: Apache-2.0
// to_gray.c - puts the grey level of a pixel into its three channels. Grey pictures stay as they are.
//
// Source: Albumentations 1.x, ToGray; OpenCV, 8-bit RGB2GRAY (0.299, 0.587, 0.114 in 15 bits)
#include "augment/augment.h"

#define BITS  15
#define BLOCK 256

// In two loops, which compilers can vectorise.
static void make_grey(uint8_t *restrict at, int n)
{
    uint8_t grey[BLOCK];
    for (int i = 0; i < n; i++)
        grey[i] =
            (uint8_t)((9798 * at[3 * i] + 19235 * at[3 * i + 1] + 3735 * at[3 * i + 2] + (1 << (BITS - 1))) >> BITS);
    for (int i = 0; i < n; i++) at[3 * i] = at[3 * i + 1] = at[3 * i + 2] = grey[i];
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch;
    if (image->c != 3) return;
    ptrdiff_t count = (ptrdiff_t)image->h * image->w;
    for (ptrdiff_t i = 0; i < count; i += BLOCK)
        make_grey(image->pixels + 3 * i, (int)(count - i < BLOCK ? count - i : BLOCK));
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_to_gray = {
    .name = "ToGray",
    .help = "take the colour away",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
};
