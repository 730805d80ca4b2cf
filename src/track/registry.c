// SPDX-License-Identifier: Apache-2.0
// registry.c - the trackers there are: one file each; which of them a run is told to use.
#include "track/tracker.h"

#include <string.h>

#define ENTRY(name) extern const rb_tracker rb_tracker_##name;
#include "gen/track_tracker.inc"
#undef ENTRY

#define ENTRY(name) &rb_tracker_##name,
const rb_tracker *const rb_trackers[] = {
#include "gen/track_tracker.inc"
    NULL};
#undef ENTRY

#define ENTRY(name) #name,
static const char *const names[] = {
#include "gen/track_tracker.inc"
    NULL};
#undef ENTRY
#define COUNT ((int)(sizeof names / sizeof *names) - 1)

const rb_field rb_track_fields[] = {
    {"track", RB_TREE, offsetof(rb_track_settings, names), .optional = true, .local = true,
     .help = "who is told of the run: a list of tensorboard, mlflow, comet"},
    {"track_exit_s", RB_REAL, offsetof(rb_track_settings, exit_s), .preset = 5, .min = 0, .max = 3600,
     .unit = "seconds", .local = true,
     .help = "how long the end of a run may wait for them; what is unsent then, `track send` sends"},
    {"track_histograms", RB_INT, offsetof(rb_track_settings, histograms), .preset = 0, .min = 0, .max = 1000000,
     .unit = "epochs", .local = true,
     .help = "every so many epochs log histograms of weights and of the last gradients; 0: never"},
    {0},
};

rb_section rb_tracker_section(rb_arena *a, int i, bool used, void **cfg)
{
    const rb_tracker *t = rb_trackers[i];
    *cfg = rb_arena_take(a, 1, (ptrdiff_t)t->cfg_bytes);
    return (rb_section){rb_text_format(a, "tracker %s", t->name), t->name, t->fields, *cfg, used};
}

// ---- choice --------------------------------------------------------------------------------------------------------

static bool choose(const char *name, int *at, int *count, rb_error *err)
{
    int i = 0;
    while (names[i] && strcmp(names[i], name)) i++;
    const char *near = rb_nearest(name, names);
    if (i == COUNT)
        return rb_fail(err, RB_ERR_USAGE, "track: there is no '%s'; did you mean '%s'?", name, near ? near : names[0]);
    for (int k = 0; k < *count; k++)
        if (at[k] == i) return rb_fail(err, RB_ERR_USAGE, "track: %s is named twice", name);
    at[(*count)++] = i;
    return true;
}

static bool choose_words(rb_arena *a, const rb_tree *word, int *at, int *count, rb_error *err)
{
    if (word->kind != RB_TREE_SCALAR)
        return rb_fail(err, RB_ERR_USAGE, "track: wants names: [tensorboard, mlflow, comet] or some of them");
    char *left = rb_text_copy(a, word->text), *name;
    while ((name = strtok_r(left, ", ", &left)))
        if (strcmp(name, "none") && !choose(name, at, count, err)) return false;
    return true;
}

static bool choose_all(rb_arena *a, const rb_tree *wanted, int *at, int *count, rb_error *err)
{
    if (!wanted) return true;
    if (wanted->kind != RB_TREE_LIST) return choose_words(a, wanted, at, count, err);
    for (const rb_tree *word = wanted->first; word; word = word->next)
        if (!choose_words(a, word, at, count, err)) return false;
    return true;
}

bool rb_track_chosen(rb_arena *a, const rb_track_settings *s, void *const *cfg, rb_chosen_trackers *out, rb_error *err)
{
    int *at = RB_NEW(a, int, COUNT);
    *out = (rb_chosen_trackers){.at = at};
    if (!choose_all(a, s->names, at, &out->count, err)) return false;
    for (int i = 0; i < out->count; i++) {
        const rb_tracker *t = rb_trackers[at[i]];
        if (t->check && !t->check(cfg[at[i]], err)) return false;
    }
    return true;
}
