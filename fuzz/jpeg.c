// SPDX-License-Identifier: Apache-2.0
// jpeg.c - JPEG files. Whatever does not begin like one is left to the other target.
#include "picture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t begin[] = {0xFF, 0xD8};
    if (size < sizeof begin || memcmp(data, begin, sizeof begin)) return 0;
    decode(data, size, 3);
    decode(data, size, 1);
    return 0;
}
