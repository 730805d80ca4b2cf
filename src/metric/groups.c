// SPDX-License-Identifier: Apache-2.0
// groups.c - groups by name as numbers without gaps, which a bootstrap draws.
#include "metric/interval.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct member {
    const char *name;
    int row;
} member;

static int by_name(const void *x, const void *y)
{
    return strcmp(((const member *)x)->name, ((const member *)y)->name);
}

static bool is_named(const char *name)
{
    return name && *name;
}

int *rb_group_ids(rb_arena *a, const char *const *names, int n, int *groups)
{
    member *named = RB_NEW(a, member, n);
    int *id = RB_NEW(a, int, n), count = 0;
    *groups = 0;
    for (int i = 0; i < n; i++)
        if (is_named(names[i])) named[count++] = (member){names[i], i};
    if (!count) return NULL;
    qsort(named, (size_t)count, sizeof *named, by_name);
    for (int i = 0; i < count; i++) {
        *groups += !i || strcmp(named[i].name, named[i - 1].name) != 0;
        id[named[i].row] = *groups - 1;
    }
    for (int i = 0; i < n; i++)
        if (!is_named(names[i])) id[i] = (*groups)++;
    return id;
}

rb_interval rb_wilson_of_groups(bool all, const int *label, const int *group, int n, int class)
{
    rb_arena *scratch = rb_arena_open();
    bool *seen = RB_NEW(scratch, bool, n); // numbers have no gaps
    int groups = 0;
    for (int i = 0; i < n; i++) {
        assert(group[i] >= 0 && group[i] < n);
        if (class >= 0 && label[i] != class) continue;
        groups += !seen[group[i]];
        seen[group[i]] = true;
    }
    rb_arena_close(scratch);
    return rb_wilson(all ? groups : 0, groups);
}
