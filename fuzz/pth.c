// SPDX-License-Identifier: Apache-2.0
// pth.c - files of torch.save: parsed, every tensor converted. Checksums of archives are made right first, as a mutant
// with a wrong one would be looked at no further.
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t number(const uint8_t *at, int bytes)
{
    size_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

// Of one entry of an archive's directory, if its member lies in the file.
static void mend(uint8_t *entry, uint8_t *file, size_t size)
{
    size_t packed = number(entry + 20, 4), offset = number(entry + 42, 4);
    if (offset > size || size - offset < 30) return;
    size_t front = offset + 30 + number(file + offset + 26, 2) + number(file + offset + 28, 2);
    if (front > size || packed > size - front) return;
    uLong crc = crc32(0, file + front, (uInt)packed);
    for (int i = 0; i < 4; i++) entry[16 + i] = (uint8_t)(crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rb_error err;
    rb_weights w;
    rb_arena *a = rb_arena_open();
    uint8_t *file = malloc(size + !size); // of exactly the file's size
    if (!file) abort();
    if (size) memcpy(file, data, size);
    for (size_t i = 0; i + 46 <= size; i++)
        if (!memcmp(file + i, "PK\1\2", 4)) mend(file + i, file, size);
    if (rb_weights_parse(a, (rb_bytes){file, (ptrdiff_t)size}, &w, &err)) {
        volatile float sum = 0;
        for (int i = 0; i < w.tensors.count; i++) {
            rb_arena *values = rb_arena_open();
            const rb_tensor *t = &w.tensors.tensor[i];
            float *x = RB_NEW(values, float, t->count);
            rb_tensor_to_f32(t, x);
            for (int64_t k = 0; k < t->count; k++) sum += x[k];
            rb_arena_close(values);
        }
        (void)sum;
    } else if (err.kind != RB_ERR_WEIGHTS || !*err.text) {
        abort();
    }
    free(file);
    rb_arena_close(a);
    return 0;
}
