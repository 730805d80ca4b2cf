// SPDX-License-Identifier: Apache-2.0
// calibration.c - the field `calibration` of a checkpoint: what can be read can be applied and written.
#include "calibrate/calibrate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rb_error err;
    rb_arena *a = rb_arena_open();
    const char *text = rb_text_format(a, "%.*s", (int)size, (const char *)data);
    for (int k = 1; k < 4; k++) {
        rb_calibration c;
        if (!rb_calibration_read(a, text, k, &c, &err)) continue;
        rb_json *j = rb_json_new(a);
        double p[3];
        rb_calibrate(&c, (const double[3]){0.5, -1, 2}, p);
        rb_calibration_to_json(j, NULL, &c);
        if (!rb_calibration_read(a, rb_json_text(j), k, &c, &err)) abort();
    }
    rb_arena_close(a);
    return 0;
}
