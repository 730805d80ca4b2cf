// SPDX-License-Identifier: Apache-2.0
// html.c - a page as one file of HTML that loads nothing.
#include "report/html.h"

#include "report/overlay.h"
#include "report/plot.h"

#include <string.h>

// A browser that keeps to it asks nobody for anything.
#define POLICY "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

static void put_element(rb_out *o, const char *open, const char *text, const char *close)
{
    if (!text) return;
    rb_out_put(o, open);
    rb_out_escaped(o, text);
    rb_out_put(o, close);
}

// ---- blocks with content of their own -----------------------------------------------------------------------------

void rb_html_facts(rb_out *o, const rb_block *b)
{
    rb_out_put(o, "<dl class=\"facts\">");
    for (int i = 0; i < b->facts.count; i++) {
        const rb_fact *f = &b->facts.at[i];
        put_element(o, "<div><dt>", f->name, "</dt>");
        put_element(o, "<dd class=\"value\">", f->value, "</dd>");
        put_element(o, "<dd class=\"more\">", f->note, "</dd>");
        rb_out_put(o, "</div>");
    }
    rb_out_put(o, "</dl>\n");
}

void rb_html_table(rb_out *o, const rb_block *b)
{
    const rb_column *column = b->table.column;
    rb_out_print(o, "<table%s><thead><tr>", b->table.columns > 5 ? " class=\"wide\"" : "");
    for (int i = 0; i < b->table.columns; i++)
        put_element(o, column[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">", column[i].name,
                    "</th>");
    rb_out_put(o, "</tr></thead><tbody>");
    for (int row = 0; row < b->table.rows; row++) {
        rb_out_put(o, "<tr>");
        for (int i = 0; i < b->table.columns; i++) {
            const char *cell = b->table.row[row][i];
            put_element(o, column[i].number ? "<td class=\"n\">" : "<td>", cell ? cell : "–", "</td>");
        }
        rb_out_put(o, "</tr>");
    }
    rb_out_put(o, "</tbody></table>");
}

static void put_picture(rb_out *o, const char *style, const char *what, const struct rb_framed *f, rb_bytes picture)
{
    rb_out_print(o, "<img%s width=\"%d\" height=\"%d\" alt=\"", style, f->w, f->h);
    rb_out_escapedf(o, "%s%s", what, f->name);
    rb_out_put(o, "\" title=\"");
    rb_out_escapedf(o, "%s%s", what, f->name);
    rb_out_put(o, "\" src=\"");
    rb_out_data_uri(o, picture);
    rb_out_put(o, "\">");
}

static bool has_overlays(const rb_block *b)
{
    bool found = false;
    for (int i = 0; i < b->gallery_count; i++) found |= b->gallery[i].overlay.size > 0;
    return found;
}

// A switch that needs no script, and what the colours mean.
static void put_switch(rb_out *o, const rb_block *b)
{
    rb_out_print(o,
                 "<input class=\"heat\" type=\"checkbox\" id=\"heat-%s\"><label for=\"heat-%s\">Show heat maps</label>"
                 "<span class=\"heat-scale\">little <i style=\"background:linear-gradient(90deg",
                 b->id, b->id);
    for (int i = 0; i < RB_HEAT_COLOURS; i++) {
        const uint8_t *c = rb_heat_colours[i];
        rb_out_print(o, ",#%02x%02x%02x", c[0], c[1], c[2]);
    }
    rb_out_put(o, ")\"></i> most</span>");
}

void rb_html_gallery(rb_out *o, const rb_block *b)
{
    bool heated = has_overlays(b);
    if (heated) put_switch(o, b);
    rb_out_print(o, "<div class=\"gallery%s\">", heated ? " heated" : "");
    for (int i = 0; i < b->gallery_count; i++) {
        const struct rb_framed *f = &b->gallery[i];
        rb_out_print(o, "<figure class=\"shot %s\"><div class=\"frame\">",
                     f->colour < 0 ? "" : rb_colour_class(o->arena, f->colour));
        put_picture(o, "", "", f, f->picture);
        if (f->overlay.size) put_picture(o, " class=\"over\"", "heat map: ", f, f->overlay);
        rb_out_put(o, "</div>");
        put_element(o, "<div class=\"words\">", f->caption, "</div>");
        rb_out_put(o, "</figure>\n");
    }
    rb_out_put(o, "</div>");
}

// ---- all blocks ---------------------------------------------------------------------------------------------------

static void put_card(rb_out *o, const rb_block *b, void (*content)(rb_out *o, const rb_block *b), bool scrolls)
{
    rb_out_print(o, "<div class=\"table\" id=\"%s\">", b->id);
    put_element(o, "<h3>", b->title, "</h3>");
    put_element(o, "<p>", b->text, "</p>");
    if (scrolls) rb_out_put(o, "<div class=\"scroll\" tabindex=\"0\">");
    content(o, b);
    rb_out_put(o, scrolls ? "</div></div>\n" : "</div>\n");
}

static void put_figure(rb_out *o, const rb_block *b)
{
    rb_out_print(o, "<figure id=\"%s\"><figcaption>", b->id);
    put_element(o, "<h3>", b->title, "</h3>");
    put_element(o, "<p>", b->text, "</p>");
    rb_out_put(o, "</figcaption>");
    rb_svg_write(o, &b->figure, false);
    rb_out_put(o, "</figure>\n");
}

static void put_code(rb_out *o, const rb_block *b)
{
    rb_out_print(o, "<details id=\"%s\">", b->id);
    put_element(o, "<summary>", b->title, "</summary>");
    put_element(o, "<pre tabindex=\"0\">", b->text, "</pre>");
    rb_out_put(o, "</details>\n");
}

static void put_section(rb_out *o, const rb_block *b)
{
    rb_out_print(o, "<h2 id=\"%s\">", b->id);
    rb_out_escaped(o, b->title);
    rb_out_put(o, "</h2>\n");
}

static void put_block(rb_out *o, const rb_block *b)
{
    switch (b->kind) {
    case RB_BLOCK_SECTION:
        put_section(o, b);
        return;
    case RB_BLOCK_LEDE:
        put_element(o, "<p class=\"lede\">", b->text, "</p>\n");
        return;
    case RB_BLOCK_TEXT:
        put_element(o, "<p>", b->text, "</p>\n");
        return;
    case RB_BLOCK_NOTE:
        put_element(o, "<p class=\"note\">", b->text, "</p>\n");
        return;
    case RB_BLOCK_FACTS:
        rb_html_facts(o, b);
        return;
    case RB_BLOCK_TABLE:
        put_card(o, b, rb_html_table, true);
        return;
    case RB_BLOCK_FIGURE:
        put_figure(o, b);
        return;
    case RB_BLOCK_GALLERY:
        put_card(o, b, rb_html_gallery, false);
        return;
    case RB_BLOCK_CODE:
        put_code(o, b);
        return;
    }
}

// ---- the page -----------------------------------------------------------------------------------------------------

static void put_head(rb_out *o, const rb_page *p)
{
    rb_out_print(o,
                 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<link rel=\"icon\" href=\"data:,\">\n",
                 POLICY);
    put_element(o, "<title>", p->title, "</title>\n");
    rb_out_print(o, "<style>\n%s%s%s</style>\n</head>\n<body>\n<main>\n", rb_figure_css, rb_gallery_css, rb_page_css);
    put_element(o, "<h1>", p->title, "</h1>\n");
}

static void put_contents(rb_out *o, const rb_page *p)
{
    rb_out_put(o, "<nav aria-label=\"Contents\">");
    for (const rb_block *b = p->first; b; b = b->next) {
        if (b->kind != RB_BLOCK_SECTION) continue;
        rb_out_print(o, "<a href=\"#%s\">", b->id);
        put_element(o, "", b->title, "</a>");
    }
    rb_out_put(o, "</nav>\n");
}

// Figures that follow each other share a grid. The contents stand before the first section.
static void put_blocks(rb_out *o, const rb_page *p)
{
    bool figures = false, contents = false;
    for (const rb_block *b = p->first; b; b = b->next) {
        bool figure = b->kind == RB_BLOCK_FIGURE;
        if (figure != figures) rb_out_put(o, figure ? "<div class=\"figures\">\n" : "</div>\n");
        figures = figure;
        if (b->kind == RB_BLOCK_SECTION && !contents) put_contents(o, p);
        contents |= b->kind == RB_BLOCK_SECTION;
        rb_out_print(o, "<!-- %s -->", b->id);
        put_block(o, b);
        rb_out_print(o, "<!-- end -->\n");
    }
    if (figures) rb_out_put(o, "</div>\n");
}

const char *rb_page_html(rb_arena *a, const rb_page *p)
{
    rb_out o = rb_out_new(a);
    put_head(&o, p);
    put_blocks(&o, p);
    rb_out_print(&o,
                 "</main>\n<div id=\"tip\" role=\"status\" hidden></div>\n<script>\n%s</script>\n</body>\n</html>\n",
                 rb_page_js);
    return o.text;
}
