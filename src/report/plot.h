// SPDX-License-Identifier: Apache-2.0
// plot.h - what the files that draw figures share; private to the report module.
#ifndef RB_REPORT_PLOT_H
#define RB_REPORT_PLOT_H

#include "report/out.h"
#include "report/scale.h"

#define RB_LINE_H   18  // of a line of words
#define RB_LETTER_W 7.2 // of a letter at the size of figure.css, in the widest of the usual fonts

// The area within the axes, and where it stands.
typedef struct rb_plot {
    rb_out out;
    rb_scale x, y;
    double left, top, w, h;
} rb_plot;

double rb_words_w(const char *text); // about, of a UTF-8 text

// Words at (x, y), the baseline; `anchor` is start, middle or end, `style` further classes or "".
void rb_words_put(rb_out *o, double x, double y, const char *anchor, const char *style, const char *text);

// "rb-c3", "rb-cg": the class of a colour.
const char *rb_colour_class(rb_arena *a, int colour);

// A legend from `y` downwards, as wide as the figure; returns its height, 0 where there are no names. NULL names are
// passed over. With `o` NULL nothing is drawn.
typedef struct rb_legend_item {
    const char *name;
    int colour;
    rb_mark mark;
    bool dashed, faint;
} rb_legend_item;
double rb_legend_put(rb_out *o, rb_arena *a, const rb_legend_item *items, int count, double y);

// One series within the axes of the plot. `axes` say what the values are, for hovering.
void rb_series_put(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y);

// "HTER 7.1 %" for an axis "HTER, %"; in the arena.
const char *rb_axis_say(rb_arena *a, const rb_axis *axis, double value);

// Text for a data-l attribute: '|' stands between two of them, and must not be within one.
void rb_label_put(rb_out *o, const char *text);

#endif
