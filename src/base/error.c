// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool rb_fail(rb_error *err, rb_error_kind kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    err->kind = kind;
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

// Writes "<front>: <back>" without letting a long back push the front out.
static void join(char *text, size_t size, const char *front, const char *back)
{
    snprintf(text, size, "%s: ", front);
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", back);
}

bool rb_fail_in(rb_error *err, const char *format, ...)
{
    char front[512], back[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(front, sizeof front, format, args);
    va_end(args);
    memcpy(back, err->text, sizeof back);
    join(err->text, sizeof err->text, front, back);
    return false;
}

bool rb_fail_errno(rb_error *err, rb_error_kind kind, int number, const char *format, ...)
{
    char front[896];
    va_list args;
    va_start(args, format);
    vsnprintf(front, sizeof front, format, args);
    va_end(args);
    err->kind = kind;
    join(err->text, sizeof err->text, front, strerror(number));
    return false;
}

const char *rb_error_reason(const rb_error *err, const char *place)
{
    size_t n = strlen(place);
    return !strncmp(err->text, place, n) && !strncmp(err->text + n, ": ", 2) ? err->text + n + 2 : err->text;
}
