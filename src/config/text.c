// SPDX-License-Identifier: Apache-2.0
#include "config/text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 60 // bytes of a text that a message quotes

const char *rb_text_shown(rb_arena *a, const char *text)
{
    size_t length = strlen(text), keep = length < SHOWN ? length : SHOWN;
    while (keep < length && ((uint8_t)text[keep] & 0xC0) == 0x80) keep--;
    char *shown = rb_text_format(a, "%.*s%s", (int)keep, text, keep < length ? "..." : "");
    for (char *c = shown; *c; c++)
        if ((uint8_t)*c < ' ' || *c == 0x7F) *c = '?';
    return shown;
}

rb_text rb_text_new(rb_arena *a)
{
    return (rb_text){.arena = a, .at = RB_NEW(a, char, 1024), .room = 1024};
}

static void make_room(rb_text *t, ptrdiff_t more)
{
    if (t->room - t->used >= more) return;
    while (t->room - t->used < more) t->room *= 2;
    char *wider = RB_NEW(t->arena, char, t->room);
    memcpy(wider, t->at, (size_t)t->used);
    t->at = wider;
}

void rb_text_put(rb_text *t, const char *bytes, ptrdiff_t count)
{
    make_room(t, count + 1);
    memcpy(t->at + t->used, bytes, (size_t)count);
    t->used += count;
    t->at[t->used] = '\0';
}

void rb_text_add(rb_text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    make_room(t, n + 1);
    vsnprintf(t->at + t->used, (size_t)n + 1, format, again);
    t->used += n;
    va_end(again);
    va_end(args);
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

void rb_text_add_quoted(rb_text *t, const char *text)
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
