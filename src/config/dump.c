// SPDX-License-Identifier: Apache-2.0
// dump.c - the values of the used sections as YAML.
#include "config/key.h"
#include "config/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

// Words that this or another YAML reader, an older one above all, takes for something else than text.
static const char *const taken[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", NULL};

// Few texts are left without quotes: names and paths of harmless characters.
static bool is_harmless(const char *text)
{
    for (const char *const *word = taken; *word; word++)
        if (!strcasecmp(text, *word)) return false;
    const char *start = text + strspn(text, ".");
    if (!isalpha((unsigned char)*text) && !(*start == '/' && start - text <= 2)) return false;
    return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-@=")];
}

static void add_value(rb_text *t, const rb_field *f, const char *text)
{
    bool word = f->type == RB_TEXT || f->type == RB_CHOICE;
    if (text && word && !is_harmless(text))
        rb_text_add_quoted(t, text);
    else
        rb_text_add(t, "%s", text ? text : "null");
}

static void add_section(rb_text *t, const rb_section *s, bool portable)
{
    bool first = true;
    for (const rb_field *f = s->fields; f->name; f++) {
        if (portable && f->local) continue;
        if (first) rb_text_add(t, "%s# %s\n", t->used ? "\n" : "", s->title);
        first = false;
        rb_text_add(t, "%s: ", rb_key_name(t->arena, s, f));
        add_value(t, f, rb_value_text(t->arena, f, rb_value_load(s, f)));
        rb_text_add(t, "\n");
    }
}

static bool is_preset(rb_arena *a, const rb_section *s, const rb_field *f)
{
    const char *value = rb_value_text(a, f, rb_value_load(s, f)), *preset = rb_value_text(a, f, rb_value_preset(f));
    return value && preset ? !strcmp(value, preset) : !value && !preset;
}

const char *rb_config_local_set(rb_arena *a, const rb_config *c)
{
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++)
        for (const rb_field *f = s->fields; f->name; f++)
            if (f->local && !is_preset(a, s, f)) return rb_key_name(a, s, f);
    return NULL;
}

const char *rb_config_dump(rb_arena *a, const rb_config *c, bool portable)
{
    rb_text t = rb_text_new(a);
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++)
        if (s->used) add_section(&t, s, portable);
    return t.at;
}
