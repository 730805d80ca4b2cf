// SPDX-License-Identifier: Apache-2.0
#include "cli/part/sheet.h"

#include "report/canvas.h"

#include <ctype.h>
#include <string.h>

#define GAP     6  // between cells
#define NARROW  66 // the least width of a cell: eleven letters
#define CAPTION 3  // lines over a column

rb_pipeline rb_sheet_alone(rb_arena *a, const rb_augment_step *step)
{
    rb_augment_step *one = RB_NEW(a, rb_augment_step, 1);
    *one = *step;
    one->p = 1;
    return (rb_pipeline){.steps = one, .count = 1};
}

typedef struct column {
    const char *caption;
    rb_pipeline pipeline;
} column;

static column *columns_of(rb_arena *a, const rb_pipeline *p, int *count)
{
    column *columns = RB_NEW(a, column, p->count + 2), *to = columns;
    *to++ = (column){.caption = "as it is"};
    for (int i = 0; i < p->count; i++) {
        const rb_augment_step *step = &p->steps[i];
        if (step->augment) *to++ = (column){step->augment->name, rb_sheet_alone(a, step)};
    }
    *to++ = (column){"whole pipeline", *p};
    *count = (int)(to - columns);
    return columns;
}

static rb_image changed(rb_arena *a, const rb_image *in, const rb_pipeline *p, uint32_t seed, int draw)
{
    ptrdiff_t bytes = (ptrdiff_t)in->h * in->w * in->c;
    rb_image out = *in;
    out.pixels = memcpy(RB_NEW(a, uint8_t, bytes), in->pixels, (size_t)bytes);
    rb_pipeline_run(p, seed, (uint32_t)draw, 0, a, &out);
    return out;
}

// Letters of the word that `text` begins with: up to a blank, or to a capital that follows a small letter.
static int word_length(const char *text)
{
    int n = 1;
    while (text[n] && text[n] != ' ' && !(isupper((unsigned char)text[n]) && islower((unsigned char)text[n - 1]))) n++;
    return n + (text[n] == ' ');
}

// Words over a column, as many to a line as have room.
static void write_caption(rb_image *canvas, const char *text, int x, int y, int width)
{
    int room = width / RB_TEXT_W;
    for (int line = 0; *text && line < CAPTION; line++) {
        int n = word_length(text);
        while (text[n] && n + word_length(text + n) <= room) n += word_length(text + n);
        char words[64];
        int shown = n < (int)sizeof words ? n : (int)sizeof words - 1;
        memcpy(words, text, (size_t)shown);
        words[shown] = '\0';
        rb_canvas_text(canvas, words, x, y + line * RB_TEXT_H);
        text += n;
    }
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static int cell_width(const rb_sheet_class *c)
{
    return (c->pictures[0].w > NARROW ? c->pictures[0].w : NARROW) + GAP;
}

static int block_height(const rb_sheet_class *c)
{
    return (CAPTION + 2) * RB_TEXT_H + c->count * (c->pictures[0].h + GAP);
}

static void draw_block(rb_arena *a, rb_image *canvas, const rb_sheet_class *c, int top, uint32_t seed)
{
    int count, width = cell_width(c), rows = top + (CAPTION + 1) * RB_TEXT_H + GAP;
    const column *columns = columns_of(a, &c->pipeline, &count);
    rb_canvas_text(canvas, c->title, GAP, top);
    for (int k = 0; k < count; k++) {
        int x = GAP + k * width;
        write_caption(canvas, columns[k].caption, x, top + RB_TEXT_H + 2, width - GAP);
        for (int i = 0; i < c->count; i++) {
            rb_image cell = changed(a, &c->pictures[i], &columns[k].pipeline, seed, i);
            rb_canvas_put(canvas, &cell, x, rows + i * (cell.h + GAP));
        }
    }
}

rb_image rb_sheet(rb_arena *a, const rb_sheet_class *classes, int count, uint32_t seed)
{
    int h = GAP, w = 0;
    for (int i = 0; i < count; i++) {
        int columns;
        columns_of(a, &classes[i].pipeline, &columns);
        int width = GAP + columns * cell_width(&classes[i]),
            title = 2 * GAP + RB_TEXT_W * (int)strlen(classes[i].title);
        if (title > width) width = title;
        if (width > w) w = width;
        h += block_height(&classes[i]);
    }
    rb_image canvas = rb_canvas(a, h, w);
    for (int i = 0, top = GAP; i < count; i++) {
        draw_block(a, &canvas, &classes[i], top, seed);
        top += block_height(&classes[i]);
    }
    return canvas;
}
