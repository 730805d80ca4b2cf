// SPDX-License-Identifier: Apache-2.0
#include "weights/header.h"

#include <inttypes.h>
#include <string.h>

bool rb_header_find(rb_bytes file, rb_piece *header, rb_error *err)
{
    uint64_t size = 0;
    if (file.size < (ptrdiff_t)sizeof size)
        return rb_fail(err, RB_ERR_WEIGHTS, "not a safetensors file: %td bytes are too short", file.size);
    for (int i = 7; i >= 0; i--) size = size << 8 | file.data[i];
    if (size > (uint64_t)RB_HEADER_LIMIT)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "not a safetensors file: a header of %" PRIu64 " bytes is over the limit of %td", size,
                       RB_HEADER_LIMIT);
    if ((ptrdiff_t)size > file.size - 8)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "the header's %" PRIu64
                       " bytes go past the end of the file (%td bytes): was the file cut short?",
                       size, file.size);

    const char *text = (const char *)file.data + 8;
    if (size == 0 || *text != '{') return rb_fail(err, RB_ERR_WEIGHTS, "the header does not begin with '{'");
    *header = (rb_piece){text, text + size};
    return true;
}

rb_members rb_members_of(rb_piece object, rb_error *err)
{
    return (rb_members){.begin = object.at, .at = object.at, .end = object.end, .err = err};
}

static bool wrong(rb_members *m, const char *what)
{
    m->failed = true;
    return rb_fail(m->err, RB_ERR_WEIGHTS, "byte %td: %s", m->at - m->begin, what);
}

// The byte ahead, 0 at the end. A zero byte in the text is none of what anybody looks for, so it ends the walk too.
static char ahead(const rb_members *m)
{
    if (m->at == m->end) return '\0';
    return *m->at;
}

static bool ahead_is_one_of(const rb_members *m, const char *set)
{
    return ahead(m) && strchr(set, ahead(m));
}

static void skip_space(rb_members *m)
{
    while (ahead_is_one_of(m, " \t\r\n")) m->at++;
}

static bool take(rb_members *m, char wanted, const char *otherwise)
{
    skip_space(m);
    if (ahead(m) != wanted) return wrong(m, otherwise);
    m->at++;
    return true;
}

static bool skip_string(rb_members *m)
{
    for (m->at++; m->at < m->end; m->at++) {
        if (*m->at == '"') {
            m->at++;
            return true;
        }
        if (*m->at == '\\' && m->at + 1 < m->end) m->at++;
    }
    return wrong(m, "a string is never closed");
}

static bool skip_brackets(rb_members *m)
{
    int depth = 0;
    while (m->at < m->end) {
        char c = *m->at;
        if (c == '"') {
            if (!skip_string(m)) return false;
            continue;
        }
        m->at++;
        if (c == '{' || c == '[') depth++;
        if (depth > m->depth) m->depth = depth;
        if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return wrong(m, "a bracket is never closed");
}

static bool take_key(rb_members *m)
{
    skip_space(m);
    if (ahead(m) != '"') return wrong(m, "expected a name in quotes");
    m->key.at = m->at;
    if (!skip_string(m)) return false;
    m->key.end = m->at;
    return true;
}

static bool take_value(rb_members *m)
{
    skip_space(m);
    m->depth = 0;
    m->value.at = m->at;
    if (ahead_is_one_of(m, "{[")) {
        if (!skip_brackets(m)) return false;
    } else if (ahead(m) == '"') {
        if (!skip_string(m)) return false;
    } else {
        while (ahead(m) && !ahead_is_one_of(m, ",}] \t\r\n")) m->at++;
    }
    m->value.end = m->at;
    return true;
}

static bool end(rb_members *m)
{
    m->at++;
    skip_space(m);
    if (m->at < m->end) wrong(m, "something follows the closing '}'");
    return false;
}

bool rb_members_next(rb_members *m)
{
    bool first = !m->key.at;
    if (first && !take(m, '{', "expected '{'")) return false;
    skip_space(m);
    if (ahead(m) == '}') return end(m);
    if (!first && !take(m, ',', "expected ',' or '}'")) return false;
    return take_key(m) && take(m, ':', "expected ':'") && take_value(m);
}
