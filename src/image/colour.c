// SPDX-License-Identifier: Apache-2.0
// colour.c - the two conversions that the codec libraries leave to us.
#include "image/codec.h"

// Y = 0.299 R + 0.587 G + 0.114 B, rounded (ITU-R BT.601).
void rb_image_to_grey(rb_image *image)
{
    const uint8_t *rgb = image->pixels;
    const ptrdiff_t n = (ptrdiff_t)image->h * image->w;
    for (ptrdiff_t i = 0; i < n; i++, rgb += 3)
        image->pixels[i] = (uint8_t)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    image->c = 1;
}

// R = (1 - C) (1 - K) and so on, in 255ths, rounded.
void rb_cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int n)
{
    for (int i = 0; i < n; i++, cmyk += 4, rgb += 3)
        for (int k = 0; k < 3; k++) rgb[k] = (uint8_t)(((255 - cmyk[k]) * (255 - cmyk[3]) + 127) / 255);
}
