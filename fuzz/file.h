// SPDX-License-Identifier: Apache-2.0
// file.h - for parsers that want a path: the input as a file in memory.
#ifndef RB_FUZZ_FILE_H
#define RB_FUZZ_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Returns the descriptor to close; `path` names the file until then.
static inline int file_in_memory(const uint8_t *data, size_t size, char path[32])
{
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) abort();
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
