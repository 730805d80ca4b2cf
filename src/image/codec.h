// SPDX-License-Identifier: Apache-2.0
// codec.h - what the files of the image module share; private to it.
#ifndef RB_IMAGE_CODEC_H
#define RB_IMAGE_CODEC_H

#include "image/image.h"

// Each decodes a whole file to the wanted number of channels, not yet upright; `orientation` is the EXIF tag, 1..8.
bool rb_jpeg_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, int *orientation,
                    rb_error *err) RB_CHECKED;
bool rb_png_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, int *orientation, rb_error *err) RB_CHECKED;

// The limits on pixels, met before any of them gets memory: how many there may be at all, and that `file` is not
// shorter than the `least_bytes` that so many take in its format. Errors: DATA
bool rb_image_fits(int64_t w, int64_t h, int64_t least_bytes, rb_bytes file, rb_error *err) RB_CHECKED;

// The orientation tag of a TIFF structure, as EXIF embeds it; 1 (upright) if there is none or it makes no sense.
int rb_exif_orientation(rb_bytes tiff);

// Inks (0: none, 255: full) to light: `cmyk` has n x 4 bytes, `rgb` n x 3.
void rb_cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int n);

// Bilinear with 2 taps and area with many, behind rb_image_resize.
void rb_resize_bilinear(rb_arena *scratch, const rb_image *in, rb_image *out);
void rb_resize_area(rb_arena *scratch, const rb_image *in, rb_image *out);

// Bytes that grow in an arena while an encoder writes.
typedef struct rb_sink {
    rb_arena *arena;
    uint8_t *data;
    ptrdiff_t size, room;
} rb_sink;

// Makes room for at least `more` bytes after the `size` first.
void rb_sink_grow(rb_sink *s, ptrdiff_t more);

#endif
