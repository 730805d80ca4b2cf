// SPDX-License-Identifier: Apache-2.0
// file.h - reading whole files, listing folders, writing files that are either complete or absent.
//
// Errors: IO, with path and cause, unless said otherwise
#ifndef RB_BASE_FILE_H
#define RB_BASE_FILE_H

#include "base/arena.h"

// Reads a regular file of at most `limit` bytes into `a` (one extra zero byte follows the data).
bool rb_file_read(rb_arena *a, const char *path, ptrdiff_t limit, rb_bytes *out, rb_error *err) RB_CHECKED;

// The same without a copy, for files that are replaced and never written in place: the bytes are the file's own until
// `a` ends. No zero byte follows.
bool rb_file_map(rb_arena *a, const char *path, ptrdiff_t limit, rb_bytes *out, rb_error *err) RB_CHECKED;

bool rb_file_exists(const char *path);
bool rb_folder_exists(const char *path);
const char *rb_folder_temporary(void); // what TMPDIR names, or /tmp

// Names in a folder but "." and "..", in bytewise order.
typedef struct rb_names {
    const char **name;
    int count;
} rb_names;
bool rb_folder_list(rb_arena *a, const char *path, rb_names *out, rb_error *err) RB_CHECKED;

bool rb_folder_make(const char *path, rb_error *err) RB_CHECKED; // with its parents; already there is fine

// Creates "<path>", or "<path>-2", "-3", ... if that exists; `out` is the name taken.
bool rb_folder_make_new(rb_arena *a, const char *path, const char **out, rb_error *err) RB_CHECKED;

char *rb_path_join(rb_arena *a, const char *folder, const char *name);
const char *rb_path_name(const char *path);                                   // after the last '/'
char *rb_path_folder(rb_arena *a, const char *path);                          // before it, "." if none
char *rb_path_with_suffix(rb_arena *a, const char *path, const char *suffix); // a/b.txt, ".proba" -> a/b.proba

// A file being written under a new name beside its own, "<path>.<process>-<n>.tmp". Until rb_writer_commit renames it,
// the file at `path` is what it was before; when that fails after the rename (to sync the folder), it is the new one,
// and whether it outlasts a power cut is not known. An abandoned writer removes its temporary file when `a` ends.
typedef struct rb_writer rb_writer;

// Whether a file's name is that of one that some process was writing: "<name>.<process>-<n>.tmp".
bool rb_writer_owns(const char *name);

bool rb_writer_open(rb_arena *a, const char *path, rb_writer **out, rb_error *err) RB_CHECKED;
bool rb_writer_put(rb_writer *w, const void *data, ptrdiff_t size, rb_error *err) RB_CHECKED;
bool rb_writer_print(rb_writer *w, rb_error *err, const char *format, ...) RB_PRINTF(3, 4) RB_CHECKED;
// Flush, fsync, re-read and compare a running hash of what was put: all that is likely to fail. Files that belong
// together are all finished before the first is committed. Nothing may be put after it.
bool rb_writer_finish(rb_writer *w, rb_error *err) RB_CHECKED;
// Finishes it where that was not done; rename, fsync of the folder.
bool rb_writer_commit(rb_writer *w, rb_error *err) RB_CHECKED;

// From here on a file that grows past the limit of its size (ulimit -f) makes the write fail with "File too large" and
// the program say so, as on a full disk; without this the signal SIGXFSZ ends the process and leaves half a file.
void rb_file_limit_is_an_error(void);

// The whole of rb_writer in one call.
bool rb_file_write(const char *path, const void *data, ptrdiff_t size, rb_error *err) RB_CHECKED;

#endif
