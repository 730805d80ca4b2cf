// SPDX-License-Identifier: Apache-2.0
// labels.c - files with one label or score a line.
#include "file.h"

#include "data/columns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    rb_error err;
    int fd = file_in_memory(data, size, path), *label, count;
    double *real;
    rb_arena *a = rb_arena_open();
    volatile double sum = 0;
    if (rb_labels_read(a, path, &label, &count, &err))
        for (int i = 0; i < count; i++) sum += label[i];
    if (rb_reals_read(a, path, &real, &count, &err))
        for (int i = 0; i < count; i++) sum += real[i];
    (void)sum;
    rb_arena_close(a);
    close(fd);
    return 0;
}
