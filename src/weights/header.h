// SPDX-License-Identifier: Apache-2.0
// header.h - the JSON header of a safetensors file as text; shared by the files of this folder.
//
// The header is walked member by member, and only one member at a time is given to jansson: a header of 100 MB never
// becomes a tree of gigabytes, and every piece keeps its place in the file, which the content hash needs.
#ifndef RB_WEIGHTS_HEADER_H
#define RB_WEIGHTS_HEADER_H

#include "weights/weights.h"

#define RB_HEADER_LIMIT ((ptrdiff_t)100000000)

// A part of somebody's text; no zero byte follows it.
typedef struct rb_piece {
    const char *at, *end;
} rb_piece;

// Finds the header between its length and the data. Errors: WEIGHTS
bool rb_header_find(rb_bytes file, rb_piece *header, rb_error *err) RB_CHECKED;

// A walk over the members of one JSON object. It knows strings and brackets only: what is inside the pieces is JSON
// once jansson has accepted them.
typedef struct rb_members {
    rb_piece key, value; // of the member reached; the key with its quotes
    int depth;           // to which brackets are nested in `value`
    bool failed;         // `err` says why
    const char *begin, *at, *end;
    rb_error *err;
} rb_members;

rb_members rb_members_of(rb_piece object, rb_error *err);

// True when there was one more; false at the end and at the first mistake. Not to be called again after that.
bool rb_members_next(rb_members *m);

// Where in the header the digits of the content hash begin, -1 if there are none: the 32 hexadecimal digits that are
// the member "content_hash" of the JSON object in `rarebit`, which is the metadata value of that name, unescaped.
#define RB_HASH_DIGITS 32
ptrdiff_t rb_content_hash_place(rb_piece header, const char *rarebit);

// The XXH3-128 of `part` after `part`, as lower-case digits without a zero byte behind them.
void rb_content_hash(const rb_bytes *part, ptrdiff_t count, char digits[RB_HASH_DIGITS]);

#endif
