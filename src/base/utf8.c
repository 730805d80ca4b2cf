// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <string.h>

// Source: Unicode 15, table 3-7, "Well-Formed UTF-8 Byte Sequences"
static const struct lead {
    uint8_t first, last; // range of the first byte
    uint8_t low, high;   // range of the second
    int size;
} leads[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

int rb_utf8_size(const uint8_t *at, ptrdiff_t left)
{
    const struct lead *l = leads, *end = leads + sizeof leads / sizeof *leads;
    while (l < end && left > 0 && (at[0] < l->first || at[0] > l->last)) l++;
    if (l == end || l->size > left) return 0;
    if (l->size > 1 && (at[1] < l->low || at[1] > l->high)) return 0;
    for (int i = 2; i < l->size; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return l->size;
}

bool rb_utf8_valid(const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    for (int n; at < end; at += n)
        if (!(n = rb_utf8_size(at, end - at))) return false;
    return true;
}

const char *rb_utf8_mended(rb_arena *a, const char *text)
{
    if (rb_utf8_valid(text)) return text;
    const char *end = text + strlen(text);
    char *out = RB_NEW(a, char, 3 * (end - text) + 1), *to = out;
    while (text < end) {
        int n = rb_utf8_size((const uint8_t *)text, end - text);
        memcpy(to, n ? text : "\xEF\xBF\xBD", n ? (size_t)n : 3);
        to += n ? n : 3;
        text += n ? n : 1;
    }
    return out;
}
