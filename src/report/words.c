// SPDX-License-Identifier: Apache-2.0
// words.c - words in figures: how wide they are, where they stand, the legend.
#include "report/plot.h"

#include <stdlib.h>
#include <string.h>

#define SWATCH_W 16
#define GAP      14

double rb_words_w(const char *text)
{
    int letters = 0;
    for (; *text; text++) letters += (*text & 0xC0) != 0x80; // bytes that go on a letter do not count
    return letters * RB_LETTER_W;
}

void rb_words_put(rb_out *o, double x, double y, const char *anchor, const char *style, const char *text)
{
    rb_out_print(o, "<text x=\"%.1f\" y=\"%.1f\"", x, y);
    if (strcmp(anchor, "start")) rb_out_print(o, " text-anchor=\"%s\"", anchor);
    if (*style) rb_out_print(o, " class=\"%s\"", style);
    rb_out_put(o, ">");
    rb_out_escaped(o, text);
    rb_out_put(o, "</text>");
}

const char *rb_colour_class(rb_arena *a, int colour)
{
    return colour < 0 ? "rb-cg" : rb_text_format(a, "rb-c%d", colour % RB_COLOURS);
}

static void put_swatch(rb_out *o, rb_arena *a, const rb_legend_item *item, double x, double y)
{
    const char *colour = rb_colour_class(a, item->colour), *faint = item->faint ? " rb-faint" : "";
    if (item->mark == RB_MARK_DOTS)
        rb_out_print(o, "<path class=\"rb-d %s\" stroke-width=\"8\" d=\"M%.1f %.1fh0\"/>", colour, x + SWATCH_W / 2.,
                     y);
    else if (item->mark == RB_MARK_STEPS)
        rb_out_print(o, "<rect class=\"rb-b %s\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"10\" rx=\"2\"/>", colour,
                     x + 2, y - 5);
    else
        rb_out_print(o, "<path class=\"rb-l %s%s%s\" d=\"M%.1f %.1fh%d\"/>", colour, item->dashed ? " rb-dash" : "",
                     faint, x, y, SWATCH_W);
}

double rb_legend_put(rb_out *o, rb_arena *a, const rb_legend_item *items, int count, double y)
{
    double x = 0, line = y;
    bool any = false;
    for (int i = 0; i < count; i++) {
        if (!items[i].name) continue;
        double w = SWATCH_W + 5 + rb_words_w(items[i].name);
        if (any && x + w > RB_FIGURE_W) x = 0, line += RB_LINE_H;
        if (o) {
            put_swatch(o, a, &items[i], x, line + 8);
            rb_words_put(o, x + SWATCH_W + 5, line + 12, "start", "", items[i].name);
        }
        x += w + GAP;
        any = true;
    }
    return any ? line - y + RB_LINE_H : 0;
}

const char *rb_axis_say(rb_arena *a, const rb_axis *axis, double value)
{
    char number[RB_NUMBER_TEXT];
    const char *label = axis->label ? axis->label : "", *comma = strstr(label, ", ");
    int name = comma ? (int)(comma - label) : (int)strlen(label);
    rb_number_text(value * (axis->percent ? 100 : 1), 4, number);
    return rb_text_format(a, "%.*s%s%s%s%s", name, label, name ? " " : "", number, comma ? " " : "",
                          comma ? comma + 2 : "");
}

void rb_label_put(rb_out *o, const char *text)
{
    char *kept = rb_text_copy(o->arena, text);
    for (char *bar = strchr(kept, '|'); bar; bar = strchr(bar, '|')) *bar = '/';
    rb_out_escaped(o, kept);
}
