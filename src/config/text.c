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
