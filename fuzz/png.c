// SPDX-License-Identifier: Apache-2.0
// png.c - PNG files. Whatever does not begin like one is left to the other target.
#include "picture.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t begin[] = {0x89, 0x50, 0x4E, 0x47};
    if (size < sizeof begin || memcmp(data, begin, sizeof begin)) return 0;
    decode(data, size, 3);
    decode(data, size, 1);
    return 0;
}
