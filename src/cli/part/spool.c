// SPDX-License-Identifier: Apache-2.0
#include "cli/part/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool cannot(const rb_spool *s, const char *what, rb_error *err)
{
    return rb_fail(err, RB_ERR_IO, "%s: cannot %s the rows that adapt_prior keeps: %s; set TMPDIR to another folder",
                   s->folder, what, strerror(errno));
}

static void close_file(void *handle)
{
    fclose(handle);
}

static FILE *open_nameless(char *name)
{
    int fd = mkstemp(name);
    if (fd < 0) return NULL;
    unlink(name);
    FILE *f = fdopen(fd, "w+b");
    if (!f) close(fd);
    return f;
}

bool rb_spool_open(rb_arena *a, int columns, rb_spool *out, rb_error *err)
{
    *out = (rb_spool){.folder = rb_folder_temporary(), .columns = columns};
    out->file = open_nameless(rb_path_join(a, out->folder, "rarebit-rows-XXXXXX"));
    if (!out->file) return cannot(out, "write", err);
    rb_arena_defer(a, close_file, out->file);
    return true;
}

// A record: sizes of path and reason, each with its final zero, 0 for none; both texts; probabilities.
typedef struct head {
    size_t path, reason;
} head;

static bool write_all(const rb_spool *s, const void *data, size_t size)
{
    return !size || fwrite(data, size, 1, s->file) == 1;
}

bool rb_spool_put(const rb_spool *s, const rb_row *row, rb_error *err)
{
    head h = {strlen(row->path) + 1, row->reason ? strlen(row->reason) + 1 : 0};
    return (write_all(s, &h, sizeof h) && write_all(s, row->path, h.path) && write_all(s, row->reason, h.reason) &&
            (row->reason || write_all(s, row->p, (size_t)s->columns * sizeof *row->p))) ||
           cannot(s, "write", err);
}

bool rb_spool_rewind(const rb_spool *s, rb_error *err)
{
    return (!fflush(s->file) && !fseek(s->file, 0, SEEK_SET)) || cannot(s, "write", err);
}

static bool read_failed(const rb_spool *s, rb_error *err)
{
    if (ferror(s->file)) return cannot(s, "read", err);
    return rb_fail(err, RB_ERR_IO,
                   "%s: of the rows that adapt_prior keeps the last ones are gone; set TMPDIR to another folder",
                   s->folder);
}

static bool read_all(const rb_spool *s, void *to, size_t size)
{
    return !size || fread(to, size, 1, s->file) == 1;
}

static bool read_row(rb_arena *a, const rb_spool *s, head h, rb_row *out)
{
    char *path = RB_NEW(a, char, (ptrdiff_t)h.path), *reason = RB_NEW(a, char, (ptrdiff_t)h.reason);
    float *p = RB_NEW(a, float, s->columns);
    *out = (rb_row){.path = path, .p = p, .reason = h.reason ? reason : NULL};
    return read_all(s, path, h.path) && read_all(s, reason, h.reason) &&
           (h.reason || read_all(s, p, (size_t)s->columns * sizeof *p));
}

bool rb_spool_get(rb_arena *a, const rb_spool *s, rb_row *out, bool *more, rb_error *err)
{
    head h;
    size_t read = fread(&h, 1, sizeof h, s->file);
    *more = read > 0;
    if (!read && !ferror(s->file)) return true;
    return (read == sizeof h && read_row(a, s, h, out)) || read_failed(s, err);
}
