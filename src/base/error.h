// SPDX-License-Identifier: Apache-2.0
// error.h - the one way to fail.
//
// A function that can fail returns bool (true = done), is marked RB_CHECKED and takes `rb_error *err`
// last. The place that knows writes the sentence; callers put in front where they were; only `cli` prints.
#ifndef RB_BASE_ERROR_H
#define RB_BASE_ERROR_H

#include <stdbool.h>

#define RB_CHECKED            __attribute__((warn_unused_result))
#define RB_PRINTF(text, rest) __attribute__((format(printf, text, rest)))

// The kinds are the exit codes of the program.
typedef enum rb_error_kind {
    RB_ERR_NONE = 0,
    RB_ERR_USAGE = 2,     // usage or configuration
    RB_ERR_DATA = 3,      // pictures, labels, manifests
    RB_ERR_WEIGHTS = 4,   // checkpoint or weight file
    RB_ERR_IO = 5,        // files and folders
    RB_ERR_NUMERIC = 6,   // NaN, Inf
    RB_ERR_DEVICE = 7,    // the device asked for
    RB_ERR_INTERNAL = 70, // ours to mend, or out of memory
    RB_ERR_STOPPED = 75,  // stopped by a signal
} rb_error_kind;

typedef struct rb_error {
    rb_error_kind kind;
    char text[1024];
} rb_error;

// Writes the sentence into `err`; returns false, so that `return rb_fail(...)` is the idiom.
bool rb_fail(rb_error *err, rb_error_kind kind, const char *format, ...) RB_PRINTF(3, 4);

// Puts "<format>: " in front of what `err` says already, keeping its kind; returns false.
bool rb_fail_in(rb_error *err, const char *format, ...) RB_PRINTF(2, 3);

// As rb_fail with the text of an errno value after it: "<format>: No such file or directory".
bool rb_fail_errno(rb_error *err, rb_error_kind kind, int number, const char *format, ...) RB_PRINTF(4, 5);

// The text without the "<place>: " that it begins with; all of it where it begins otherwise.
const char *rb_error_reason(const rb_error *err, const char *place);

#endif
