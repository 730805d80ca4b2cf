// SPDX-License-Identifier: Apache-2.0
// marks.c - a series within its axes: a line, dots, or the steps of a histogram.
#include "report/plot.h"

#include <math.h>

#define MARKED 30   // points of a line that still get a dot each
#define APART  0.75 // pixels between points that are worth two

typedef struct point {
    double x, y;
    int index; // in the series
} point;

static double within(double value, double a, double b)
{
    return fmin(fmax(value, fmin(a, b)), fmax(a, b));
}

static double x_of(const rb_plot *p, double value)
{
    return within(rb_scale_at(&p->x, value), p->left, p->left + p->w);
}

static double y_of(const rb_plot *p, double value)
{
    return within(rb_scale_at(&p->y, value), p->top, p->top + p->h);
}

// A share of 0 has no place on a scale of logarithms or quantiles: it stands at the edge.
static double shown(const rb_scale *s, double value)
{
    if (s->kind == RB_SCALE_LINEAR || !isfinite(value)) return value;
    return within(value, s->low, s->high);
}

// The points that can be drawn, without those that fall on the one before. Returns how many.
static int place(const rb_plot *p, const rb_series *s, bool thin, point *out)
{
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        double x = shown(&p->x, s->x[i]), y = shown(&p->y, s->y[i]);
        if (!rb_scale_has(&p->x, x) || !rb_scale_has(&p->y, y)) continue;
        point at = {x_of(p, x), y_of(p, y), i};
        bool near = thin && count > 1 && hypot(at.x - out[count - 1].x, at.y - out[count - 1].y) < APART;
        if (near && i < s->count - 1) continue;
        out[count++] = at;
    }
    return count;
}

static void put_labels(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y, const point *at, int count)
{
    rb_arena *a = p->out.arena;
    rb_out_put(&p->out, " data-l=\"");
    for (int i = 0; i < count; i++) {
        int k = at[i].index;
        if (i) rb_out_put(&p->out, "|");
        if (s->label) {
            rb_label_put(&p->out, s->label[k]);
            continue;
        }
        rb_label_put(&p->out, rb_text_format(a, "%s%s%s · %s", s->name ? s->name : "", s->name ? " · " : "",
                                             rb_axis_say(a, x, s->x[k]), rb_axis_say(a, y, s->y[k])));
    }
    rb_out_put(&p->out, "\"");
}

static void put_class(rb_plot *p, const char *mark, const rb_series *s)
{
    rb_out_print(&p->out, "class=\"%s %s%s%s\"", mark, rb_colour_class(p->out.arena, s->colour),
                 s->dashed ? " rb-dash" : "", s->faint ? " rb-faint" : "");
}

static void put_band(rb_plot *p, const rb_series *s, const point *at, int count)
{
    rb_out_put(&p->out, "<polygon ");
    put_class(p, "rb-band", s);
    rb_out_put(&p->out, " points=\"");
    for (int i = 0; i < count; i++) rb_out_print(&p->out, "%.1f,%.1f ", at[i].x, y_of(p, s->high[at[i].index]));
    for (int i = count - 1; i >= 0; i--) rb_out_print(&p->out, "%.1f,%.1f ", at[i].x, y_of(p, s->low[at[i].index]));
    rb_out_put(&p->out, "\"/>");
}

static void put_dots(rb_plot *p, const rb_series *s, const point *at, int count, double radius)
{
    put_class(p, "rb-d", s);
    rb_out_print(&p->out, " stroke-width=\"%.1f\" d=\"", 2 * radius);
    for (int i = 0; i < count; i++) rb_out_print(&p->out, "M%.1f %.1fh0", at[i].x, at[i].y);
    rb_out_put(&p->out, "\"");
}

static void put_line(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y)
{
    point *at = RB_NEW(p->out.arena, point, s->count);
    int count = place(p, s, true, at);
    if (!count) return;
    if (s->low && s->high) put_band(p, s, at, count);
    rb_out_put(&p->out, "<polyline ");
    put_class(p, "rb-l", s);
    rb_out_put(&p->out, " points=\"");
    for (int i = 0; i < count; i++) rb_out_print(&p->out, "%.1f,%.1f ", at[i].x, at[i].y);
    rb_out_put(&p->out, "\"");
    put_labels(p, s, x, y, at, count);
    rb_out_put(&p->out, "/>");
    if (count > MARKED || ((s->faint || s->unmarked) && count > 1)) return;
    rb_out_put(&p->out, "<path ");
    put_dots(p, s, at, count, 2.5);
    rb_out_put(&p->out, "/>");
}

static void put_whiskers(rb_plot *p, const rb_series *s, const point *at, int count)
{
    rb_out_put(&p->out, "<path ");
    put_class(p, "rb-w", s);
    rb_out_put(&p->out, " d=\"");
    for (int i = 0; i < count; i++) {
        double low = shown(&p->y, s->low[at[i].index]), high = shown(&p->y, s->high[at[i].index]);
        if (isfinite(low) && isfinite(high))
            rb_out_print(&p->out, "M%.1f %.1fV%.1f", at[i].x, y_of(p, low), y_of(p, high));
    }
    rb_out_put(&p->out, "\"/>");
}

static void put_cloud(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y)
{
    point *at = RB_NEW(p->out.arena, point, s->count);
    int count = place(p, s, false, at);
    if (s->low && s->high) put_whiskers(p, s, at, count);
    rb_out_put(&p->out, "<path ");
    put_dots(p, s, at, count, s->radius > 0 ? s->radius : 3.5);
    put_labels(p, s, x, y, at, count);
    rb_out_put(&p->out, "/>");
}

// Edge to edge: up, along, down.
static void put_steps(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y)
{
    double floor_y = p->top + p->h;
    point *top = RB_NEW(p->out.arena, point, s->count);
    int count = 0;
    rb_out_put(&p->out, "<path ");
    put_class(p, "rb-s", s);
    rb_out_put(&p->out, " d=\"");
    for (int i = 0; i < s->count; i++) {
        double left = x_of(p, s->x[i]), right = x_of(p, s->x[i] + s->width), high = shown(&p->y, s->y[i]);
        high = rb_scale_has(&p->y, high) ? y_of(p, high) : floor_y;
        rb_out_print(&p->out, i ? "L%.1f %.1fH%.1f" : "M%.1f %.1fH%.1f", left, high, right);
        if (s->y[i] > 0) top[count++] = (point){(left + right) / 2, high, i};
    }
    if (s->count) rb_out_print(&p->out, "V%.1fH%.1fZ", floor_y, x_of(p, s->x[0]));
    rb_out_put(&p->out, "\" data-p=\"");
    for (int i = 0; i < count; i++) rb_out_print(&p->out, "%.1f,%.1f ", top[i].x, top[i].y);
    rb_out_put(&p->out, "\"");
    put_labels(p, s, x, y, top, count);
    rb_out_put(&p->out, "/>");
}

void rb_series_put(rb_plot *p, const rb_series *s, const rb_axis *x, const rb_axis *y)
{
    switch (s->mark) {
    case RB_MARK_LINE:
        put_line(p, s, x, y);
        return;
    case RB_MARK_DOTS:
        put_cloud(p, s, x, y);
        return;
    case RB_MARK_STEPS:
        put_steps(p, s, x, y);
        return;
    }
}
