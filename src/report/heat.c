// SPDX-License-Identifier: Apache-2.0
// heat.c - a matrix of cells, as of a confusion matrix.
#include "report/plot.h"

#include <math.h>

#define WORDED 12 // rows and columns whose cells still have room for words

typedef struct grid {
    double left, top, cell_w, cell_h;
    bool words;
} grid;

static double widest(const char *const *names, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++) most = fmax(most, rb_words_w(names[i]));
    return most;
}

static grid lay_out(const rb_heat *h)
{
    enum { MOST_NAME_W = 110, MOST_CELL_H = 96, LEAST_CELL_H = 12 };
    grid g = {.left = fmin(widest(h->row, h->rows), MOST_NAME_W) + 10, .top = 2 * RB_LINE_H + 6};
    g.cell_w = (RB_FIGURE_W - g.left) / h->columns;
    g.cell_h = fmax(fmin(g.cell_w, MOST_CELL_H), LEAST_CELL_H);
    g.words = h->rows <= WORDED && h->columns <= WORDED;
    return g;
}

static void put_cell(rb_out *o, const rb_heat *h, const grid *g, int row, int column)
{
    const int gap = 2;
    int i = row * h->columns + column;
    double x = g->left + column * g->cell_w, y = g->top + row * g->cell_h, middle = x + g->cell_w / 2;
    double share = isfinite(h->share[i]) ? fmin(fmax(h->share[i], 0), 1) : 0;
    const char *text = h->text ? h->text[i] : NULL, *detail = h->detail ? h->detail[i] : NULL;
    rb_out_print(o,
                 "<rect class=\"rb-cell %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"3\" "
                 "fill-opacity=\"%.3f\" data-l=\"",
                 rb_colour_class(o->arena, h->colour ? h->colour[row] : RB_RUN_COLOUR), x + gap / 2., y + gap / 2.,
                 g->cell_w - gap, g->cell_h - gap, 0.05 + 0.40 * share);
    rb_label_put(o,
                 rb_text_format(o->arena, "%s %s, %s %s: %s%s%s", h->row_label, h->row[row], h->column_label,
                                h->column[column], text ? text : "", text && detail ? ", " : "", detail ? detail : ""));
    rb_out_put(o, "\"/>");
    if (!g->words) return;
    bool two = text && detail && g->cell_h >= 44;
    const char *size = g->cell_w >= 70 ? "rb-big" : "";
    if (text) rb_words_put(o, middle, y + g->cell_h / 2 + (two ? -1 : 5), "middle", size, text);
    if (two) rb_words_put(o, middle, y + g->cell_h / 2 + 18, "middle", "", detail);
}

// Names of columns turn upwards where they have no room side by side.
static void put_names(rb_out *o, const rb_heat *h, grid *g)
{
    double most = widest(h->column, h->columns);
    bool upright = most > g->cell_w - 4;
    rb_words_put(o, g->left, 12, "start", "rb-m", rb_text_format(o->arena, "%s →", h->column_label));
    rb_words_put(o, 0, 12, "start", "rb-m", rb_text_format(o->arena, "%s ↓", h->row_label));
    if (upright) g->top = RB_LINE_H + fmin(most, 90) + 8;
    for (int i = 0; i < h->columns; i++) {
        double x = g->left + (i + 0.5) * g->cell_w;
        if (!upright)
            rb_words_put(o, x, g->top - 7, "middle", "", h->column[i]);
        else if (g->cell_w >= 10) {
            rb_out_print(o, "<text transform=\"translate(%.1f %.1f) rotate(-90)\">", x + 4, g->top - 5);
            rb_out_escaped(o, h->column[i]);
            rb_out_put(o, "</text>");
        }
    }
    for (int i = 0; i < h->rows; i++)
        rb_words_put(o, g->left - 8, g->top + (i + 0.5) * g->cell_h + 4, "end", "", h->row[i]);
}

rb_svg rb_heat_svg(rb_arena *a, const rb_heat *h)
{
    rb_out o = rb_out_new(a);
    grid g = lay_out(h);
    double head = rb_words_w(h->row_label) + 2 * RB_LETTER_W + 10; // what rows are stands beside what columns are
    if (g.left < head) {
        g.left = head;
        g.cell_w = (RB_FIGURE_W - g.left) / h->columns;
    }
    put_names(&o, h, &g);
    for (int row = 0; row < h->rows; row++)
        for (int column = 0; column < h->columns; column++) put_cell(&o, h, &g, row, column);
    return (rb_svg){RB_FIGURE_W, (int)ceil(g.top + h->rows * g.cell_h + 2), h->label, o.text};
}
