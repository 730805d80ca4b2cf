// SPDX-License-Identifier: Apache-2.0
// picture.h - what the JPEG and the PNG target do: read the head, decode to colour and to grey, then look at every
// byte.
#ifndef RB_FUZZ_PICTURE_H
#define RB_FUZZ_PICTURE_H

#include "image/image.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void decode(const uint8_t *data, size_t size, int channels)
{
    rb_error err;
    rb_image image;
    rb_arena *a = rb_arena_open();
    rb_image_kind_of((rb_bytes){data, (ptrdiff_t)size});
    if (rb_image_decode(a, (rb_bytes){data, (ptrdiff_t)size}, channels, &image, &err)) {
        volatile unsigned sum = 0;
        ptrdiff_t count = (ptrdiff_t)image.h * image.w * image.c;
        for (ptrdiff_t i = 0; i < count; i++) sum += image.pixels[i];
        (void)sum;
    }
    rb_arena_close(a);
}

#endif
