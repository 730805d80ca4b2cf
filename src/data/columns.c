// SPDX-License-Identifier: Apache-2.0
#include "data/columns.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((ptrdiff_t)64 << 20)

typedef struct lines {
    const char *at, *end;
    int number; // of the line taken last, from 1
} lines;

// Of a zero byte strchr would say that it is among the blanks.
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static lines lines_of(rb_bytes file)
{
    const char *at = (const char *)file.data, *end = at + file.size;
    if (file.size >= 3 && !memcmp(at, "\xEF\xBB\xBF", 3)) at += 3;
    while (end > at && (is_blank(end[-1]) || end[-1] == '\n')) end--;
    return (lines){at, end, 0};
}

static bool take_line(lines *l, const char **text, int *size)
{
    if (l->at >= l->end) return false;
    const char *stop = memchr(l->at, '\n', (size_t)(l->end - l->at));
    if (!stop) stop = l->end;
    *text = l->at;
    *size = (int)(stop - l->at);
    l->at = stop + 1;
    l->number++;
    while (*size > 0 && is_blank((*text)[*size - 1])) --*size;
    return true;
}

// At least as many as there are lines to take.
static ptrdiff_t most_lines(const lines *l)
{
    ptrdiff_t count = 1;
    for (const char *at = l->at; at < l->end; at++) count += *at == '\n';
    return count;
}

static bool open_lines(rb_arena *a, const char *path, lines *out, rb_error *err)
{
    rb_bytes file;
    if (!rb_file_read(a, path, FILE_LIMIT, &file, err)) return false;
    *out = lines_of(file);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int label_of(const char *text, int size)
{
    int label = 0, i = 0;
    for (; i < size && is_digit(text[i]) && label <= RB_LABEL_MAX; i++) label = 10 * label + (text[i] - '0');
    if (i == 0 || (i > 1 && text[0] == '0') || label > RB_LABEL_MAX || (i < size && text[i] != '.')) return -1;
    for (i++; i < size; i++)
        if (text[i] != '0') return -1;
    return label;
}

static bool fail_value(const char *path, const lines *l, const char *text, int size, const char *wanted, rb_error *err)
{
    return rb_fail(err, RB_ERR_DATA, "%s:%d: \"%.*s\" is %s", path, l->number, size < 40 ? size : 40, text, wanted);
}

bool rb_labels_read(rb_arena *a, const char *path, int **out, int *count, rb_error *err)
{
    lines l;
    const char *text;
    int size;
    if (!open_lines(a, path, &l, err)) return false;
    *out = RB_NEW(a, int, most_lines(&l));
    while (take_line(&l, &text, &size)) {
        int label = label_of(text, size);
        if (label < 0) return fail_value(path, &l, text, size, "no label: 0 or 1, or with more classes up to 999", err);
        (*out)[l.number - 1] = label;
    }
    *count = l.number;
    return true;
}

// strtod reads on over a line's end and knows words; what it took must be the whole line.
static bool real_of(const char *text, int size, double *out)
{
    char number[64], *end;
    if (size < 1 || size >= (int)sizeof number || is_blank(text[0])) return false;
    memcpy(number, text, (size_t)size);
    number[size] = '\0';
    *out = strtod(number, &end);
    return end == number + size && !isinf(*out);
}

bool rb_reals_read(rb_arena *a, const char *path, double **out, int *count, rb_error *err)
{
    lines l;
    const char *text;
    int size;
    if (!open_lines(a, path, &l, err)) return false;
    *out = RB_NEW(a, double, most_lines(&l));
    while (take_line(&l, &text, &size))
        if (!real_of(text, size, &(*out)[l.number - 1])) return fail_value(path, &l, text, size, "not a number", err);
    *count = l.number;
    return true;
}
