// SPDX-License-Identifier: Apache-2.0
// readings.h - what a page says of figures. Include after check.h and folder.h.
#ifndef RB_TESTS_READINGS_H
#define RB_TESTS_READINGS_H

#include "report/page.h"

static inline rb_page *new_page(const place *p)
{
    return rb_page_new(p->arena, "t", "");
}

// The reading of a page's only block, with plain blanks.
static inline const char *reading_of(rb_page *p)
{
    char *text = rb_text_copy(p->arena, p->first->text), *to = text;
    assert_int_equal(p->count, 1);
    for (const char *c = text; *c; c++) {
        if (!strncmp(c, "\u00A0", 2))
            c++, *to++ = ' ';
        else
            *to++ = *c;
    }
    *to = '\0';
    return text;
}

static inline void check_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%.3000s", part, text);
}

#endif
