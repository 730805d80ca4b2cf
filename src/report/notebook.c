// SPDX-License-Identifier: Apache-2.0
// notebook.c - a page as a Jupyter notebook whose cells have been run.
//
// Words are Markdown cells; what can be seen is the output of a code cell, which reads it from the HTML page beside the
// notebook: run again, it shows the page as it is then.
//
// Source: nbformat 4.5 (the JSON schema of the package nbformat)
#include "report/html.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

typedef struct notebook {
    rb_arena *arena;
    rb_json *json;
    int runs; // code cells so far
} notebook;

// What Markdown, HTML or MathJax would take for its own loses that meaning.
static const char *markdown(rb_arena *a, const char *text)
{
    rb_out o = rb_out_new(a);
    bool begins = true; // of a line: a list or a title might
    for (; *text; text++) {
        if (*text == '&' || *text == '<')
            rb_out_put(&o, *text == '&' ? "&amp;" : "&lt;");
        else if (strchr("\\`*_{}[]>#|~$!", *text) || (begins && strchr("-+=", *text)))
            rb_out_print(&o, "\\%c", *text);
        else
            rb_out_bytes(&o, text, 1);
        begins = *text == '\n';
    }
    return o.text;
}

// ---- cells --------------------------------------------------------------------------------------------------------

static void open_cell(notebook *n, const char *type, const char *id)
{
    rb_json_open(n->json, NULL, '{');
    rb_json_string(n->json, "cell_type", type);
    rb_json_string(n->json, "id", id);
    rb_json_open(n->json, "metadata", '{');
    rb_json_close(n->json);
}

static void put_words(notebook *n, const char *id, const char *source)
{
    open_cell(n, "markdown", id);
    rb_json_string(n->json, "source", source);
    rb_json_close(n->json);
}

static void open_code(notebook *n, const char *id, const char *source)
{
    open_cell(n, "code", id);
    rb_json_integer(n->json, "execution_count", ++n->runs);
    rb_json_string(n->json, "source", source);
    rb_json_open(n->json, "outputs", '[');
}

static void close_code(notebook *n)
{
    rb_json_close(n->json);
    rb_json_close(n->json);
}

// A code cell that shows a block: `type` and `shown` for who can see it, `plain` for who cannot.
static void put_shown(notebook *n, const rb_block *b, const char *type, const char *shown, const char *plain)
{
    open_code(n, b->id, rb_text_format(n->arena, "show(\"%s\")", b->id));
    rb_json_open(n->json, NULL, '{');
    rb_json_string(n->json, "output_type", "execute_result");
    rb_json_integer(n->json, "execution_count", n->runs);
    rb_json_open(n->json, "metadata", '{');
    rb_json_close(n->json);
    rb_json_open(n->json, "data", '{');
    rb_json_string(n->json, type, shown);
    rb_json_string(n->json, "text/plain", plain);
    rb_json_close(n->json);
    rb_json_close(n->json);
    close_code(n);
}

static void put_title(notebook *n, const rb_block *b)
{
    rb_out o = rb_out_new(n->arena);
    if (b->title) rb_out_print(&o, "### %s\n\n", markdown(n->arena, b->title));
    if (b->text) rb_out_put(&o, markdown(n->arena, b->text));
    if (o.used) put_words(n, rb_text_format(n->arena, "%s-words", b->id), o.text);
}

// ---- plain text ---------------------------------------------------------------------------------------------------

static const char *plain_facts(rb_arena *a, const rb_block *b)
{
    rb_out o = rb_out_new(a);
    for (int i = 0; i < b->facts.count; i++) {
        const rb_fact *f = &b->facts.at[i];
        rb_out_print(&o, "%s: %s%s%s\n", f->name, f->value, f->note ? ", " : "", f->note ? f->note : "");
    }
    return o.text;
}

static const char *plain_table(rb_arena *a, const rb_block *b)
{
    rb_out o = rb_out_new(a);
    for (int i = 0; i < b->table.columns; i++) rb_out_print(&o, "%s%s", i ? "\t" : "", b->table.column[i].name);
    for (int row = 0; row < b->table.rows; row++)
        for (int i = 0; i < b->table.columns; i++) {
            const char *cell = b->table.row[row][i];
            rb_out_print(&o, "%s%s", i ? "\t" : "\n", cell ? cell : "–");
        }
    return o.text;
}

static const char *plain_gallery(rb_arena *a, const rb_block *b)
{
    rb_out o = rb_out_new(a);
    for (int i = 0; i < b->gallery_count; i++) rb_out_print(&o, "%s\n", b->gallery[i].name);
    return o.text;
}

// ---- blocks -------------------------------------------------------------------------------------------------------

// Galleries bring the style that puts their pictures side by side.
static const char *html_of(rb_arena *a, const rb_block *b, void (*write)(rb_out *o, const rb_block *b))
{
    rb_out o = rb_out_new(a);
    if (b->kind == RB_BLOCK_GALLERY) rb_out_print(&o, "<style>%s%s</style>", rb_figure_css, rb_gallery_css);
    write(&o, b);
    return o.text;
}

static void put_figure(notebook *n, const rb_block *b)
{
    rb_out o = rb_out_new(n->arena);
    rb_svg_write(&o, &b->figure, true);
    put_title(n, b);
    put_shown(n, b, "image/svg+xml", o.text, b->figure.label);
}

static void put_code(notebook *n, const rb_block *b)
{
    // A fence longer than any within.
    put_words(n, b->id,
              rb_text_format(n->arena, "### %s\n\n``````````\n%s\n``````````", markdown(n->arena, b->title), b->text));
}

static void put_html(notebook *n, const rb_block *b, void (*write)(rb_out *o, const rb_block *b), const char *plain)
{
    if (b->kind != RB_BLOCK_FACTS) put_title(n, b);
    put_shown(n, b, "text/html", html_of(n->arena, b, write), plain);
}

static void put_block(notebook *n, const rb_block *b)
{
    rb_arena *a = n->arena;
    switch (b->kind) {
    case RB_BLOCK_SECTION:
        put_words(n, b->id, rb_text_format(a, "## %s", markdown(a, b->title)));
        return;
    case RB_BLOCK_LEDE:
        put_words(n, b->id, rb_text_format(a, "**%s**", markdown(a, b->text)));
        return;
    case RB_BLOCK_TEXT:
        put_words(n, b->id, markdown(a, b->text));
        return;
    case RB_BLOCK_NOTE:
        put_words(n, b->id, rb_text_format(a, "> %s", markdown(a, b->text)));
        return;
    case RB_BLOCK_FACTS:
        put_html(n, b, rb_html_facts, plain_facts(a, b));
        return;
    case RB_BLOCK_TABLE:
        put_html(n, b, rb_html_table, plain_table(a, b));
        return;
    case RB_BLOCK_GALLERY:
        put_html(n, b, rb_html_gallery, plain_gallery(a, b));
        return;
    case RB_BLOCK_FIGURE:
        put_figure(n, b);
        return;
    case RB_BLOCK_CODE:
        put_code(n, b);
        return;
    }
}

// ---- the notebook -------------------------------------------------------------------------------------------------

// A Python text in quotes.
static const char *quoted(rb_arena *a, const char *text)
{
    rb_json *j = rb_json_new(a);
    rb_json_string(j, NULL, text);
    return rb_json_text(j);
}

static void put_reader(notebook *n, const rb_page *p, const char *html_name)
{
    put_words(n, "notebook-title", rb_text_format(n->arena, "# %s", markdown(n->arena, p->title)));
    open_code(
        n, "notebook-reader",
        rb_text_format(
            n->arena,
            "# The cells below show parts of the page beside this notebook. To make both again:\n"
            "# %s\n"
            "import pathlib\n"
            "import re\n"
            "from IPython.display import HTML\n\n"
            "page = pathlib.Path(%s).read_text()\n"
            "style = \"<style>\" + re.search(r\"<style>(.*?)</style>\", page, re.S)[1].split(\"/* page.css\")[0] + "
            "\"</style>\"\n\n\n"
            "def show(name):\n"
            "    return HTML(style + page.split(f\"<!-- {name} -->\")[1].split(\"<!-- end -->\")[0])",
            p->made_by, quoted(n->arena, html_name)));
    close_code(n);
}

// The kernel that runs it, should somebody do.
static void put_metadata(rb_json *j)
{
    rb_json_open(j, "metadata", '{');
    rb_json_open(j, "kernelspec", '{');
    rb_json_string(j, "display_name", "Python 3");
    rb_json_string(j, "language", "python");
    rb_json_string(j, "name", "python3");
    rb_json_close(j);
    rb_json_open(j, "language_info", '{');
    rb_json_string(j, "name", "python");
    rb_json_close(j);
    rb_json_close(j);
}

const char *rb_page_notebook(rb_arena *a, const rb_page *p, const char *html_name)
{
    notebook n = {.arena = a, .json = rb_json_new(a)};
    rb_json_open(n.json, NULL, '{');
    rb_json_integer(n.json, "nbformat", 4);
    rb_json_integer(n.json, "nbformat_minor", 5);
    put_metadata(n.json);
    rb_json_open(n.json, "cells", '[');
    put_reader(&n, p, html_name);
    for (const rb_block *b = p->first; b; b = b->next) put_block(&n, b);
    rb_json_close(n.json);
    rb_json_close(n.json);
    return rb_text_format(a, "%s\n", rb_json_text(n.json));
}
