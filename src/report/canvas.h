// SPDX-License-Identifier: Apache-2.0
// canvas.h - a picture that other pictures and words are put on.
#ifndef RB_REPORT_CANVAS_H
#define RB_REPORT_CANVAS_H

#include "image/image.h"

#define RB_TEXT_W 6  // of a character with the gap after it
#define RB_TEXT_H 10 // of a line with the gap under it

// White, RGB. Owner: the pixels live in `a`
rb_image rb_canvas(rb_arena *a, int h, int w);

// Puts `what` (grey or RGB) with its upper left corner at (x, y); what lies outside is cut off.
void rb_canvas_put(rb_image *canvas, const rb_image *what, int x, int y);

// Puts a line of words, black; its upper left corner is at (x, y).
void rb_canvas_text(rb_image *canvas, const char *text, int x, int y);

#endif
