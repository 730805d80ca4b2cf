// SPDX-License-Identifier: Apache-2.0
// log.h - messages for people, or for a program that looks after this one, on stderr; results alone go to stdout.
//
// Threads: any; a line is written at once
#ifndef RB_BASE_LOG_H
#define RB_BASE_LOG_H

#include "base/error.h"

#include <stdbool.h>

// JSON: an object a line, with a "type": note, warning, error, progress, and records as log.jsonl has them.
typedef enum rb_log_format { RB_LOG_TEXT, RB_LOG_JSON } rb_log_format;
extern const char *const rb_log_formats[]; // NULL-ended

// From here on. Quiet: warnings and errors alone. Call it before there are other threads.
void rb_log_use(rb_log_format format, bool quiet);

void rb_note(const char *format, ...) RB_PRINTF(1, 2); // "rarebit: ..."
void rb_warn(const char *format, ...) RB_PRINTF(1, 2); // "rarebit: warning: ..."
void rb_log_error(const rb_error *err);                // "rarebit: ...", for who ends the program

// Whether progress is told in this way at all.
bool rb_log_tells(rb_log_format format);

// Whether it may be drawn, and drawn over: a person is at a terminal.
bool rb_log_draws(void);

// A line of JSON, where that is what is told.
void rb_log_record(const char *json);

#endif
