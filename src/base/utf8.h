// SPDX-License-Identifier: Apache-2.0
// utf8.h - which bytes are text.
#ifndef RB_BASE_UTF8_H
#define RB_BASE_UTF8_H

#include "base/arena.h"

// Bytes of the UTF-8 character at `at`, of which `left` bytes are there; 0 if there is no valid one.
int rb_utf8_size(const uint8_t *at, ptrdiff_t left);
bool rb_utf8_valid(const char *text);

// The text itself where it is valid; else a copy with U+FFFD for each byte that is in no character.
const char *rb_utf8_mended(rb_arena *a, const char *text);

#endif
