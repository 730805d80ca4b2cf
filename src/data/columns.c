// SPDX-License-Identifier: Apache-2.0
#include "data/columns.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((ptrdiff_t)64 << 20)
#define SUM_SLIP   1e-2 // by which printed digits of probabilities may miss the sum of 1

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

// Digits, then perhaps a point and zeros.
static int label_of(const char *text, int size, int classes)
{
    int label = 0, i = 0;
    for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
        label = label * 10 + (text[i] - '0');
        if (label >= classes || (i && text[0] == '0')) return -1;
    }
    if (!i || (i < size && text[i++] != '.')) return -1;
    for (; i < size; i++)
        if (text[i] != '0') return -1;
    return label;
}

static bool fail_value(const char *path, const lines *l, const char *text, int size, const char *wanted, rb_error *err)
{
    return rb_fail(err, RB_ERR_DATA, "%s:%d: \"%.*s\" is %s", path, l->number, size < 40 ? size : 40, text, wanted);
}

bool rb_class_labels_read(rb_arena *a, const char *path, int classes, int **out, int *count, rb_error *err)
{
    lines l;
    const char *text, *wanted = "neither 0 nor 1";
    int size;
    if (classes > 2) wanted = rb_text_format(a, "no label: they are whole numbers from 0 to %d here", classes - 1);
    if (!open_lines(a, path, &l, err)) return false;
    *out = RB_NEW(a, int, most_lines(&l));
    while (take_line(&l, &text, &size)) {
        int label = label_of(text, size, classes);
        if (label < 0) return fail_value(path, &l, text, size, wanted, err);
        (*out)[l.number - 1] = label;
    }
    *count = l.number;
    return true;
}

bool rb_labels_read(rb_arena *a, const char *path, int **out, int *count, rb_error *err)
{
    return rb_class_labels_read(a, path, RB_LABEL_MAX + 1, out, count, err);
}

// ---- numbers ------------------------------------------------------------------------------------------------------

// strtod reads on over a field's end and knows words; what it took must be the whole field.
static bool real_of(const char *text, int size, double *out)
{
    char number[64], *end;
    if (size < 1 || size >= (int)sizeof number) return false;
    memcpy(number, text, (size_t)size);
    number[size] = '\0';
    *out = strtod(number, &end);
    return end == number + size && !isinf(*out);
}

// Cuts the next field off a line; false: there is none.
static bool take_field(const char **text, const char *stop, const char **field, int *size)
{
    while (*text < stop && is_blank(**text)) ++*text;
    if (*text == stop) return false;
    const char *at = *text;
    while (at < stop && !is_blank(*at) && *at != ',') at++;
    *field = *text;
    *size = (int)(at - *text);
    while (at < stop && is_blank(*at)) at++;
    *text = at + (at < stop && *at == ',');
    return true;
}

// At least as many as there are fields in all lines.
static ptrdiff_t most_fields(const lines *l)
{
    ptrdiff_t count = 1;
    for (const char *at = l->at; at < l->end; at++) count += is_blank(*at) || *at == '\n' || *at == ',';
    return count;
}

static bool read_row(const lines *l, const char *path, const char *text, int size, double *value, int *columns,
                     rb_error *err)
{
    const char *at = text, *field;
    int width;
    for (*columns = 0; take_field(&at, text + size, &field, &width); ++*columns) {
        if (*columns == RB_COLUMNS_LIMIT)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: more than %d numbers", path, l->number, RB_COLUMNS_LIMIT);
        if (!real_of(field, width, &value[*columns])) return fail_value(path, l, field, width, "not a number", err);
    }
    return *columns || fail_value(path, l, text, size, "not a number", err);
}

static bool has_nan(const double *value, int columns)
{
    bool any = false;
    for (int c = 0; c < columns; c++) any |= isnan(value[c]);
    return any;
}

bool rb_rows_read(rb_arena *a, const char *path, rb_rows *out, rb_error *err)
{
    lines l;
    const char *text;
    int size, columns;
    if (!open_lines(a, path, &l, err)) return false;
    double *value = RB_NEW(a, double, most_fields(&l));
    *out = (rb_rows){.row = RB_NEW(a, const double *, most_lines(&l))};
    while (take_line(&l, &text, &size)) {
        if (!read_row(&l, path, text, size, value, &columns, err)) return false;
        out->rows = l.number;
        if (columns == 1 && isnan(*value)) continue;
        if (!out->columns) out->columns = columns;
        if (columns != out->columns)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: %d numbers, on lines above %d", path, l.number, columns,
                           out->columns);
        if (has_nan(value, columns)) continue;
        out->row[l.number - 1] = value;
        value += columns;
    }
    if (!out->columns) out->columns = 1;
    return true;
}

bool rb_rows_of_two(const char *path, int columns, rb_error *err)
{
    return columns == 1 ||
           rb_fail(err, RB_ERR_DATA, "%s has %d columns; of two classes it holds the probability of label 1 alone",
                   path, columns);
}

bool rb_row_is_probable(const char *path, int line, const double *row, int columns, rb_error *err)
{
    double sum = 0;
    for (int c = 0; c < columns; c++) {
        if (!(row[c] >= 0 && row[c] <= 1))
            return rb_fail(err, RB_ERR_DATA, "%s:%d: %g is no probability; give those of the classes, not logits", path,
                           line, row[c]);
        sum += row[c];
    }
    return columns == 1 || fabs(sum - 1) <= SUM_SLIP ||
           rb_fail(err, RB_ERR_DATA, "%s:%d: the probabilities of %d classes sum to %g, not to 1", path, line, columns,
                   sum);
}

bool rb_reals_read(rb_arena *a, const char *path, double **out, int *count, rb_error *err)
{
    rb_rows all;
    if (!rb_rows_read(a, path, &all, err)) return false;
    if (all.columns != 1)
        return rb_fail(err, RB_ERR_DATA, "%s: has %d numbers on a line, one is wanted", path, all.columns);
    *out = RB_NEW(a, double, all.rows);
    *count = all.rows;
    for (int i = 0; i < all.rows; i++) (*out)[i] = all.row[i] ? *all.row[i] : (double)NAN;
    return true;
}

// ---- words --------------------------------------------------------------------------------------------------------

bool rb_words_read(rb_arena *a, const char *path, const char ***out, int *count, rb_error *err)
{
    lines l;
    const char *text;
    int size;
    if (!open_lines(a, path, &l, err)) return false;
    if (memchr(l.at, 0, (size_t)(l.end - l.at)))
        return rb_fail(err, RB_ERR_DATA, "%s: has zero bytes in it: not a text", path);
    *out = RB_NEW(a, const char *, most_lines(&l));
    while (take_line(&l, &text, &size)) (*out)[l.number - 1] = rb_text_format(a, "%.*s", size, text);
    *count = l.number;
    return true;
}
