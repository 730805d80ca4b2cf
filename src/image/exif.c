// SPDX-License-Identifier: Apache-2.0
// exif.c - the orientation tag of EXIF data: a TIFF structure in either byte order.
//
// Only the first directory is read and no link to another is followed, so that no loop can hold us.
//
// Source: EXIF 2.32 §4.6 (tag 0x0112); TIFF 6.0 §2
#include "image/codec.h"

#define HEAD_BYTES  8
#define ENTRY_BYTES 12
#define ORIENTATION 0x0112
#define TYPE_SHORT  3

typedef struct reader {
    rb_bytes from;
    bool big_endian;
} reader;

static uint32_t read_uint(reader r, ptrdiff_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | r.from.data[r.big_endian ? at + i : at + bytes - 1 - i];
    return value;
}

static bool has_head(reader r)
{
    const uint8_t *d = r.from.data;
    bool ordered = r.from.size >= HEAD_BYTES && d[0] == d[1] && (d[0] == 'M' || d[0] == 'I');
    return ordered && read_uint(r, 2, 2) == 42;
}

int rb_exif_orientation(rb_bytes tiff)
{
    reader r = {tiff, tiff.size > 0 && tiff.data[0] == 'M'};
    if (!has_head(r)) return 1;
    ptrdiff_t at = read_uint(r, 4, 4);
    if (at > tiff.size - 2) return 1;
    int entries = (int)read_uint(r, at, 2);
    at += 2;
    for (int i = 0; i < entries && at <= tiff.size - ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        if (read_uint(r, at, 2) != ORIENTATION) continue;
        uint32_t value = read_uint(r, at + 8, 2);
        return read_uint(r, at + 2, 2) == TYPE_SHORT && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}
