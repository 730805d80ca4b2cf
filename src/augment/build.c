// SPDX-License-Identifier: Apache-2.0
// build.c - from rows, as somebody wrote them, to the steps of a pipeline in preorder.
#include "augment/augment.h"

#include "config/text.h"

#include <string.h>

static const rb_augment *augment_named(const char *name)
{
    const rb_augment *const *a = rb_augments;
    while (*a && strcmp((*a)->name, name)) a++;
    return *a;
}

static const rb_group *group_named(const char *name)
{
    const rb_group *g = rb_groups;
    while (g->name && strcmp(g->name, name)) g++;
    return g->name ? g : NULL;
}

static bool no_such_step(rb_arena *a, const char *name, const char *where, rb_error *err)
{
    int count = 0;
    for (const rb_augment *const *t = rb_augments; *t; t++) count++;
    for (const rb_group *g = rb_groups; g->name; g++) count++;
    const char **names = RB_NEW(a, const char *, count + 1), **last = names;
    for (const rb_augment *const *t = rb_augments; *t; t++) *last++ = (*t)->name;
    for (const rb_group *g = rb_groups; g->name; g++) *last++ = g->name;
    const char *near = rb_nearest(name, names);
    return rb_fail(err, RB_ERR_USAGE, "%s: no transform '%s'%s%s%s", where, rb_text_shown(a, name),
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// ---- parameters ----------------------------------------------------------------------------------------------------

// What every step takes beside the parameters of its kind.
typedef struct step_keys {
    double p;
    int n;
} step_keys;

#define P_FIELD \
    { \
        "p", RB_REAL, offsetof(step_keys, p), .min = 0, .max = 1, .help = "how often it fires" \
    }
static const rb_field p_field[] = {P_FIELD, {0}};
static const rb_field p_and_n_fields[] = {
    P_FIELD,
    {"n", RB_INT, offsetof(step_keys, n), .preset = 1, .min = 1, .max = RB_GROUP_CHILDREN, .help = "steps that run"},
    {0},
};

// Sets each KEY=VALUE of `with`; they are parted by spaces.
static bool set_all(rb_arena *a, const rb_config *config, const char *with, const char *where, rb_error *err)
{
    char *word = rb_text_copy(a, with), *rest = NULL;
    for (word = strtok_r(word, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals) return rb_fail(err, RB_ERR_USAGE, "%s: '%s' is not KEY=VALUE", where, word);
        *equals = '\0';
        const char *at = rb_text_format(a, "%s: %s", where, word);
        if (!rb_config_set(a, config, word, equals + 1, at, err)) return false;
    }
    return true;
}

// Defaults, and `with` over them. sections[0] is what every step takes, its p the default of the kind.
static bool configure(rb_arena *a, const rb_step_row *row, const char *where, rb_section sections[2], rb_error *err)
{
    rb_config config = {sections, 2};
    step_keys *keys = sections[0].values;
    double p = keys->p;
    rb_config_defaults(&config);
    keys->p = p;
    return !row->with || set_all(a, &config, row->with, where, err);
}

// ---- rows ----------------------------------------------------------------------------------------------------------

static int count_rows(const rb_step_row *rows)
{
    int count = 0;
    for (; rows && rows->name; rows++) count += 1 + count_rows(rows->steps);
    return count;
}

static bool check_group(const rb_augment_step *step, const char *where, rb_error *err)
{
    int children = 0;
    double sum = 0;
    for (int i = 1; i <= step->below; i += 1 + step[i].below, children++) sum += step[i].p;
    if (!children) return rb_fail(err, RB_ERR_USAGE, "%s: has no steps", where);
    if (children > RB_GROUP_CHILDREN)
        return rb_fail(err, RB_ERR_USAGE, "%s: has %d steps; %d is the most", where, children, RB_GROUP_CHILDREN);
    if (step->group->weighs && !(sum > 0)) return rb_fail(err, RB_ERR_USAGE, "%s: no step of it has a chance", where);
    return true;
}

// The steps of a pipeline as they are laid down.
typedef struct layout {
    rb_arena *arena;
    rb_augment_step *steps;
    int count;
} layout;

static bool add_rows(layout *l, const rb_step_row *rows, const char *where, rb_error *err);

static bool add_transform(layout *l, const rb_augment *augment, const rb_step_row *row, const char *where,
                          rb_error *err)
{
    void *cfg = rb_arena_take(l->arena, 1, (ptrdiff_t)augment->cfg_bytes);
    step_keys keys = {.p = augment->p};
    rb_section sections[] = {{.fields = p_field, .values = &keys, .used = true},
                             {.fields = augment->fields, .values = cfg, .used = true}};
    if (row->steps) return rb_fail(err, RB_ERR_USAGE, "%s: is a transform and has no steps", where);
    if (!configure(l->arena, row, where, sections, err)) return false;
    l->steps[l->count++] = (rb_augment_step){.augment = augment, .cfg = cfg, .p = keys.p};
    return !augment->sound || augment->sound(cfg, where, err);
}

static bool add_group(layout *l, const rb_group *group, const rb_step_row *row, const char *where, rb_error *err)
{
    static const rb_field none[] = {{0}};
    step_keys keys = {.p = group->p};
    rb_section sections[] = {{.fields = group->counts ? p_and_n_fields : p_field, .values = &keys, .used = true},
                             {.fields = none, .values = &keys, .used = true}};
    if (!configure(l->arena, row, where, sections, err)) return false;
    rb_augment_step *step = &l->steps[l->count++];
    int first = l->count;
    *step = (rb_augment_step){.group = group, .p = keys.p, .n = keys.n};
    if (!add_rows(l, row->steps, where, err)) return false;
    step->below = l->count - first;
    return check_group(step, where, err);
}

static bool add_row(layout *l, const rb_step_row *row, const char *where, rb_error *err)
{
    const rb_augment *augment = augment_named(row->name);
    const rb_group *group = group_named(row->name);
    if (row->where) where = row->where;
    const char *here = rb_text_format(l->arena, "%s: %s", where, row->name);
    if (!augment && !group) return no_such_step(l->arena, row->name, where, err);
    return augment ? add_transform(l, augment, row, here, err) : add_group(l, group, row, here, err);
}

static bool add_rows(layout *l, const rb_step_row *rows, const char *where, rb_error *err)
{
    for (; rows && rows->name; rows++)
        if (!add_row(l, rows, where, err)) return false;
    return true;
}

bool rb_pipeline_build(rb_arena *a, const rb_step_row *rows, const char *where, rb_pipeline *out, rb_error *err)
{
    layout l = {a, RB_NEW(a, rb_augment_step, count_rows(rows)), 0};
    if (!add_rows(&l, rows, where, err)) return false;
    *out = (rb_pipeline){.steps = l.steps, .count = l.count};
    return true;
}
