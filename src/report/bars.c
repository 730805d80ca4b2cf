// SPDX-License-Identifier: Apache-2.0
// bars.c - horizontal bars: names at the left, values at the end of each.
#include "report/plot.h"

#include <math.h>

#define BAR_H  16
#define GAP_H  3  // between the bars of a category
#define ROOM_H 12 // between categories

static rb_span span_of(const rb_bars *b)
{
    rb_span s = RB_SPAN_EMPTY;
    for (int g = 0; g < b->group_count; g++)
        for (int i = 0; i < b->count; i++)
            if (b->value.scale != RB_SCALE_LOG || b->groups[g].value[i] > 0) rb_span_take(&s, b->groups[g].value[i]);
    return s;
}

static const char *text_of(rb_arena *a, const rb_bars *b, const struct rb_bar_group *g, int i)
{
    char number[RB_NUMBER_TEXT];
    if (g->text) return g->text[i];
    return rb_text_copy(a, rb_number_text(g->value[i] * (b->value.percent ? 100 : 1), 3, number));
}

static double widest(rb_arena *a, const rb_bars *b, bool names)
{
    double most = 0;
    for (int i = 0; i < b->count; i++) {
        if (names) most = fmax(most, rb_words_w(b->category[i]));
        for (int g = 0; !names && g < b->group_count; g++)
            most = fmax(most, rb_words_w(text_of(a, b, &b->groups[g], i)));
    }
    return most;
}

static void put_bar(rb_out *o, const rb_bars *b, const rb_scale *s, const struct rb_bar_group *g, int i, double y)
{
    rb_arena *a = o->arena;
    const char *text = text_of(a, b, g, i);
    double value = g->value[i], w = rb_scale_has(s, value) ? rb_scale_at(s, fmax(value, s->low)) - s->begin : 0;
    rb_out_print(o, "<rect class=\"rb-b %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\" data-l=\"",
                 rb_colour_class(a, g->colour), s->begin, y, fmax(w, 1), BAR_H);
    rb_label_put(o,
                 rb_text_format(a, "%s%s%s: %s", b->category[i], g->name ? " · " : "", g->name ? g->name : "", text));
    rb_out_put(o, "\"/>");
    rb_words_put(o, s->begin + fmax(w, 1) + 5, y + BAR_H - 4, "start", "", text);
}

// A name that is too long loses its end; hovering over a bar shows it whole.
static const char *shortened(rb_arena *a, const char *name, double room)
{
    int most = (int)(room / RB_LETTER_W), letters = 0, bytes = 0;
    if (rb_words_w(name) <= room) return name;
    for (; name[bytes]; bytes++) {
        bool begins = (name[bytes] & 0xC0) != 0x80;
        if (begins && letters++ == most - 1) break;
    }
    return rb_text_format(a, "%.*s…", bytes, name);
}

rb_svg rb_bars_svg(rb_arena *a, const rb_bars *b)
{
    enum { MOST_NAME_W = 150 };
    rb_out o = rb_out_new(a);
    rb_legend_item *items = RB_NEW(a, rb_legend_item, b->group_count);
    for (int g = 0; g < b->group_count; g++)
        items[g] = (rb_legend_item){b->groups[g].name, b->groups[g].colour, RB_MARK_STEPS, false, false};
    double y = rb_legend_put(&o, a, items, b->group_count, 0);
    if (b->value.label) {
        rb_words_put(&o, 0, y + 12, "start", "", b->value.label);
        y += RB_LINE_H;
    }
    double left = fmin(widest(a, b, true), MOST_NAME_W) + 8, right = widest(a, b, false) + 6;
    rb_axis axis = b->value;
    axis.from_zero = axis.scale == RB_SCALE_LINEAR;
    rb_scale s = rb_scale_of(&axis, span_of(b), left, fmax(RB_FIGURE_W - left - right, 40));
    y += ROOM_H / 2.;
    for (int i = 0; i < b->count; i++) {
        double middle = y + (b->group_count * (BAR_H + GAP_H) - GAP_H) / 2.;
        rb_words_put(&o, left - 8, middle + 4, "end", "", shortened(a, b->category[i], MOST_NAME_W));
        for (int g = 0; g < b->group_count; g++, y += BAR_H + GAP_H) put_bar(&o, b, &s, &b->groups[g], i, y);
        y += ROOM_H - GAP_H;
    }
    return (rb_svg){RB_FIGURE_W, (int)ceil(y), b->label, o.text};
}
