// SPDX-License-Identifier: Apache-2.0
// Whole files, folders and paths. Writing is in writer.c.
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, const char *path, uint8_t *to, ptrdiff_t size, rb_error *err)
{
    ptrdiff_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, to + done, (size_t)(size - done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
        if (n == 0) return rb_fail(err, RB_ERR_IO, "%s: became shorter while being read", path);
        done += n;
    }
    return true;
}

// The size of a regular file.
static bool find_size(int fd, const char *path, ptrdiff_t limit, ptrdiff_t *size, rb_error *err)
{
    struct stat st;
    if (fstat(fd, &st)) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    if (S_ISDIR(st.st_mode)) return rb_fail(err, RB_ERR_IO, "%s: is a folder, not a file", path);
    if (!S_ISREG(st.st_mode)) return rb_fail(err, RB_ERR_IO, "%s: is not a regular file", path);
    if (st.st_size > limit)
        return rb_fail(err, RB_ERR_IO, "%s: %lld bytes, over the limit of %td", path, (long long)st.st_size, limit);
    *size = st.st_size;
    return true;
}

static bool read_open(rb_arena *a, int fd, const char *path, ptrdiff_t size, rb_bytes *out, rb_error *err)
{
    uint8_t *data = RB_NEW(a, uint8_t, size + 1);
    *out = (rb_bytes){data, size};
    return read_all(fd, path, data, size, err);
}

static void unmap(void *mapping)
{
    const rb_bytes *m = mapping;
    munmap((void *)(uintptr_t)m->data, (size_t)m->size); // NOLINT(performance-no-int-to-ptr)
}

static bool map_open(rb_arena *a, int fd, const char *path, ptrdiff_t size, rb_bytes *out, rb_error *err)
{
    *out = (rb_bytes){(const uint8_t *)"", 0};
    if (!size) return true;
    void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (data == MAP_FAILED) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    rb_bytes *mapping = RB_NEW(a, rb_bytes, 1);
    *out = *mapping = (rb_bytes){data, size};
    rb_arena_defer(a, unmap, mapping);
    return true;
}

typedef bool taking(rb_arena *a, int fd, const char *path, ptrdiff_t size, rb_bytes *out, rb_error *err);

static bool open_and(taking *take, rb_arena *a, const char *path, ptrdiff_t limit, rb_bytes *out, rb_error *err)
{
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    ptrdiff_t size = 0;
    bool done = find_size(fd, path, limit, &size, err) && take(a, fd, path, size, out, err);
    close(fd);
    return done;
}

bool rb_file_read(rb_arena *a, const char *path, ptrdiff_t limit, rb_bytes *out, rb_error *err)
{
    return open_and(read_open, a, path, limit, out, err);
}

bool rb_file_map(rb_arena *a, const char *path, ptrdiff_t limit, rb_bytes *out, rb_error *err)
{
    return open_and(map_open, a, path, limit, out, err);
}

bool rb_file_exists(const char *path)
{
    struct stat st;
    return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

bool rb_folder_exists(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

const char *rb_folder_temporary(void)
{
    const char *named = getenv("TMPDIR");
    return named && *named ? named : "/tmp";
}

static int by_bytes(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

bool rb_folder_list(rb_arena *a, const char *path, rb_names *out, rb_error *err)
{
    DIR *dir = opendir(path);
    if (!dir) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    int count = 0, room = 256;
    const char **name = RB_NEW(a, const char *, room);
    errno = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (count == room) {
            const char **wider = RB_NEW(a, const char *, (ptrdiff_t)room * 2);
            memcpy(wider, name, (size_t)room * sizeof *name);
            name = wider;
            room *= 2;
        }
        name[count++] = rb_text_copy(a, e->d_name);
    }
    int failed = errno;
    closedir(dir);
    if (failed) return rb_fail_errno(err, RB_ERR_IO, failed, "%s", path);
    qsort(name, (size_t)count, sizeof *name, by_bytes);
    *out = (rb_names){name, count};
    return true;
}

bool rb_folder_make(const char *path, rb_error *err)
{
    char part[4096];
    size_t n = strlen(path);
    if (n >= sizeof part) return rb_fail(err, RB_ERR_IO, "%.60s...: path too long", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) && (errno != EEXIST || !rb_folder_exists(part)))
            return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make this folder", part);
    }
    return true;
}

bool rb_folder_make_new(rb_arena *a, const char *path, const char **out, rb_error *err)
{
    if (!rb_folder_make(rb_path_folder(a, path), err)) return false;
    const char *name = path;
    for (int k = 2; mkdir(name, 0777); k++) {
        if (errno != EEXIST) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make this folder", name);
        name = rb_text_format(a, "%s-%d", path, k);
    }
    *out = rb_text_copy(a, name);
    return true;
}

char *rb_path_join(rb_arena *a, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return rb_text_format(a, "%s%s%s", folder, n && folder[n - 1] != '/' ? "/" : "", name);
}

const char *rb_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *rb_path_folder(rb_arena *a, const char *path)
{
    const char *name = rb_path_name(path);
    if (name == path) return rb_text_copy(a, ".");
    if (name == path + 1) return rb_text_copy(a, "/");
    return rb_text_format(a, "%.*s", (int)(name - path - 1), path);
}

char *rb_path_with_suffix(rb_arena *a, const char *path, const char *suffix)
{
    const char *name = rb_path_name(path), *dot = strrchr(name, '.');
    size_t keep = dot && dot != name ? (size_t)(dot - path) : strlen(path);
    return rb_text_format(a, "%.*s%s", (int)keep, path, suffix);
}
