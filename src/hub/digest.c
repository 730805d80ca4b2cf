// SPDX-License-Identifier: Apache-2.0
#include "hub/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>

#define PIECE ((size_t)1 << 16)

static bool feed(EVP_MD_CTX *context, FILE *f, const char *path, rb_digest kind, rb_error *err)
{
    char piece[PIECE];
    struct stat s;
    if (fstat(fileno(f), &s)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    int head = snprintf(piece, sizeof piece, "blob %" PRId64, (int64_t)s.st_size);
    bool done = kind != RB_GIT_BLOB || EVP_DigestUpdate(context, piece, (size_t)head + 1);
    for (size_t n; done && (n = fread(piece, 1, sizeof piece, f));) done = EVP_DigestUpdate(context, piece, n);
    if (ferror(f)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    return done || rb_fail(err, RB_ERR_INTERNAL, "%s: libcrypto computes no digest", path);
}

bool rb_digest_file(const char *path, rb_digest kind, char out[RB_DIGEST_TEXT], rb_error *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned bytes = 0;
    FILE *f = fopen(path, "rb");
    if (!f) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool begun = context && EVP_DigestInit_ex(context, kind == RB_SHA256 ? EVP_sha256() : EVP_sha1(), NULL);
    bool done = begun ? feed(context, f, path, kind, err) && EVP_DigestFinal_ex(context, sum, &bytes)
                      : rb_fail(err, RB_ERR_INTERNAL, "libcrypto computes no digest");
    EVP_MD_CTX_free(context);
    fclose(f);
    for (unsigned i = 0; done && i < bytes; i++) snprintf(out + (size_t)2 * i, 3, "%02x", sum[i]);
    return done;
}
