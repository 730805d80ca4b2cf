// SPDX-License-Identifier: Apache-2.0
// zip.c - finds the members of an archive from its end: end record, central directory, local headers.
#include "weights/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MEMBER_LIMIT 100000
#define SAVE_AGAIN   "save it again with torch.save"
#define CUT_SHORT    "was the file cut short? fetch it again"

// Sizes of the fixed parts of each record.
enum { END = 22, LOCATOR = 20, END64 = 56, CENTRAL = 46, LOCAL = 30, COMMENT_LIMIT = 65535 };

static uint64_t number(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

static bool is(const uint8_t *at, const char *signature)
{
    return !memcmp(at, signature, 4);
}

// ---- the end of the archive --------------------------------------------------------------------------------------

typedef struct directory {
    uint64_t count, size, offset;
    const uint8_t *end; // where the records behind the directory begin
} directory;

static const uint8_t *find_end(rb_bytes file)
{
    for (ptrdiff_t comment = 0; comment <= COMMENT_LIMIT && comment + END <= file.size; comment++) {
        const uint8_t *at = file.data + file.size - END - comment;
        if (is(at, "PK\5\6") && (ptrdiff_t)number(at + 20, 2) == comment) return at;
    }
    return NULL;
}

// A zip64 archive has a second end record, to which a locator in front of the first one points.
static bool read_end64(rb_bytes file, const uint8_t *end, directory *d, rb_error *err)
{
    const uint8_t *locator = end - LOCATOR;
    if (end - file.data < LOCATOR || !is(locator, "PK\6\7")) return true;
    uint64_t offset = number(locator + 8, 8);
    ptrdiff_t room = locator - file.data;
    if (room < END64 || offset > (uint64_t)(room - END64) || !is(file.data + offset, "PK\6\6"))
        return rb_fail(err, RB_ERR_WEIGHTS, "its zip64 end record is not where it should be: " CUT_SHORT);
    const uint8_t *at = file.data + offset;
    *d = (directory){number(at + 32, 8), number(at + 40, 8), number(at + 48, 8), at};
    return true;
}

static bool read_end(rb_bytes file, directory *d, rb_error *err)
{
    const uint8_t *at = find_end(file);
    if (!at) return rb_fail(err, RB_ERR_WEIGHTS, "a zip archive without its end: " CUT_SHORT);
    if (number(at + 4, 2) || number(at + 6, 2) || number(at + 8, 2) != number(at + 10, 2))
        return rb_fail(err, RB_ERR_WEIGHTS, "a zip archive in several parts: " SAVE_AGAIN);
    *d = (directory){number(at + 10, 2), number(at + 12, 4), number(at + 16, 4), at};
    if (!read_end64(file, at, d, err)) return false;

    uint64_t room = (uint64_t)(d->end - file.data);
    if (d->offset > room || d->size > room - d->offset)
        return rb_fail(err, RB_ERR_WEIGHTS, "its zip directory goes past the end of the file: " CUT_SHORT);
    if (d->count > MEMBER_LIMIT || d->count > d->size / CENTRAL)
        return rb_fail(err, RB_ERR_WEIGHTS, "a zip archive that claims %" PRIu64 " members: %s", d->count,
                       d->count > MEMBER_LIMIT ? "at most 100000 are read" : "they do not fit its directory");
    return true;
}

// ---- one member --------------------------------------------------------------------------------------------------

typedef struct entry {
    rb_zip_member *to;
    uint64_t packed, size, offset;
    unsigned flags, method;
} entry;

// Sizes that 32 bits cannot say stand in the extra field 1, in this order, each only where it is needed.
static bool read_wide(rb_bytes extra, entry *e)
{
    uint64_t *const wide[] = {&e->size, &e->packed, &e->offset};
    const uint8_t *at = extra.data, *end = at + extra.size;
    while (end - at >= 4 && number(at, 2) != 1) {
        ptrdiff_t size = (ptrdiff_t)number(at + 2, 2);
        if (size > end - at - 4) return false;
        at += 4 + size;
    }
    ptrdiff_t left = end - at >= 4 ? (ptrdiff_t)number(at + 2, 2) : 0;
    if (left > end - at - 4) left = 0;
    at += 4;
    for (int i = 0; i < 3; i++) {
        if (*wide[i] != UINT32_MAX) continue;
        if (left < 8) return false;
        *wide[i] = number(at, 8);
        at += 8;
        left -= 8;
    }
    return true;
}

static bool fail_member(const entry *e, const char *what, rb_error *err)
{
    int shown = e->to->name.size < 60 ? (int)e->to->name.size : 60;
    rb_fail(err, RB_ERR_WEIGHTS, "member %.*s %s", shown, (const char *)e->to->name.data, what);
    for (char *c = err->text; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f) *c = '?';
    return false;
}

// Finds the data behind the local header. Sizes are there too, or 0 where they follow the data.
static bool read_local(rb_bytes file, const directory *d, entry *e, rb_error *err)
{
    const uint8_t *at = file.data + e->offset;
    uint64_t room = d->offset;
    if (room < LOCAL || e->offset > room - LOCAL || !is(at, "PK\3\4"))
        return fail_member(e, "has no header where the directory says: " CUT_SHORT, err);
    uint64_t name = number(at + 26, 2), front = LOCAL + name + number(at + 28, 2), packed = number(at + 18, 4);
    room -= e->offset;
    if (front > room || e->packed > room - front)
        return fail_member(e, "goes past the end of its archive: " CUT_SHORT, err);
    if (name != (uint64_t)e->to->name.size || memcmp(at + LOCAL, e->to->name.data, name) != 0 ||
        number(at + 8, 2) != e->method || (packed && packed != UINT32_MAX && packed != e->packed))
        return fail_member(e, "is another thing in its header than in the directory: " SAVE_AGAIN, err);
    e->to->begin = at;
    e->to->data = (rb_bytes){at + front, (ptrdiff_t)e->packed};
    return true;
}

static bool read_entry(rb_bytes file, const directory *d, rb_bytes *left, rb_zip_member *to, rb_error *err)
{
    const uint8_t *at = left->data;
    if (left->size < CENTRAL || !is(at, "PK\1\2"))
        return rb_fail(err, RB_ERR_WEIGHTS, "its zip directory is damaged: fetch the file again");
    ptrdiff_t name = (ptrdiff_t)number(at + 28, 2), extra = (ptrdiff_t)number(at + 30, 2);
    ptrdiff_t whole = CENTRAL + name + extra + (ptrdiff_t)number(at + 32, 2);
    if (whole > left->size) return rb_fail(err, RB_ERR_WEIGHTS, "its zip directory is damaged: fetch the file again");

    entry e = {to,
               number(at + 20, 4),
               number(at + 24, 4),
               number(at + 42, 4),
               (unsigned)number(at + 8, 2),
               (unsigned)number(at + 10, 2)};
    *to = (rb_zip_member){.name = {at + CENTRAL, name}, .crc = (uint32_t)number(at + 16, 4)};
    if (!read_wide((rb_bytes){at + CENTRAL + name, extra}, &e))
        return fail_member(&e, "has a broken zip64 size: " SAVE_AGAIN, err);
    if (e.method || e.packed != e.size)
        to->problem = "is compressed, which torch.save never does: load it in Python and " SAVE_AGAIN;
    if (e.flags & 1) to->problem = "is encrypted: unpack it and " SAVE_AGAIN;
    *left = (rb_bytes){at + whole, left->size - whole};
    return read_local(file, d, &e, err);
}

// ---- the whole ---------------------------------------------------------------------------------------------------

static int by_place(const void *x, const void *y)
{
    const rb_zip_member *s = x, *t = y;
    return (s->begin > t->begin) - (s->begin < t->begin);
}

static int name_order(rb_bytes x, rb_bytes y)
{
    size_t shorter = (size_t)(x.size < y.size ? x.size : y.size);
    int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

static int by_name(const void *x, const void *y)
{
    return name_order(((const rb_zip_member *)x)->name, ((const rb_zip_member *)y)->name);
}

static bool check_order(rb_zip *z, rb_error *err)
{
    qsort(z->member, (size_t)z->count, sizeof *z->member, by_place);
    for (int i = 1; i < z->count; i++) {
        const rb_bytes before = z->member[i - 1].data;
        if (z->member[i].begin < before.data + before.size)
            return fail_member(&(entry){.to = &z->member[i]}, "overlaps the one before it: " SAVE_AGAIN, err);
    }
    qsort(z->member, (size_t)z->count, sizeof *z->member, by_name);
    for (int i = 1; i < z->count; i++)
        if (!by_name(&z->member[i - 1], &z->member[i]))
            return fail_member(&(entry){.to = &z->member[i]}, "is there twice: " SAVE_AGAIN, err);
    return true;
}

bool rb_zip_open(rb_arena *a, rb_bytes file, rb_zip *out, rb_error *err)
{
    directory d = {0};
    if (!read_end(file, &d, err)) return false;
    *out = (rb_zip){RB_NEW(a, rb_zip_member, (ptrdiff_t)d.count), (int)d.count};
    rb_bytes left = {file.data + d.offset, (ptrdiff_t)d.size};
    for (int i = 0; i < out->count; i++)
        if (!read_entry(file, &d, &left, &out->member[i], err)) return false;
    if (left.size) return rb_fail(err, RB_ERR_WEIGHTS, "its zip directory is damaged: fetch the file again");
    return check_order(out, err);
}

static int name_against(const void *name, const void *member)
{
    const char *text = name;
    return name_order((rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)},
                      ((const rb_zip_member *)member)->name);
}

rb_zip_member *rb_zip_find(const rb_zip *z, const char *name)
{
    if (!z->count) return NULL;
    return bsearch(name, z->member, (size_t)z->count, sizeof *z->member, name_against);
}

bool rb_zip_check(rb_zip_member *m, rb_error *err)
{
    uLong crc = crc32(0, NULL, 0);
    const uint8_t *at = m->data.data, *end = at + m->data.size;
    if (m->problem) return fail_member(&(entry){.to = m}, m->problem, err);
    if (m->sound) return true;
    while (at < end) {
        uInt part = end - at > 1 << 30 ? 1u << 30 : (uInt)(end - at);
        crc = crc32(crc, at, part);
        at += part;
    }
    m->sound = crc == m->crc;
    return m->sound ||
           fail_member(&(entry){.to = m}, "has another checksum than its bytes: damaged; fetch the file again", err);
}
