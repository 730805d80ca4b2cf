// SPDX-License-Identifier: Apache-2.0
// folder.h - a folder under /tmp for the files of a test, gone afterwards. Include after check.h.
#ifndef RB_TESTS_FOLDER_H
#define RB_TESTS_FOLDER_H

#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

// What every test gets as *state: an arena, and a folder of its own.
typedef struct place {
    rb_arena *arena;
    char folder[32];
} place;

static inline int place_open(void **state)
{
    place *p = calloc(1, sizeof *p);
    if (!p) return -1;
    p->arena = rb_arena_open();
    strcpy(p->folder, "/tmp/rarebit-test-XXXXXX");
    *state = p;
    return mkdtemp(p->folder) ? 0 : -1;
}

static inline int place_remove(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

static inline int place_close(void **state)
{
    place *p = *state;
    rb_arena_close(p->arena);
    int failed = nftw(p->folder, place_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return failed;
}

static inline const char *place_path(const place *p, const char *name)
{
    return rb_path_join(p->arena, p->folder, name);
}

// Writes a file, with the folders on the way to it; returns its path.
static inline const char *place_bytes(const place *p, const char *name, const void *data, ptrdiff_t size)
{
    rb_error err;
    const char *path = place_path(p, name);
    check_done(rb_folder_make(rb_path_folder(p->arena, path), &err), err);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, (size_t)size, f), size);
    assert_int_equal(fclose(f), 0);
    return path;
}

static inline const char *place_text(const place *p, const char *name, const char *text)
{
    return place_bytes(p, name, text, (ptrdiff_t)strlen(text));
}

// A real data set of the machine that the tests run on, or NULL.
static inline const char *shared_data(const place *p, const char *name)
{
    const char *shared = getenv("RAREBIT_SHARED");
    const char *path = rb_path_join(p->arena, shared ? shared : "../../shared", name);
    return rb_folder_exists(path) ? path : NULL;
}

#endif
