// SPDX-License-Identifier: Apache-2.0
// spool.h - findings kept in a temporary file until all pictures have been seen; private to the commands.
#ifndef RB_CLI_PART_SPOOL_H
#define RB_CLI_PART_SPOOL_H

#include "cli/part/rows.h"

#include <stdio.h>

typedef struct rb_spool {
    FILE *file;         // without a name: it is gone with the process
    const char *folder; // that it is in
    int columns;
} rb_spool;

// In TMPDIR or /tmp. Ends with `a`. Errors: IO
bool rb_spool_open(rb_arena *a, int columns, rb_spool *out, rb_error *err) RB_CHECKED;

// All but the decision. Errors: IO
bool rb_spool_put(const rb_spool *s, const rb_row *row, rb_error *err) RB_CHECKED;

// From the first one again.
bool rb_spool_rewind(const rb_spool *s, rb_error *err) RB_CHECKED;

// The next one, in `a`; `more` is false after the last.
bool rb_spool_get(rb_arena *a, const rb_spool *s, rb_row *out, bool *more, rb_error *err) RB_CHECKED;

#endif
