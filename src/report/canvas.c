// SPDX-License-Identifier: Apache-2.0
#include "report/canvas.h"

#include "report/font.h"

#include <string.h>

rb_image rb_canvas(rb_arena *a, int h, int w)
{
    ptrdiff_t bytes = (ptrdiff_t)h * w * 3;
    rb_image out = {RB_NEW(a, uint8_t, bytes), h, w, 3};
    memset(out.pixels, 255, (size_t)bytes);
    return out;
}

// The pixel at (x, y), or NULL outside.
static uint8_t *dot(rb_image *canvas, int x, int y)
{
    bool inside = x >= 0 && x < canvas->w && y >= 0 && y < canvas->h;
    return inside ? canvas->pixels + ((ptrdiff_t)y * canvas->w + x) * 3 : NULL;
}

void rb_canvas_put(rb_image *canvas, const rb_image *what, int x, int y)
{
    const uint8_t *from = what->pixels;
    for (int i = 0; i < what->h; i++)
        for (int j = 0; j < what->w; j++, from += what->c) {
            uint8_t *to = dot(canvas, x + j, y + i);
            for (int k = 0; to && k < 3; k++) to[k] = from[what->c == 3 ? k : 0];
        }
}

void rb_canvas_text(rb_image *canvas, const char *text, int x, int y)
{
    for (; *text; text++, x += RB_TEXT_W) {
        const uint8_t *rows = rb_font_glyph(*text);
        for (int i = 0; i < RB_FONT_H * RB_FONT_W; i++) {
            bool black = rows[i / RB_FONT_W] >> (RB_FONT_W - 1 - i % RB_FONT_W) & 1;
            uint8_t *to = black ? dot(canvas, x + i % RB_FONT_W, y + i / RB_FONT_W) : NULL;
            if (to) to[0] = to[1] = to[2] = 0;
        }
    }
}
