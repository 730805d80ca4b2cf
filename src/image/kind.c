// SPDX-License-Identifier: Apache-2.0
// kind.c - what a picture file is, from its head alone.
//
// Source: PNG, RFC 2083 §4.1.1 (IHDR); JPEG, ITU-T T.81 §B.2.2 (frame header)
#include "image/image.h"

#include <string.h>

#define PNG_DEPTH 24 // offset of the bit depth; the colour type follows

static rb_image_kind png_kind(rb_bytes file)
{
    static const int channels[] = {1, 0, 3, 3, 2, 0, 4}; // by colour type; 3 is a palette
    rb_image_kind kind = {.format = "PNG"};
    if (file.size <= PNG_DEPTH + 1) return kind;
    int type = file.data[PNG_DEPTH + 1];
    kind.bits = file.data[PNG_DEPTH];
    kind.channels = type < (int)(sizeof channels / sizeof *channels) ? channels[type] : 0;
    return kind;
}

// SOF0 .. SOF15, but for the three codes among them that mean something else: DHT, JPG, DAC.
static bool begins_frame(uint8_t marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Segments are FF, marker, two bytes of length that count themselves; a frame header is precision, h, w, components.
static rb_image_kind jpeg_kind(rb_bytes file)
{
    rb_image_kind kind = {.format = "JPEG"};
    const uint8_t *d = file.data;
    for (ptrdiff_t at = 2; at + 9 < file.size && d[at] == 0xFF;) {
        if (d[at + 1] == 0xFF) { // a fill byte
            at++;
            continue;
        }
        if (begins_frame(d[at + 1])) {
            kind.bits = d[at + 4];
            kind.channels = d[at + 9];
            break;
        }
        at += 2 + (d[at + 2] << 8 | d[at + 3]);
    }
    return kind;
}

rb_image_kind rb_image_kind_of(rb_bytes file)
{
    if (file.size >= 8 && !memcmp(file.data, "\x89PNG\r\n\x1a\n", 8)) return png_kind(file);
    if (file.size >= 3 && !memcmp(file.data, "\xff\xd8\xff", 3)) return jpeg_kind(file);
    return (rb_image_kind){0};
}
