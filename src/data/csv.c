// SPDX-License-Identifier: Apache-2.0
#include "data/csv.h"

#include "base/file.h"

#include <string.h>

bool rb_csv_open(rb_arena *a, const char *path, ptrdiff_t limit, rb_csv *out, rb_error *err)
{
    rb_bytes file;
    if (!rb_file_read(a, path, limit, &file, err)) return false;
    if (memchr(file.data, 0, (size_t)file.size))
        return rb_fail(err, RB_ERR_DATA, "%s: has zero bytes in it: not a CSV text", path);
    char *text = RB_NEW(a, char, file.size + 1);
    memcpy(text, file.data, (size_t)file.size);
    bool mark = !strncmp(text, "\xEF\xBB\xBF", 3);
    *out = (rb_csv){.path = path, .at = text + (mark ? 3 : 0), .end = text + file.size, .line = 1, .next = 1};
    return true;
}

bool rb_csv_more(rb_csv *c)
{
    for (; *c->at == '\n' || *c->at == '\r'; c->at++)
        if (*c->at == '\n') c->next++;
    return c->at < c->end;
}

// Takes the quotes off the field at c->at, in place, and leaves c->at behind the closing one.
static bool unquote(rb_csv *c, rb_error *err)
{
    char *to = c->at++;
    for (;; c->at++) {
        if (c->at == c->end) return rb_fail(err, RB_ERR_DATA, "%s:%d: a quote is never closed", c->path, c->line);
        if (*c->at == '\n') c->next++;
        if (*c->at == '"' && *++c->at != '"') break;
        *to++ = *c->at;
    }
    *to = '\0';
    return true;
}

// Cuts one field; `ended` is what came after it: ',', '\n', or 0 at the end of the file.
static bool cut(rb_csv *c, char **field, char *ended, rb_error *err)
{
    *field = c->at;
    if (*c->at != '"')
        c->at += strcspn(c->at, ",\r\n");
    else if (!unquote(c, err))
        return false;

    char *stop = c->at;
    if (c->at[0] == '\r' && (c->at[1] == '\n' || c->at[1] == '\0')) c->at++;
    *ended = *c->at;
    if (*ended != ',' && *ended != '\n' && *ended != '\0')
        return rb_fail(err, RB_ERR_DATA, "%s:%d: expected a comma or the end of the line after \"%.40s\"", c->path,
                       c->next, *field);
    if (*ended == '\n') c->next++;
    if (*ended) c->at++;
    *stop = '\0';
    return true;
}

bool rb_csv_row(rb_csv *c, char **field, int room, int *count, rb_error *err)
{
    c->line = c->next;
    *count = 0;
    for (char ended = ','; ended == ',';) {
        if (*count == room) return rb_fail(err, RB_ERR_DATA, "%s:%d: more than %d fields", c->path, c->line, room);
        if (!cut(c, &field[*count], &ended, err)) return false;
        ++*count;
    }
    return true;
}

const char *rb_csv_quoted(rb_arena *a, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) return text;
    char *out = RB_NEW(a, char, (ptrdiff_t)strlen(text) * 2 + 3), *to = out;
    *to++ = '"';
    for (; *text; text++) {
        if (*text == '"') *to++ = '"';
        *to++ = *text;
    }
    *to = '"';
    return out;
}
