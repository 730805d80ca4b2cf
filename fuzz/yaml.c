// SPDX-License-Identifier: Apache-2.0
// yaml.c - configuration files: parsed over the keys of train; what is accepted must read back from its own dump.
#include "train/settings.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rb_error err;
    rb_arena *a = rb_arena_open();
    rb_settings *s = rb_settings_new(a, RB_FOR_TRAIN), *again = rb_settings_new(a, RB_FOR_TRAIN);
    if (rb_config_read_text(a, &s->config, "fuzz.yaml", (rb_bytes){data, (ptrdiff_t)size}, &err)) {
        const char *dump = rb_config_dump(a, &s->config, false);
        rb_bytes text = {(const uint8_t *)dump, (ptrdiff_t)strlen(dump)};
        if (!rb_config_read_text(a, &again->config, "dump.yaml", text, &err)) abort();
        if (strcmp(dump, rb_config_dump(a, &again->config, false))) abort();
    }
    rb_arena_close(a);
    return 0;
}
