// SPDX-License-Identifier: Apache-2.0
// zip.h - the table of a zip archive in memory whose members are stored, not compressed: what torch.save writes.
#ifndef RB_WEIGHTS_ZIP_H
#define RB_WEIGHTS_ZIP_H

#include "base/arena.h"

typedef struct rb_zip_member {
    rb_bytes name;        // in the file; no zero byte follows it
    rb_bytes data;        // in the file, if `problem` is NULL
    const uint8_t *begin; // of its local header
    uint32_t crc;
    bool sound;          // rb_zip_check has found the checksum right
    const char *problem; // why it cannot be read: compressed or encrypted
} rb_zip_member;

typedef struct rb_zip {
    rb_zip_member *member; // sorted by name
    int count;
} rb_zip;

// Believes the central directory, for torch leaves sizes out of the local headers; the two must not contradict each
// other. No two members overlap or share a name.
//
// Owner:  the table lives in `a`, at most 6 MB of it; names and data stay in `file`
// Errors: WEIGHTS (no zip archive, cut short, contradictory, in parts, over 100,000 members)
// Source: PKWARE APPNOTE 6.3.9, §4.3 and §4.5.3 (zip64)
bool rb_zip_open(rb_arena *a, rb_bytes file, rb_zip *out, rb_error *err) RB_CHECKED;

rb_zip_member *rb_zip_find(const rb_zip *z, const char *name); // NULL if absent

// To be called before the member's data is used: compares it with its CRC-32, once. Errors: WEIGHTS, also for a problem
bool rb_zip_check(rb_zip_member *m, rb_error *err) RB_CHECKED;

#endif
