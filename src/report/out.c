// SPDX-License-Identifier: Apache-2.0
#include "report/out.h"

#include "base/utf8.h"

#include <string.h>

rb_out rb_out_new(rb_arena *a)
{
    enum { ROOM = 1024 };
    return (rb_out){.arena = a, .text = RB_NEW(a, char, ROOM), .room = ROOM};
}

void rb_out_bytes(rb_out *o, const char *text, ptrdiff_t size)
{
    if (o->used + size + 1 > o->room) {
        while (o->used + size + 1 > o->room) o->room *= 2;
        char *wider = RB_NEW(o->arena, char, o->room);
        memcpy(wider, o->text, (size_t)o->used);
        o->text = wider;
    }
    memcpy(o->text + o->used, text, (size_t)size);
    o->used += size;
    o->text[o->used] = '\0';
}

void rb_out_put(rb_out *o, const char *text)
{
    rb_out_bytes(o, text, (ptrdiff_t)strlen(text));
}

void rb_out_print(rb_out *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rb_out_put(o, rb_text_formatv(o->arena, format, args));
    va_end(args);
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    }
    return NULL;
}

// A control character has no place in HTML, bytes that are no UTF-8 none in a page that says it is.
static bool is_shown(const char *at, int size)
{
    unsigned char c = (unsigned char)*at;
    return size && (c >= 0x20 || c == '\n' || c == '\t') && c != 0x7F;
}

void rb_out_escaped(rb_out *o, const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        int size = rb_utf8_size((const uint8_t *)text, end - text);
        const char *entity = entity_of(*text);
        if (entity)
            rb_out_put(o, entity);
        else if (is_shown(text, size))
            rb_out_bytes(o, text, size);
        else
            rb_out_put(o, "\xEF\xBF\xBD"); // U+FFFD
        text += size ? size : 1;
    }
}

void rb_out_escapedf(rb_out *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rb_out_escaped(o, rb_text_formatv(o->arena, format, args));
    va_end(args);
}

// Source: RFC 4648, section 4
void rb_out_base64(rb_out *o, rb_bytes data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (ptrdiff_t i = 0; i < data.size; i += 3) {
        ptrdiff_t left = data.size - i;
        uint32_t three = (uint32_t)data.data[i] << 16;
        if (left > 1) three |= (uint32_t)data.data[i + 1] << 8;
        if (left > 2) three |= data.data[i + 2];
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63], digits[three >> 6 & 63], digits[three & 63]};
        if (left < 3) four[3] = '=';
        if (left < 2) four[2] = '=';
        rb_out_bytes(o, four, 4);
    }
}

void rb_out_data_uri(rb_out *o, rb_bytes picture)
{
    bool png = picture.size > 4 && !memcmp(picture.data + 1, "PNG", 3);
    rb_out_print(o, "data:image/%s;base64,", png ? "png" : "jpeg");
    rb_out_base64(o, picture);
}
