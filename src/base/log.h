// SPDX-License-Identifier: Apache-2.0
// log.h - messages for people, on stderr; results alone go to stdout.
//
// Threads: any; a line is written at once
#ifndef RB_BASE_LOG_H
#define RB_BASE_LOG_H

#include "base/error.h"

void rb_note(const char *format, ...) RB_PRINTF(1, 2); // "rarebit: ..."
void rb_warn(const char *format, ...) RB_PRINTF(1, 2); // "rarebit: warning: ..."

#endif
