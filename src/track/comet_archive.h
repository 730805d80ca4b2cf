// SPDX-License-Identifier: Apache-2.0
// comet_archive.h - a run as an archive for Comet's own `comet upload`, for machines without a network or a key;
// private to the track module.
//
// Source: comet-ml/comet-for-mlflow file_writer.py and utils.py (members and messages of the form "ws_msg")
#ifndef RB_TRACK_COMET_ARCHIVE_H
#define RB_TRACK_COMET_ARCHIVE_H

#include "base/arena.h"

typedef struct rb_comet_archive {
    const char *id;                  // 32 hexadecimal digits
    const char *workspace, *project; // NULL: Comet's default
} rb_comet_archive;

// Writes `path`, complete or not at all. Errors: IO
bool rb_comet_archive_write(rb_arena *scratch, const char *folder, const rb_comet_archive *what, const char *path,
                            rb_error *err) RB_CHECKED;

#endif
