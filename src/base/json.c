// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 32

struct rb_json {
    rb_arena *arena;
    char *text;
    ptrdiff_t used, room;
    int depth;
    char closer[DEPTH]; // what ends each open bracket
    bool filled[DEPTH]; // a value stands in it already
};

rb_json *rb_json_new(rb_arena *a)
{
    rb_json *j = RB_NEW(a, rb_json, 1);
    *j = (rb_json){.arena = a, .room = 1024, .text = RB_NEW(a, char, 1024)};
    return j;
}

const char *rb_json_text(rb_json *j)
{
    return j->text;
}

static void put(rb_json *j, const char *text, ptrdiff_t n)
{
    if (j->used + n + 1 > j->room) {
        while (j->used + n + 1 > j->room) j->room *= 2;
        char *wider = RB_NEW(j->arena, char, j->room);
        memcpy(wider, j->text, (size_t)j->used);
        j->text = wider;
    }
    memcpy(j->text + j->used, text, (size_t)n);
    j->used += n;
    j->text[j->used] = '\0';
}

static void puts_(rb_json *j, const char *text)
{
    put(j, text, (ptrdiff_t)strlen(text));
}

static void put_character(rb_json *j, const char *at, int size)
{
    char escaped[8];
    if (*at == '"' || *at == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", *at);
    else if (*(const unsigned char *)at < 0x20)
        snprintf(escaped, sizeof escaped, "\\u%04x", *at);
    else
        snprintf(escaped, sizeof escaped, "%.*s", size, at);
    puts_(j, escaped);
}

// JSON is UTF-8, file names are any bytes: those that are no text become the character that stands for such.
static void quote(rb_json *j, const char *text)
{
    const char *end = text + strlen(text);
    put(j, "\"", 1);
    for (int n; text < end; text += n ? n : 1) {
        n = rb_utf8_size((const uint8_t *)text, end - text);
        if (n)
            put_character(j, text, n);
        else
            puts_(j, "\xEF\xBF\xBD"); // U+FFFD
    }
    put(j, "\"", 1);
}

// A comma where one is due, then the key.
static void begin(rb_json *j, const char *key)
{
    if (j->filled[j->depth]) put(j, ",", 1);
    j->filled[j->depth] = true;
    if (!key) return;
    quote(j, key);
    put(j, ":", 1);
}

void rb_json_open(rb_json *j, const char *key, char bracket)
{
    begin(j, key);
    put(j, &bracket, 1);
    if (++j->depth == DEPTH) abort();
    j->closer[j->depth] = bracket == '{' ? '}' : ']';
    j->filled[j->depth] = false;
}

void rb_json_close(rb_json *j)
{
    put(j, &j->closer[j->depth--], 1);
}

void rb_json_raw(rb_json *j, const char *key, const char *json)
{
    begin(j, key);
    puts_(j, json);
}

void rb_json_string(rb_json *j, const char *key, const char *value)
{
    begin(j, key);
    quote(j, value);
}

void rb_json_integer(rb_json *j, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    rb_json_raw(j, key, text);
}

void rb_json_real(rb_json *j, const char *key, double value)
{
    char text[32];
    rb_json_raw(j, key, isfinite(value) ? rb_real_text(value, text) : "null");
}

void rb_json_bool(rb_json *j, const char *key, bool value)
{
    rb_json_raw(j, key, value ? "true" : "false");
}

void rb_json_null(rb_json *j, const char *key)
{
    rb_json_raw(j, key, "null");
}

const char *rb_real_text(double value, char out[32])
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    return out;
}
