// SPDX-License-Identifier: Apache-2.0
// digest.h - the checksums under which weights are published.
#ifndef RB_HUB_DIGEST_H
#define RB_HUB_DIGEST_H

#include "base/arena.h"

typedef enum rb_digest {
    RB_SHA256,
    RB_GIT_BLOB, // SHA-1 of "blob <size>", a zero byte and the file, as git names it
} rb_digest;

#define RB_DIGEST_TEXT 65 // bytes of the longest in hexadecimal, with its zero byte

// The digest of a file, in lower-case hexadecimal. Errors: IO
bool rb_digest_file(const char *path, rb_digest kind, char out[RB_DIGEST_TEXT], rb_error *err) RB_CHECKED;

#endif
