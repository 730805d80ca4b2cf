// SPDX-License-Identifier: Apache-2.0
// random_rotate90.c - turns a picture counter-clockwise by 0, 1, 2 or 3 right angles, all as likely.
//
// One that is not square keeps its shape: it is turned by 0 or 2, as likely. (Albumentations would exchange its sides.)
//
// Source: Albumentations, RandomRotate90; numpy.rot90
#include "augment/affine_map.h"
#include "augment/augment.h"

#include <string.h>

// out[i j] is at begin + i * down + j * right of the input, in pixels.
typedef struct walk {
    ptrdiff_t begin, down, right;
} walk;

// 1: out[i j] = in[j, n-1-i]; 2: out[i j] = in[h-1-i, w-1-j]; 3: out[i j] = in[n-1-j, i]
static walk walk_of(int turns, ptrdiff_t h, ptrdiff_t w)
{
    switch (turns) {
    case 1:
        return (walk){w - 1, -1, w};
    case 2:
        return (walk){h * w - 1, -w, -1};
    case 3:
        return (walk){(h - 1) * w, 1, -w};
    default:
        return (walk){0, w, 1};
    }
}

static inline void move(const rb_image *in, walk k, int c, uint8_t *out)
{
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++, out += c)
            memcpy(out, in->pixels + (k.begin + i * k.down + j * k.right) * c, (size_t)c);
}

static int draw_turns(rb_rng *random, int h, int w)
{
    int turns = rb_rng_below(random, 4);
    return h == w ? turns : turns & 2;
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg;
    int turns = draw_turns(random, image->h, image->w);
    if (!turns) return;
    uint8_t *out = RB_NEW(scratch, uint8_t, (ptrdiff_t)image->h * image->w * image->c);
    walk k = walk_of(turns, image->h, image->w);
    if (image->c == 3) // a constant number of bytes is moved without a call
        move(image, k, 3, out);
    else if (image->c == 1)
        move(image, k, 1, out);
    else
        move(image, k, image->c, out);
    image->pixels = out;
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    (void)cfg;
    static const int cosine[] = {1, 0, -1, 0}, sine[] = {0, 1, 0, -1};
    int turns = draw_turns(random, h, w), c = cosine[turns], s = sine[turns];
    return rb_affine_warp(scratch, rb_affine_about_centre(c, -s, s, c, h, w, 0, 0));
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_random_rotate90 = {
    .name = "RandomRotate90",
    .help = "turn by a multiple of 90 degrees",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
    .warp = warp,
};
