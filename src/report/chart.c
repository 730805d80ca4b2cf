// SPDX-License-Identifier: Apache-2.0
// chart.c - a chart with two axes: legend above, then what y is, the plot, and what x is.
#include "report/plot.h"

#include <math.h>

#define PLOT_H   188
#define TICK_GAP 6  // between ticks and their words
#define RIGHT    12 // margin, for half of the last tick's words

static void span_of(const rb_chart *c, rb_scale_kind kind, bool x, rb_span *s)
{
    *s = RB_SPAN_EMPTY;
    const rb_scale probe = {.kind = kind};
    for (int i = 0; i < c->series_count; i++) {
        const rb_series *r = &c->series[i];
        for (int j = 0; j < r->count; j++) {
            const double values[] = {x ? r->x[j] : r->y[j],
                                     x        ? r->x[j] + r->width
                                     : r->low ? r->low[j]
                                              : (double)NAN,
                                     !x && r->high ? r->high[j] : (double)NAN};
            for (int k = 0; k < 3; k++)
                if (rb_scale_has(&probe, values[k])) rb_span_take(s, values[k]);
        }
        if (!x && r->mark == RB_MARK_STEPS && kind == RB_SCALE_LINEAR) rb_span_take(s, 0);
    }
}

static double widest(const rb_tick *ticks, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++) most = fmax(most, rb_words_w(ticks[i].text));
    return most;
}

// The width of y's ticks decides where the plot begins, and they depend on its height: a first guess is enough.
static void lay_out(const rb_chart *c, double top, rb_plot *p)
{
    rb_span x, y;
    rb_tick ticks[RB_TICKS];
    span_of(c, c->x.scale, true, &x);
    span_of(c, c->y.scale, false, &y);
    p->h = c->square ? RB_FIGURE_W - 60 : PLOT_H;
    p->y = rb_scale_of(&c->y, y, 0, -p->h);
    p->left = c->bare ? 1 : widest(ticks, rb_scale_ticks(&p->y, ticks)) + TICK_GAP + 2;
    p->w = RB_FIGURE_W - p->left - (c->bare ? 1 : RIGHT);
    if (c->square) p->h = p->w;
    p->top = top;
    p->y = rb_scale_of(&c->y, y, p->top + p->h, -p->h);
    p->x = rb_scale_of(&c->x, x, p->left, p->w);
}

// Words of ticks that would touch the one before are left out; the tick stays.
static void put_x_axis(rb_plot *p, const rb_axis *axis)
{
    rb_tick ticks[RB_TICKS];
    double bottom = p->top + p->h, free_from = -INFINITY;
    int count = rb_scale_ticks(&p->x, ticks);
    for (int i = 0; i < count; i++) {
        double x = rb_scale_at(&p->x, ticks[i].value), half = rb_words_w(ticks[i].text) / 2;
        double at = fmin(x, RB_FIGURE_W - half);
        rb_out_print(&p->out, "<path class=\"rb-tick\" d=\"M%.1f %.1fv4\"/>", x, bottom);
        if (at - half < free_from) continue;
        rb_words_put(&p->out, at, bottom + 17, "middle", "rb-m", ticks[i].text);
        free_from = at + half + TICK_GAP;
    }
    if (axis->label) rb_words_put(&p->out, p->left + p->w, bottom + 35, "end", "", axis->label);
}

static void put_y_axis(rb_plot *p, const rb_axis *axis)
{
    rb_tick ticks[RB_TICKS];
    int count = rb_scale_ticks(&p->y, ticks);
    for (int i = 0; i < count; i++) {
        double y = rb_scale_at(&p->y, ticks[i].value);
        rb_out_print(&p->out, "<path class=\"rb-grid\" d=\"M%.1f %.1fh%.1f\"/>", p->left, y, p->w);
        rb_words_put(&p->out, p->left - TICK_GAP, y + 4, "end", "rb-m", ticks[i].text);
    }
    if (axis->label) rb_words_put(&p->out, 0, p->top - 12, "start", "", axis->label);
}

static void put_frame(rb_plot *p)
{
    rb_out_print(&p->out, "<rect class=\"rb-frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", p->left,
                 p->top, p->w, p->h);
}

static void put_rule(rb_plot *p, const rb_rule *r, int index)
{
    const rb_scale *s = r->horizontal ? &p->y : &p->x;
    if (!rb_scale_has(s, r->at) || r->at < s->low || r->at > s->high) return;
    double at = rb_scale_at(s, r->at), y = p->top + 12 + RB_LINE_H * index;
    if (r->horizontal) {
        rb_out_print(&p->out, "<path class=\"rb-rule\" d=\"M%.1f %.1fh%.1f\"/>", p->left, at, p->w);
        if (r->text)
            rb_words_put(&p->out, p->left + p->w - 4, at - 5 < p->top + 10 ? at + 14 : at - 5, "end", "rb-m rb-halo",
                         r->text);
        return;
    }
    rb_out_print(&p->out, "<path class=\"rb-rule\" d=\"M%.1f %.1fv%.1f\"/>", at, p->top, p->h);
    bool right = at + 6 + (r->text ? rb_words_w(r->text) : 0) < p->left + p->w;
    if (r->text) rb_words_put(&p->out, right ? at + 5 : at - 5, y, right ? "start" : "end", "rb-m rb-halo", r->text);
}

// Within both scales, for they may differ.
static void put_diagonal(rb_plot *p)
{
    double low = fmax(p->x.low, p->y.low), high = fmin(p->x.high, p->y.high);
    if (low >= high) return;
    rb_out_print(&p->out, "<path class=\"rb-rule\" d=\"M%.1f %.1fL%.1f %.1f\"/>", rb_scale_at(&p->x, low),
                 rb_scale_at(&p->y, low), rb_scale_at(&p->x, high), rb_scale_at(&p->y, high));
}

static double put_legend(rb_out *o, const rb_chart *c)
{
    rb_legend_item *items = RB_NEW(o->arena, rb_legend_item, c->series_count);
    for (int i = 0; i < c->series_count; i++) {
        const rb_series *s = &c->series[i];
        items[i] = (rb_legend_item){s->name, s->colour, s->mark, s->dashed, s->faint};
    }
    return rb_legend_put(o, o->arena, items, c->series_count, 0);
}

rb_svg rb_chart_svg(rb_arena *a, const rb_chart *c)
{
    rb_plot p = {.out = rb_out_new(a)};
    double legend = put_legend(&p.out, c);
    lay_out(c, legend + (c->bare ? 4 : RB_LINE_H + 10), &p);
    if (c->bare)
        put_frame(&p);
    else
        put_y_axis(&p, &c->y), put_x_axis(&p, &c->x);
    if (c->diagonal) put_diagonal(&p);
    for (int i = 0; i < c->rule_count; i++) put_rule(&p, &c->rules[i], i);
    for (int i = 0; i < c->series_count; i++) rb_series_put(&p, &c->series[i], &c->x, &c->y);
    double below = c->bare ? 2 : c->x.label ? 42 : 24;
    return (rb_svg){RB_FIGURE_W, (int)ceil(p.top + p.h + below), c->label, p.out.text};
}
