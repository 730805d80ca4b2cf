// SPDX-License-Identifier: Apache-2.0
// zip_write.h - writes ZIP files whose members are stored as they are; private to the track module.
//
// Source: PKWARE's APPNOTE.TXT, 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end); without ZIP64: a member
// or
//         an archive of 4 GiB is refused
// Errors: IO
#ifndef RB_TRACK_ZIP_WRITE_H
#define RB_TRACK_ZIP_WRITE_H

#include "base/file.h"

typedef struct rb_zip_writer rb_zip_writer;

bool rb_zip_writer_open(rb_arena *a, const char *path, rb_zip_writer **out, rb_error *err) RB_CHECKED;
bool rb_zip_writer_add(rb_zip_writer *z, const char *name, rb_bytes data, rb_error *err) RB_CHECKED;
bool rb_zip_writer_add_file(rb_zip_writer *z, const char *name, const char *path, rb_error *err) RB_CHECKED;
bool rb_zip_writer_commit(rb_zip_writer *z, rb_error *err) RB_CHECKED;

#endif
