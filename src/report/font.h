// SPDX-License-Identifier: Apache-2.0
#ifndef RB_REPORT_FONT_H
#define RB_REPORT_FONT_H

#include <stdbool.h>
#include <stdint.h>

#define RB_FONT_W 5
#define RB_FONT_H 7

// Rows of a character from the top, the highest of five bits being the left dot; '?' for one that is not drawn.
const uint8_t *rb_font_glyph(char c);

#endif
