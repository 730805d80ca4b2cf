// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const char *const rb_log_formats[] = {"text", "json", NULL};

// stderr is the process's own, and so is the way in which it is used; set once, before there are threads.
static rb_log_format used = RB_LOG_TEXT;
static bool hushed = false;

void rb_log_use(rb_log_format format, bool quiet)
{
    used = format;
    hushed = quiet;
}

bool rb_log_tells(rb_log_format format)
{
    return !hushed && used == format;
}

bool rb_log_draws(void)
{
    return rb_log_tells(RB_LOG_TEXT) && isatty(STDERR_FILENO) == 1;
}

void rb_log_record(const char *json)
{
    if (rb_log_tells(RB_LOG_JSON)) fprintf(stderr, "%s\n", json);
}

static void say_json(const char *type, int exit_code, const char *text)
{
    rb_arena *scratch = rb_arena_open();
    rb_json *j = rb_json_new(scratch);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "type", type);
    if (exit_code) rb_json_integer(j, "exit", exit_code);
    rb_json_string(j, "text", text);
    rb_json_close(j);
    fprintf(stderr, "%s\n", rb_json_text(j));
    rb_arena_close(scratch);
}

static void say(const char *type, const char *kind, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    if (used == RB_LOG_JSON)
        say_json(type, 0, text);
    else
        fprintf(stderr, "rarebit: %s%s\n", kind, text);
}

void rb_note(const char *format, ...)
{
    va_list args;
    if (hushed) return;
    va_start(args, format);
    say("note", "", format, args);
    va_end(args);
}

void rb_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("warning", "warning: ", format, args);
    va_end(args);
}

void rb_log_error(const rb_error *err)
{
    if (used == RB_LOG_JSON)
        say_json("error", (int)err->kind, err->text);
    else
        fprintf(stderr, "rarebit: %s\n", err->text);
}
