// SPDX-License-Identifier: Apache-2.0
// config.c - the tables as a whole: defaults, finding a key, whether the tables are sound.
#include "config/key.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int rb_key_count(const rb_config *c)
{
    int count = 0;
    for (int i = 0; i < c->count; i++)
        for (const rb_field *f = c->sections[i].fields; f->name; f++) count++;
    return count;
}

static bool is_named(const rb_section *s, const rb_field *f, const char *name)
{
    size_t n = s->prefix ? strlen(s->prefix) : 0;
    if (n && (strncmp(name, s->prefix, n) || name[n++] != '_')) return false;
    return !strcmp(name + n, f->name);
}

bool rb_key_find(const rb_config *c, const char *name, rb_key *out)
{
    *out = (rb_key){0};
    for (out->section = c->sections; out->section < c->sections + c->count; out->section++)
        for (out->field = out->section->fields; out->field->name; out->field++, out->index++)
            if (is_named(out->section, out->field, name)) return true;
    return false;
}

const char *rb_key_name(rb_arena *a, const rb_section *s, const rb_field *f)
{
    return s->prefix ? rb_text_format(a, "%s_%s", s->prefix, f->name) : f->name;
}

const char **rb_key_names(rb_arena *a, const rb_config *c, bool used_only)
{
    const char **names = RB_NEW(a, const char *, rb_key_count(c) + 2);
    int count = 0;
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++)
        for (const rb_field *f = s->fields; f->name && (s->used || !used_only); f++)
            names[count++] = rb_key_name(a, s, f);
    return names;
}

static int choice_count(const rb_field *f)
{
    int count = 0;
    while (f->choices && f->choices[count]) count++;
    return count;
}

static bool is_sound(const rb_field *f)
{
    double high = f->preset_high;
    bool whole = f->preset == floor(f->preset), inside = f->preset >= f->min && f->preset <= f->max;
    switch (f->type) {
    case RB_BOOL:
        return !f->optional && (f->preset == 0 || f->preset == 1);
    case RB_INT:
        return !f->optional && whole && inside && f->min >= INT_MIN && f->max <= INT_MAX;
    case RB_REAL:
        return (inside || (f->optional && isnan(f->preset))) && isfinite(f->min) && isfinite(f->max);
    case RB_TEXT:
        return f->optional || f->preset_text;
    case RB_TREE:
        return f->optional || f->preset_tree;
    case RB_CHOICE:
        return !f->optional && whole && f->preset >= 0 && f->preset < choice_count(f);
    case RB_RANGE:
        return !f->optional && inside && high >= (f->pair == RB_PAIR_FREE ? f->min : f->preset) && high <= f->max &&
               isfinite(f->min) && isfinite(f->max);
    }
    return false;
}

const rb_field *rb_config_flaw(const rb_config *c)
{
    int index = 0;
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++)
        for (const rb_field *f = s->fields; f->name; f++, index++) {
            char name[128];
            rb_key same;
            snprintf(name, sizeof name, "%s%s%s", s->prefix ? s->prefix : "", s->prefix ? "_" : "", f->name);
            bool alone = rb_key_find(c, name, &same) && same.index == index;
            if (!alone || !strcmp(name, "config") || !is_sound(f)) return f;
        }
    return NULL;
}

void rb_config_defaults(const rb_config *c)
{
    assert(!rb_config_flaw(c));
    for (const rb_section *s = c->sections; s < c->sections + c->count; s++)
        for (const rb_field *f = s->fields; f->name; f++) rb_value_store(s, f, rb_value_preset(f));
}

rb_config rb_config_with(rb_arena *a, const rb_config *c, rb_section more)
{
    rb_config out = {RB_NEW(a, rb_section, c->count + 1), c->count + 1};
    for (int i = 0; i < c->count; i++) out.sections[i] = c->sections[i];
    out.sections[c->count] = more;
    rb_config_defaults(&out);
    return out;
}

bool rb_config_set(rb_arena *a, const rb_config *c, const char *key, const char *value, const char *where,
                   rb_error *err)
{
    rb_key k;
    if (rb_key_find(c, key, &k)) return rb_key_set(a, &k, (rb_scalar){value, true}, where, err);
    const char *near = rb_nearest(key, rb_key_names(a, c, false));
    if (near) return rb_fail(err, RB_ERR_USAGE, "%s: unknown key; did you mean '%s'?", where, near);
    return rb_fail(err, RB_ERR_USAGE, "%s: unknown key", where);
}

const char *const *rb_config_keys(rb_arena *a, const rb_config *c)
{
    return rb_key_names(a, c, true);
}

bool rb_config_is_local(const rb_config *c, const char *key)
{
    rb_key k;
    return rb_key_find(c, key, &k) && k.field->local;
}

const char *rb_config_value(rb_arena *a, const rb_config *c, const char *key)
{
    rb_key k;
    bool known = rb_key_find(c, key, &k);
    assert(known);
    const char *text = known ? rb_value_text(a, k.field, rb_value_load(k.section, k.field)) : NULL;
    return text ? text : "null";
}
