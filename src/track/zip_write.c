// SPDX-License-Identifier: Apache-2.0
#include "track/zip_write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define FILE_PART 65536
#define LIMIT     UINT32_MAX

typedef struct member {
    const char *name;
    uint32_t crc, size, at;
} member;

struct rb_zip_writer {
    rb_arena *arena;
    const char *path;
    rb_writer *writer;
    member **members;
    int count;
    uint64_t size; // so far
};

enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, VERSION = 20, UTF8 = 0x800, DAY_ONE = 0x0021 };

// A header is a list of little-endian numbers of 2 and 4 bytes.
typedef struct header {
    uint8_t data[64];
    int size;
} header;

static void put(header *h, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) h->data[h->size++] = (uint8_t)(value >> 8 * i);
}

static bool write_out(rb_zip_writer *z, const void *data, ptrdiff_t size, rb_error *err)
{
    z->size += (uint64_t)size;
    if (z->size > LIMIT) return rb_fail(err, RB_ERR_IO, "%s: would be over 4 GiB", z->path);
    return rb_writer_put(z->writer, data, size, err);
}

bool rb_zip_writer_open(rb_arena *a, const char *path, rb_zip_writer **out, rb_error *err)
{
    rb_zip_writer *z = RB_NEW(a, rb_zip_writer, 1);
    *z = (rb_zip_writer){.arena = a, .path = rb_text_copy(a, path)};
    *out = z;
    return rb_writer_open(a, path, &z->writer, err);
}

// What local header and directory have in common: version, flags, no compression, time, sums and lengths.
static void put_common(header *h, const member *m)
{
    put(h, VERSION, 2);
    put(h, UTF8, 2);
    put(h, 0, 2);
    put(h, 0, 2);
    put(h, DAY_ONE, 2); // 1 January 1980: no clock
    put(h, m->crc, 4);
    put(h, m->size, 4);
    put(h, m->size, 4);
    put(h, (uint32_t)strlen(m->name), 2);
    put(h, 0, 2);
}

static bool begin_member(rb_zip_writer *z, const char *name, uint32_t crc, uint64_t size, rb_error *err)
{
    if (size > LIMIT) return rb_fail(err, RB_ERR_IO, "%s: %s is over 4 GiB", z->path, name);
    member *m = RB_NEW(z->arena, member, 1);
    *m = (member){rb_text_copy(z->arena, name), crc, (uint32_t)size, (uint32_t)z->size};
    z->members = rb_list_with(z->arena, z->members, z->count++, m);
    header h = {0};
    put(&h, LOCAL, 4);
    put_common(&h, m);
    return write_out(z, h.data, h.size, err) && write_out(z, name, (ptrdiff_t)strlen(name), err);
}

bool rb_zip_writer_add(rb_zip_writer *z, const char *name, rb_bytes data, rb_error *err)
{
    uint32_t crc = (uint32_t)crc32_z(0, data.data, (size_t)data.size);
    return begin_member(z, name, crc, (uint64_t)data.size, err) && write_out(z, data.data, data.size, err);
}

// The sum stands before what it is of, so a file is read twice.
static bool sum_file(FILE *f, uint32_t *crc, uint64_t *size)
{
    uint8_t part[FILE_PART];
    size_t n;
    *crc = 0;
    *size = 0;
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        *crc = (uint32_t)crc32_z(*crc, part, n);
        *size += n;
    }
    rewind(f);
    return !ferror(f);
}

static bool copy_file(rb_zip_writer *z, FILE *f, uint64_t size, rb_error *err)
{
    uint8_t part[FILE_PART];
    while (size) {
        size_t want = size < sizeof part ? (size_t)size : sizeof part;
        if (fread(part, 1, want, f) != want) return rb_fail(err, RB_ERR_IO, "%s: a member changed meanwhile", z->path);
        if (!write_out(z, part, (ptrdiff_t)want, err)) return false;
        size -= want;
    }
    return true;
}

bool rb_zip_writer_add_file(rb_zip_writer *z, const char *name, const char *path, rb_error *err)
{
    uint32_t crc;
    uint64_t size;
    FILE *f = fopen(path, "rbe");
    if (!f) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    bool done = sum_file(f, &crc, &size) || rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    done = done && begin_member(z, name, crc, size, err) && copy_file(z, f, size, err);
    fclose(f);
    return done;
}

static bool put_directory(rb_zip_writer *z, rb_error *err)
{
    for (int i = 0; i < z->count; i++) {
        const member *m = z->members[i];
        header h = {0};
        put(&h, CENTRAL, 4);
        put(&h, VERSION, 2);
        put_common(&h, m);
        put(&h, 0, 4); // no comment, on this disk
        put(&h, 0, 2);
        put(&h, 0, 4);
        put(&h, m->at, 4);
        if (!write_out(z, h.data, h.size, err) || !write_out(z, m->name, (ptrdiff_t)strlen(m->name), err)) return false;
    }
    return true;
}

bool rb_zip_writer_commit(rb_zip_writer *z, rb_error *err)
{
    uint64_t from = z->size;
    if (z->count > UINT16_MAX) return rb_fail(err, RB_ERR_IO, "%s: too many members", z->path);
    if (!put_directory(z, err)) return false;
    header h = {0};
    put(&h, END, 4);
    put(&h, 0, 4);
    put(&h, (uint32_t)z->count, 2);
    put(&h, (uint32_t)z->count, 2);
    put(&h, (uint32_t)(z->size - from), 4);
    put(&h, (uint32_t)from, 4);
    put(&h, 0, 2);
    return write_out(z, h.data, h.size, err) && rb_writer_commit(z->writer, err);
}
