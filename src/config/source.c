// SPDX-License-Identifier: Apache-2.0
#include "config/source.h"
#include "config/text.h"

#include <string.h>

#define WINDOW 80 // characters shown of a long source line
#define BEFORE 50 // of these, at most so many before the caret

static bool ends_line(const rb_bytes *text, ptrdiff_t i)
{
    uint8_t c = text->data[i];
    return c == '\n' || (c == '\r' && (i + 1 == text->size || text->data[i + 1] != '\n'));
}

static bool is_control(uint8_t c)
{
    return (c < ' ' && !strchr("\t\n\r", c)) || c == '\0' || c == 0x7F;
}

// Where the check is.
typedef struct place {
    int line, brackets;
    int blanks;   // blanks and line ends just before
    bool first;   // the next character is the first of its line
    bool leading; // only blanks and indicators stand before it in its line
} place;

static bool is_byte_order_mark(const uint8_t *at, int size)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    return size == 3 && !memcmp(at, mark, sizeof mark);
}

// libfyaml 0.7.12 reads ahead to the end of the outermost bracket, with some 350 bytes for each open one; its time
// grows with the square of blank lines in a block, and of a directive; it may crash over a tab after a long key.
static const char *fault(const place *p, uint8_t c, int size)
{
    if (!size) return "is not UTF-8 text";
    if (is_control(c)) return "has a control character";
    if (c == '%' && p->first) return "begins with '%'; YAML directives are not read here";
    if (c == '?' && p->leading) return "begins with '?'; YAML's long keys are not read here";
    if (p->brackets == RB_SOURCE_BRACKETS && strchr("[{", c)) return "has too many brackets for a configuration";
    if (p->blanks == RB_SOURCE_BLANKS && strchr(" \t\r\n", c)) return "has too many blanks or empty lines in a row";
    return NULL;
}

static void pass(place *p, const rb_bytes *text, ptrdiff_t i, int size)
{
    const uint8_t *at = text->data + i;
    p->brackets += *at == '[' || *at == '{';
    p->blanks = strchr(" \t\r\n", *at) ? p->blanks + 1 : 0;
    bool ends = ends_line(text, i), mark = is_byte_order_mark(at, size);
    p->first = ends || (p->first && mark);
    p->leading = ends || (p->leading && (mark || strchr(" \t-:,[{", *at)));
    p->line += ends;
}

bool rb_source_check(const rb_source *s, rb_error *err)
{
    const rb_bytes *text = &s->text;
    if (text->size > RB_SOURCE_LIMIT)
        return rb_fail(err, RB_ERR_USAGE, "%s: over the limit of %td bytes for a configuration", s->name,
                       RB_SOURCE_LIMIT);
    place p = {.line = 1, .first = true, .leading = true};
    for (ptrdiff_t i = 0; i < text->size;) {
        int size = rb_utf8_size(text->data + i, text->size - i);
        const char *message = fault(&p, text->data[i], size);
        if (message) return rb_fail(err, RB_ERR_USAGE, "%s:%d: %s", s->name, p.line, message);
        pass(&p, text, i, size);
        i += size;
    }
    return true;
}

static const uint8_t *line_start(const rb_bytes *text, int line)
{
    ptrdiff_t i = 0;
    for (; i < text->size && line > 1; i++) line -= ends_line(text, i);
    return text->data + i;
}

static const uint8_t *line_end(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '\n' && *at != '\r') at++;
    return at;
}

static const uint8_t *skip_characters(const uint8_t *at, const uint8_t *end, int count)
{
    for (; at < end && count > 0; count--) at += rb_utf8_size(at, end - at);
    return at;
}

bool rb_source_fail(const rb_source *s, int line, int column, const char *message, rb_error *err)
{
    const uint8_t *start = line_start(&s->text, line), *end = line_end(start, s->text.data + s->text.size);
    int hidden = column > WINDOW ? column - BEFORE : 0;
    const uint8_t *from = skip_characters(start, end, hidden), *to = skip_characters(from, end, WINDOW);
    char shown[4 * WINDOW + 1] = "";
    for (ptrdiff_t i = 0; i < to - from; i++) shown[i] = (char)(from[i] == '\t' ? ' ' : from[i]);

    const char *lead = hidden ? "..." : "", *tail = to < end ? "..." : "";
    int caret = 4 + (int)strlen(lead) + column - hidden;
    return rb_fail(err, RB_ERR_USAGE, "%s:%d: %s\n    %s%s%s\n%*s", s->name, line, message, lead, shown, tail, caret,
                   "^");
}
