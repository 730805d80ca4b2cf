// SPDX-License-Identifier: Apache-2.0
#include "train/top.h"

#include "config/config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- the list ------------------------------------------------------------------------------------------------------

bool rb_top_enter(rb_top *t, int most, rb_top_epoch e, rb_top_epoch *out_of)
{
    int at = t->count;
    *out_of = RB_TOP_NONE;
    while (at > 0 && e.cost < t->at[at - 1].cost) at--;
    if (at >= most || !isfinite(e.cost)) return false;
    if (t->count == most) *out_of = t->at[--t->count];
    memmove(&t->at[at + 1], &t->at[at], (size_t)(t->count - at) * sizeof *t->at);
    t->at[at] = e;
    t->count++;
    return true;
}

// ---- files ---------------------------------------------------------------------------------------------------------

#define SUFFIX ".safetensors"

// The metric's name as part of a file's.
static const char *part_of_name(rb_arena *a, const rb_monitor *m)
{
    char *name = rb_text_copy(a, m->name);
    for (char *at = name; (at = strchr(at, '/'));) *at = '_';
    return name;
}

const char *rb_top_name(rb_arena *a, const rb_monitor *m, rb_top_epoch e)
{
    return rb_text_format(a, "epoch-%04d-%s-%.4f" SUFFIX, e.epoch + 1, part_of_name(a, m), rb_monitor_value(m, e.cost));
}

static bool removed(const char *path, rb_error *err)
{
    return !unlink(path) || errno == ENOENT || rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot remove", path);
}

bool rb_top_remove(const rb_run *r, const rb_monitor *m, rb_top_epoch e, rb_error *err)
{
    if (e.epoch < 0) return true;
    rb_arena *scratch = rb_arena_open();
    bool done = removed(rb_run_path(scratch, r, rb_top_name(scratch, m, e)), err);
    rb_arena_close(scratch);
    return done;
}

// Steps over `text`, or gives up: NULL.
static const char *after(const char *at, const char *text)
{
    size_t n = strlen(text);
    return at && !strncmp(at, text, n) ? at + n : NULL;
}

// Whether it is named as a file of ours, of any epoch.
static bool is_ours(const char *name, const char *metric)
{
    char *end = NULL;
    const char *at = after(name, "epoch-");
    if (!at || strtol(at, &end, 10) <= 0) return false;
    at = after(after(after(end, "-"), metric), "-");
    if (!at) return false;
    strtod(at, &end);
    return end != at && !strcmp(end, SUFFIX);
}

static bool clean(rb_arena *scratch, const rb_run *r, const rb_monitor *m, const rb_top *t, rb_error *err)
{
    const char *kept[RB_TOP_LIMIT + 1] = {NULL}, *metric = part_of_name(scratch, m);
    rb_names names;
    for (int i = 0; i < t->count; i++) kept[i] = rb_top_name(scratch, m, t->at[i]);
    if (!rb_folder_list(scratch, r->folder, &names, err)) return false;
    for (int i = 0; i < names.count; i++) {
        const char *name = names.name[i];
        if (!is_ours(name, metric) || rb_is_one_of(name, kept)) continue;
        if (!removed(rb_run_path(scratch, r, name), err)) return false;
    }
    return true;
}

bool rb_top_clean(const rb_run *r, const rb_monitor *m, const rb_top *t, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = clean(scratch, r, m, t, err);
    rb_arena_close(scratch);
    return done;
}
