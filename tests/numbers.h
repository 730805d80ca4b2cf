// SPDX-License-Identifier: Apache-2.0
// numbers.h - golden CSV files of numbers, and settings from the keys that a user would write.
#ifndef RB_TESTS_NUMBERS_H
#define RB_TESTS_NUMBERS_H

#include "check.h"

#include "base/file.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

typedef struct numbers {
    double *at; // row after row; an empty field is NAN
    int rows, columns;
} numbers;

static inline int count_of(const char *text, char wanted)
{
    int count = 0;
    for (; *text; text++) count += *text == wanted;
    return count;
}

// A line of names, then lines with as many numbers each.
static inline numbers numbers_read(rb_arena *a, const char *path)
{
    rb_error err = {0};
    rb_bytes file;
    check_done(rb_file_read(a, path, 1 << 20, &file, &err), err);
    char *at = (char *)file.data, *head = strsep(&at, "\n");
    numbers n = {.rows = count_of(at, '\n'), .columns = count_of(head, ',') + 1};
    n.at = RB_NEW(a, double, (ptrdiff_t)n.rows *n.columns);
    for (int i = 0; i < n.rows * n.columns; i++) {
        const char *field = strsep(&at, ",\n");
        n.at[i] = *field ? strtod(field, NULL) : NAN;
    }
    if (!n.rows || *at) fail_msg("%s: not a table of numbers", path);
    return n;
}

static inline const double *numbers_row(const numbers *n, int row)
{
    return n->at + row * n->columns;
}

// Fills `values` with the defaults of `fields`, then sets keys: "max_lr=2e-3 three_phase=true".
static inline void settings_fill(rb_arena *a, const rb_field *fields, void *values, const char *keys)
{
    rb_section section = {.title = "settings", .fields = fields, .values = values, .used = true};
    rb_config config = {&section, 1};
    rb_config_defaults(&config);
    char *at = rb_text_copy(a, keys), *value;
    while ((value = strsep(&at, " ")) && *value) {
        rb_error err = {0};
        const char *key = strsep(&value, "=");
        check_done(rb_config_set(a, &config, key, value, key, &err), err);
    }
}

#endif
