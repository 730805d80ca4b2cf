// SPDX-License-Identifier: Apache-2.0
// labels.c - files with labels, scores or words.
#include "file.h"

#include "data/columns.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    rb_error err;
    int fd = file_in_memory(data, size, path), *label, count;
    const char **word;
    rb_rows real;
    rb_arena *a = rb_arena_open();
    volatile double sum = 0;
    if (rb_labels_read(a, path, &label, &count, &err))
        for (int i = 0; i < count; i++) sum += label[i];
    if (rb_class_labels_read(a, path, 1000, &label, &count, &err))
        for (int i = 0; i < count; i++) sum += label[i];
    if (rb_rows_read(a, path, &real, &err))
        for (int i = 0; i < real.rows; i++)
            for (int c = 0; c < real.columns && real.row[i]; c++) sum += real.row[i][c];
    if (rb_words_read(a, path, &word, &count, &err))
        for (int i = 0; i < count; i++) sum += (double)strlen(word[i]);
    (void)sum;
    rb_arena_close(a);
    close(fd);
    return 0;
}
