// SPDX-License-Identifier: Apache-2.0
// image.h - pictures as packed 8-bit rows: decoding, orientation, resizing, encoding.
#ifndef RB_IMAGE_IMAGE_H
#define RB_IMAGE_IMAGE_H

#include "base/arena.h"

typedef struct rb_image {
    uint8_t *pixels; // [h w c], rows packed
    int h, w, c;     // c: 1 grey, 3 RGB
} rb_image;

#define RB_IMAGE_MAX_PIXELS ((int64_t)50 * 1000 * 1000)
#define RB_IMAGE_MAX_SCANS  100
#define RB_IMAGE_MAX_FILE   ((ptrdiff_t)256 << 20) // bytes of a picture file we are ready to read

// Decodes a JPEG or PNG file already in memory, upright after its EXIF orientation.
//
// Shapes:  out [H W channels], 8-bit sRGB or grey (JPEG: its Y; PNG: 0.299 R + 0.587 G + 0.114 B); 16-bit PNG is
//          reduced to 8; alpha is dropped; palettes and CMYK are converted
// Owner:   the pixels live in `a`; `file` may go once this returns
// Errors:  DATA (empty, neither kind, broken, truncated, over RB_IMAGE_MAX_PIXELS, over RB_IMAGE_MAX_SCANS,
//          more decoder memory than the cap). Limits are met before any pixel is decoded.
// Threads: any number at once, one arena each
// Source:  PNG, RFC 2083; JPEG orientation, EXIF 2.32 tag 0x0112
bool rb_image_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, rb_error *err) RB_CHECKED;

// What a file says of its samples in its head, without a pixel being decoded; what it does not say is 0.
typedef struct rb_image_kind {
    const char *format; // "JPEG", "PNG"; NULL: neither
    int channels;       // as stored: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha, or CMYK
    int bits;           // of a sample; of a palette's index
} rb_image_kind;
rb_image_kind rb_image_kind_of(rb_bytes file);

// Turns a picture of this EXIF orientation, 1..8, upright: 2 mirrors it, 4 turns it upside down and mirrors it, 3 does
// both. Pixels that move are new ones in `a`.
void rb_image_orient(rb_arena *a, rb_image *image, int orientation);

// RGB to grey in place: Y = 0.299 R + 0.587 G + 0.114 B, rounded.
void rb_image_to_grey(rb_image *image);

typedef enum rb_interpolation {
    RB_BILINEAR, // OpenCV's INTER_LINEAR: no antialiasing, 11-bit weights
    RB_NEAREST,  // OpenCV's INTER_NEAREST
    RB_AREA,     // mean over the covered source area, as INTER_AREA when shrinking; bilinear when enlarging
} rb_interpolation;
extern const char *const rb_interpolation_names[]; // NULL-ended, in the order of the enum

// Stretches `in` to out->h x out->w (set by the caller, as is out->pixels, [h w c]).
//
// Source: OpenCV 4.6 resize(), 8-bit paths; BILINEAR and NEAREST bit-exact, AREA within 1 grey level
void rb_image_resize(rb_arena *scratch, const rb_image *in, rb_interpolation how, rb_image *out);

// Encodes as baseline JPEG 4:2:0 of `quality` 1..100, or as PNG. The bytes live in `a`.
bool rb_image_encode_jpeg(rb_arena *a, const rb_image *in, int quality, rb_bytes *out, rb_error *err) RB_CHECKED;
bool rb_image_encode_png(rb_arena *a, const rb_image *in, rb_bytes *out, rb_error *err) RB_CHECKED;

#endif
