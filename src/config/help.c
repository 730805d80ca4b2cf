// SPDX-License-Identifier: Apache-2.0
// help.c - the tables for people: help on a terminal, and the page docs/config.md.
#include "config/key.h"
#include "config/text.h"

#include <string.h>

#define WIDTH  100
#define COLUMN 36 // where help texts begin, if the flags are short enough

static const struct type_words {
    const char *name, *placeholder;
} types[] = {
    [RB_BOOL] = {"bool", NULL},     [RB_INT] = {"int", "INT"},      [RB_REAL] = {"real", "REAL"},
    [RB_TEXT] = {"text", "TEXT"},   [RB_CHOICE] = {"choice", NULL}, [RB_RANGE] = {"range", "LOW,HIGH"},
    [RB_TREE] = {"nested", "TEXT"},
};

static const char *flag_text(rb_arena *a, const rb_section *s, const rb_field *f)
{
    const char *name = rb_key_name(a, s, f);
    if (f->type == RB_BOOL) return rb_text_format(a, "--%s", name);
    return rb_text_format(a, f->or_truth ? "--%s [%s]" : "--%s %s", name,
                          f->type == RB_CHOICE ? rb_choices_text(a, f) : types[f->type].placeholder);
}

// "share set aside for the test (of all pictures; 0..0.9; default 0.1)"
static const char *help_text(rb_arena *a, const rb_field *f)
{
    const char *range = rb_range_text(a, f), *preset = rb_value_text(a, f, rb_value_preset(f));
    return rb_text_format(a, "%s (%s%s%s%s%s%s)", f->help ? f->help : "", f->unit ? f->unit : "", f->unit ? "; " : "",
                          range, *range ? "; " : "", preset ? "default " : "unset by default", preset ? preset : "");
}

// Words from `column` on, broken before WIDTH, further lines indented to COLUMN.
static void add_wrapped(rb_text *t, int column, const char *words)
{
    while (*(words += strspn(words, " "))) {
        int n = (int)strcspn(words, " ");
        if (column > COLUMN && column + 1 + n > WIDTH) {
            rb_text_add(t, "\n%*s", COLUMN, "");
            column = COLUMN;
        }
        rb_text_add(t, "%s%.*s", column > COLUMN ? " " : "", n, words);
        column += n + (column > COLUMN);
        words += n;
    }
    rb_text_add(t, "\n");
}

static void add_row(rb_text *t, const char *flag, const char *help)
{
    int gap = COLUMN - 2 - (int)strlen(flag);
    if (gap >= 2)
        rb_text_add(t, "  %s%*s", flag, gap, "");
    else
        rb_text_add(t, "  %s\n%*s", flag, COLUMN, "");
    add_wrapped(t, COLUMN, help);
}

const char *rb_config_help(rb_arena *a, const rb_config *c)
{
    rb_text t = rb_text_new(a);
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++) {
        if (!s->used || !s->fields->name) continue;
        rb_text_add(&t, "%s%s:\n", t.used ? "\n" : "", s->title);
        for (const rb_field *f = s->fields; f->name; f++) add_row(&t, flag_text(a, s, f), help_text(a, f));
    }
    return t.at;
}

// One cell of a table, in which '|' would end it.
static void add_cell(rb_text *t, const char *mark, const char *text)
{
    rb_text_add(t, " %s", mark);
    for (; *text; text++) rb_text_add(t, *text == '|' ? "\\|" : "%c", *text);
    rb_text_add(t, "%s |", mark);
}

static void add_cells(rb_text *t, const rb_section *s, const rb_field *f)
{
    rb_arena *a = t->arena;
    const char *preset = rb_value_text(a, f, rb_value_preset(f));
    rb_text_add(t, "|");
    add_cell(t, "`", rb_key_name(a, s, f));
    add_cell(t, "", types[f->type].name);
    add_cell(t, "", f->unit ? f->unit : "");
    add_cell(t, "", f->type == RB_CHOICE ? rb_choices_text(a, f) : rb_range_text(a, f));
    add_cell(t, "", preset ? preset : "unset");
    add_cell(t, "", f->help ? f->help : "");
    rb_text_add(t, "\n");
}

const char *rb_config_markdown(rb_arena *a, const rb_config *c)
{
    rb_text t = rb_text_new(a);
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++) {
        if (!s->used || !s->fields->name) continue;
        rb_text_add(&t, "%s## %s\n\n", t.used ? "\n" : "", s->title);
        rb_text_add(&t, "| key | type | unit | range | default | help |\n|---|---|---|---|---|---|\n");
        for (const rb_field *f = s->fields; f->name; f++) add_cells(&t, s, f);
    }
    return t.at;
}
