// SPDX-License-Identifier: Apache-2.0
// utf8.h - which bytes are text.
#ifndef RB_BASE_UTF8_H
#define RB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes of the UTF-8 character at `at`, of which `left` bytes are there; 0 if there is no valid one.
int rb_utf8_size(const uint8_t *at, ptrdiff_t left);
bool rb_utf8_valid(const char *text);

#endif
