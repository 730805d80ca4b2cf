// SPDX-License-Identifier: Apache-2.0
// figure.h - figures as SVG: charts with two axes, bars by category, heat maps.
//
// A figure is RB_FIGURE_W wide: at about that width, as on a phone, its words can be read. Colours are classes of
// figure.css, so that a page can be light or dark. What the pointer shows stands in data-l attributes, which page.js
// reads: one text a point, apart by '|'.
//
// Owner: the result lives in the arena given; NULL texts are left out. Values that are not finite are passed over.
#ifndef RB_REPORT_FIGURE_H
#define RB_REPORT_FIGURE_H

#include "base/arena.h"

#define RB_FIGURE_W 350

typedef struct rb_svg {
    int w, h;
    const char *label; // the whole in a sentence, for who cannot see it
    const char *body;  // what stands between <svg> and </svg>
} rb_svg;

// Colours by number; 0.. are classes by their label and go around after RB_COLOURS, RB_RUN_COLOUR.. are for runs.
#define RB_COLOURS     8
#define RB_RUN_COLOUR  2
#define RB_GREY_COLOUR (-1)

typedef enum rb_scale_kind {
    RB_SCALE_LINEAR,
    RB_SCALE_LOG,    // powers of ten
    RB_SCALE_PROBIT, // of shares: normal quantiles, as DET curves have them
    RB_SCALE_LOGIT,  // of shares: log(p / (1 - p))
} rb_scale_kind;

typedef struct rb_axis {
    const char *label; // with the unit: "epoch", "images/s", "FAR, %"
    rb_scale_kind scale;
    bool percent;    // values are shares, shown times 100
    bool whole;      // ticks at whole numbers alone
    double from, to; // equal: from the data, with a little room
    bool from_zero;  // the data's span and zero
} rb_axis;

typedef enum rb_mark {
    RB_MARK_LINE,
    RB_MARK_DOTS,
    RB_MARK_STEPS, // a histogram: y[i] holds from x[i] to x[i] + width, filled to zero
} rb_mark;

typedef struct rb_series {
    const char *name; // for the legend; NULL: not in it
    rb_mark mark;
    int colour;
    bool dashed, faint;
    bool unmarked; // LINE: no dots at its points, few as they may be
    const double *x, *y;
    const double *low, *high; // of y: a band about a line, whiskers of dots
    double width;             // STEPS
    double radius;            // DOTS; 0: 3.5
    int count;
    const char *const *label; // [count] what the pointer shows; NULL: name, x and y
} rb_series;

// A line across the plot, with a word: at x = `at`, or y = `at`.
typedef struct rb_rule {
    bool horizontal;
    double at;
    const char *text;
} rb_rule;

typedef struct rb_chart {
    const char *label; // as rb_svg.label
    rb_axis x, y;
    const rb_series *series;
    int series_count;
    const rb_rule *rules;
    int rule_count;
    bool diagonal; // the line x = y
    bool square;   // plot as high as it is wide
    bool bare;     // axes without ticks and numbers: a map whose coordinates mean nothing
} rb_chart;

rb_svg rb_chart_svg(rb_arena *a, const rb_chart *c);

// Horizontal bars, `group_count` of them to each category.
typedef struct rb_bars {
    const char *label;
    rb_axis value; // begins at zero, unless it is RB_SCALE_LOG
    const char *const *category;
    int count;
    struct rb_bar_group {
        const char *name; // for the legend; NULL: not in it
        int colour;
        const double *value;     // [count]
        const char *const *text; // [count] at the bar's end; NULL: the value
    } const *groups;
    int group_count;
} rb_bars;

rb_svg rb_bars_svg(rb_arena *a, const rb_bars *b);

// A matrix of cells with words in them, deeper in colour the nearer its share is to 1. Over 12 rows or columns the
// words are shown on hovering alone.
typedef struct rb_heat {
    const char *label;
    const char *row_label, *column_label; // what rows and columns are: "truth", "decision"
    const char *const *row, *const *column;
    int rows, columns;
    const double *share;       // [rows columns] 0..1
    const char *const *text;   // [rows columns] large; NULL: none
    const char *const *detail; // [rows columns] small, below it; NULL: none
    const int *colour;         // [rows]; NULL: all as RB_RUN_COLOUR
} rb_heat;

rb_svg rb_heat_svg(rb_arena *a, const rb_heat *h);

// A number for people: `digits` significant ones, "12k" and "3.2e-5" where they are far from 1.
#define RB_NUMBER_TEXT 24
const char *rb_number_text(double value, int digits, char out[RB_NUMBER_TEXT]);

// The whole element, for the page `standalone` false; true: with style, to be shown by itself.
struct rb_out;
void rb_svg_write(struct rb_out *o, const rb_svg *s, bool standalone);

#endif
