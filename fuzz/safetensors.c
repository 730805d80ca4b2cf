// SPDX-License-Identifier: Apache-2.0
// safetensors.c - weight files: parsed, hash checked, every tensor converted.
#include "weights/weights.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rb_error err;
    rb_tensors t;
    rb_arena *a = rb_arena_open();
    rb_bytes file = {data, (ptrdiff_t)size};
    if (rb_safetensors_parse(a, file, &t, &err)) {
        bool hashed = rb_content_hash_check(file, &err);
        volatile double sum = hashed;
        for (int i = 0; i < t.count; i++) {
            double *wide = RB_NEW(a, double, t.tensor[i].count);
            rb_tensor_to_f64(&t.tensor[i], wide);
            for (int64_t k = 0; k < t.tensor[i].count; k++) sum += wide[k];
        }
        (void)sum;
    }
    rb_arena_close(a);
    return 0;
}
