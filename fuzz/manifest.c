// SPDX-License-Identifier: Apache-2.0
// manifest.c - manifests of pictures, and the split of what they list.
#include "file.h"

#include "data/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    rb_error err;
    rb_dataset d;
    int fd = file_in_memory(data, size, path);
    rb_arena *a = rb_arena_open();
    rb_data_settings s = {.root_dir = "", .manifest = path, .channels = 3, .test_split = 0.1, .val_split = 0.2};
    if (rb_dataset_open(a, &s, &d, &err) && rb_dataset_split(a, &s, &d, &err)) {
        volatile uint64_t seen = rb_dataset_fingerprint(&d);
        (void)seen;
    }
    rb_arena_close(a);
    close(fd);
    return 0;
}
