// SPDX-License-Identifier: Apache-2.0
// orient.c - turns a picture upright after its EXIF orientation.
#include "image/codec.h"

#include <assert.h>
#include <string.h>

// Pixel (y, x) of the result is pixel (y, x) of the source, or (x, y) where transposed, counted from its far edges
// where flipped.
static const struct turn {
    bool transposed, flip_y, flip_x;
} turns[9] = {
    [1] = {0, 0, 0}, // upright
    [2] = {0, 0, 1}, // mirrored
    [3] = {0, 1, 1}, // upside down
    [4] = {0, 1, 0}, // upside down, mirrored
    [5] = {1, 0, 0}, // mirrored, lying on its left side
    [6] = {1, 1, 0}, // lying on its left side
    [7] = {1, 1, 1}, // mirrored, lying on its right side
    [8] = {1, 0, 1}, // lying on its right side
};

void rb_image_orient(rb_arena *a, rb_image *image, int orientation)
{
    assert(orientation >= 1 && orientation <= 8);
    if (orientation == 1) return;
    const struct turn t = turns[orientation];
    const rb_image in = *image;
    const ptrdiff_t row = (ptrdiff_t)in.w * in.c;
    const uint8_t *corner = in.pixels + (t.flip_y ? (in.h - 1) * row : 0) + (t.flip_x ? row - in.c : 0);
    const ptrdiff_t down = t.flip_y ? -row : row, right = t.flip_x ? -in.c : in.c;
    const ptrdiff_t step_y = t.transposed ? right : down, step_x = t.transposed ? down : right;

    if (t.transposed) image->h = in.w, image->w = in.h;
    image->pixels = RB_NEW(a, uint8_t, in.h * row);
    uint8_t *to = image->pixels;
    for (int y = 0; y < image->h; y++)
        for (int x = 0; x < image->w; x++, to += in.c) memcpy(to, corner + y * step_y + x * step_x, (size_t)in.c);
}
