// SPDX-License-Identifier: Apache-2.0
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool rb_library_open(const char *file, const char *package, const rb_symbol *symbols, int count, void *table,
                     rb_error *err)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return rb_fail(err, RB_ERR_IO, "%s is needed and cannot be opened: install %s", file, package);
    for (int i = 0; i < count; i++) {
        void *found = dlsym(handle, symbols[i].name);
        if (!found) return rb_fail(err, RB_ERR_IO, "%s has no %s: another version is needed", file, symbols[i].name);
        memcpy((char *)table + symbols[i].offset, &found, sizeof found);
    }
    return true;
}
