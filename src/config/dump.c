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

// Characters that a double-quoted scalar cannot hold as they are, or that a reader may take for a line break.
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0xFFFE ||
           c == 0xFFFF;
}

static uint32_t code_point(const uint8_t *at, int size)
{
    uint32_t c = size == 1 ? at[0] : at[0] & (0x7Fu >> size);
    for (int i = 1; i < size; i++) c = c << 6 | (at[i] & 0x3Fu);
    return c;
}

static void add_quoted(rb_text *t, const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    rb_text_add(t, "\"");
    for (int n; at < end; at += n) {
        n = rb_utf8_size(at, end - at);
        uint32_t c = code_point(at, n);
        if (needs_escape(c))
            rb_text_add(t, "\\u%04x", c);
        else
            rb_text_add(t, "%s%.*s", c == '"' || c == '\\' ? "\\" : "", n, (const char *)at);
    }
    rb_text_add(t, "\"");
}

static void add_value(rb_text *t, const rb_field *f, const char *text)
{
    bool word = f->type == RB_TEXT || f->type == RB_CHOICE;
    if (text && word && !is_harmless(text))
        add_quoted(t, text);
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
