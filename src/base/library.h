// SPDX-License-Identifier: Apache-2.0
// library.h - shared libraries that are opened when they are used first, so that a start does not pay for them.
#ifndef RB_BASE_LIBRARY_H
#define RB_BASE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

// A function of a library and the member of the caller's struct that is to point to it.
typedef struct rb_symbol {
    const char *name;
    size_t offset;
} rb_symbol;

// Opens "libx.so.1" and fills `table`, a struct of function pointers. The library stays open until the process ends:
// it may have handlers that run then. `package` is what to install where it is missing.
//
// Errors: IO
bool rb_library_open(const char *file, const char *package, const rb_symbol *symbols, int count, void *table,
                     rb_error *err) RB_CHECKED;

#endif
