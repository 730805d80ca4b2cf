// SPDX-License-Identifier: Apache-2.0
// download.h - one file from a URL to a place on disk, whole and checked, or not at all.
#ifndef RB_HUB_DOWNLOAD_H
#define RB_HUB_DOWNLOAD_H

#include "hub/digest.h"
#include "net/fetch.h"

typedef struct rb_expected {
    int64_t size; // -1: unknown
    rb_digest kind;
    const char *digest[2]; // hexadecimal, or its beginning: either will do; NULL: not checked
} rb_expected;

typedef struct rb_download {
    const char *url, *token; // token NULL: none
    const char *path;        // the name of the whole file
    const char *part;        // under which it grows; beside `path`
    const char *shown;       // in the progress line
    rb_expected expected;    // without a digest what is there of `part` is not gone on with
} rb_download;

// Goes on with `part` where an earlier try was cut, checks it and gives it the name `path`. A file that does not pass
// is removed. Progress goes to stderr if that is a terminal.
//
// Errors: IO (network, disk), WEIGHTS (no such file, not allowed, not what was expected)
bool rb_download_run(rb_fetcher *h, const rb_download *d, rb_error *err) RB_CHECKED;

// Checks a file that is there. Errors: IO; WEIGHTS
bool rb_expected_check(const rb_expected *e, const char *path, rb_error *err) RB_CHECKED;

// Writes what a status other than 2xx means, and returns false.
bool rb_download_refused(const rb_fetch_answer *a, rb_error *err);

#endif
