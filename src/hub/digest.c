// SPDX-License-Identifier: Apache-2.0
#include "hub/digest.h"

#include "base/library.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>

#define PIECE ((size_t)1 << 16)

#define LIBRARY "libcrypto.so.3"

// What is used of OpenSSL, found by name.
typedef struct library {
    EVP_MD_CTX *(*MD_CTX_new)(void);
    void (*MD_CTX_free)(EVP_MD_CTX *context);
    const EVP_MD *(*sha1)(void);
    const EVP_MD *(*sha256)(void);
    int (*DigestInit_ex)(EVP_MD_CTX *context, const EVP_MD *kind, ENGINE *engine);
    int (*DigestUpdate)(EVP_MD_CTX *context, const void *data, size_t bytes);
    int (*DigestFinal_ex)(EVP_MD_CTX *context, unsigned char *sum, unsigned *bytes);
} library;

#define NAMED(member) \
    { \
        "EVP_" #member, offsetof(library, member) \
    }
static const rb_symbol symbols[] = {NAMED(MD_CTX_new),    NAMED(MD_CTX_free),  NAMED(sha1),          NAMED(sha256),
                                    NAMED(DigestInit_ex), NAMED(DigestUpdate), NAMED(DigestFinal_ex)};
#undef NAMED

typedef struct sum {
    library use;
    EVP_MD_CTX *context;
    unsigned char byte[EVP_MAX_MD_SIZE];
    unsigned bytes;
} sum;

static bool fail_compute(const char *path, rb_error *err)
{
    return rb_fail(err, RB_ERR_INTERNAL, "%s: %s computes no digest of it", path, LIBRARY);
}

static bool feed(const sum *s, FILE *f, const char *path, rb_digest kind, rb_error *err)
{
    char piece[PIECE];
    struct stat info;
    if (fstat(fileno(f), &info)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    int head = snprintf(piece, sizeof piece, "blob %" PRId64, (int64_t)info.st_size);
    bool done = kind != RB_GIT_BLOB || s->use.DigestUpdate(s->context, piece, (size_t)head + 1);
    for (size_t n; done && (n = fread(piece, 1, sizeof piece, f));) done = s->use.DigestUpdate(s->context, piece, n);
    if (ferror(f)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    return done || fail_compute(path, err);
}

static bool add_up(sum *s, FILE *f, const char *path, rb_digest kind, rb_error *err)
{
    const EVP_MD *which = kind == RB_SHA256 ? s->use.sha256() : s->use.sha1();
    if (!s->context || !s->use.DigestInit_ex(s->context, which, NULL)) return fail_compute(path, err);
    return feed(s, f, path, kind, err) &&
           (s->use.DigestFinal_ex(s->context, s->byte, &s->bytes) || fail_compute(path, err));
}

bool rb_digest_file(const char *path, rb_digest kind, char out[RB_DIGEST_TEXT], rb_error *err)
{
    sum s = {0};
    if (!rb_library_open(LIBRARY, "libssl3", symbols, (int)(sizeof symbols / sizeof *symbols), &s.use, err))
        return false;
    FILE *f = fopen(path, "rb");
    if (!f) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    s.context = s.use.MD_CTX_new();
    bool done = add_up(&s, f, path, kind, err);
    s.use.MD_CTX_free(s.context);
    fclose(f);
    for (unsigned i = 0; done && i < s.bytes; i++) snprintf(out + (size_t)2 * i, 3, "%02x", s.byte[i]);
    return done;
}
