// SPDX-License-Identifier: Apache-2.0
// read.c - from the key `augment` to the pipelines of a run.
//
//     augment: original                         a preset
//     augment: steps.yaml                       a file that holds one of the forms below
//     augment: [HorizontalFlip, Rotate: {limit: 15, p: 1}]
//     augment: {minority: LIST, majority: LIST, classes: {NAME: LIST}}
//     augment: {transform: {__class_fullname__: Compose, ...}}        as Albumentations saves them
//
// Where a LIST is due, a preset's name stands for its part, and a file or a saved pipeline for all that it holds.
#include "augment/augment.h"
#include "augment/import.h"

#include "base/log.h"

#include <string.h>

// ---- steps ---------------------------------------------------------------------------------------------------------

static bool rows_of(rb_arena *a, const rb_tree *list, const rb_step_row **out, rb_error *err);

static bool fail_step(rb_arena *a, const rb_tree *item, rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE, "%s: expected a step, as Rotate or Rotate: {limit: 15}, found %s",
                   rb_tree_where(a, item), rb_tree_text(a, item));
}

// Name and parameters of: Rotate; {Rotate: {limit: 15}}; {__class_fullname__: Rotate, limit: 15}.
static bool take_apart(rb_arena *a, const rb_tree *item, const char **name, const rb_tree **params, rb_error *err)
{
    const rb_tree *class = rb_tree_at(item, "__class_fullname__"), *inner = item->first;
    *name = NULL, *params = NULL;
    if (item->kind == RB_TREE_SCALAR) {
        *name = item->text;
        return true;
    }
    if (class && class->kind == RB_TREE_SCALAR) {
        *name = rb_import_name(class->text), *params = item;
        return true;
    }
    if (item->kind != RB_TREE_MAP || !inner || inner->next) return fail_step(a, item, err);
    *name = inner->key;
    if (inner->kind == RB_TREE_MAP) *params = inner;
    return *params || rb_tree_is_null(inner) || fail_step(a, item, err);
}

// `row` stays as it is where a key of the run does the step.
static bool row_of(rb_arena *a, const rb_tree *item, rb_step_row *row, rb_error *err)
{
    const char *name, *why;
    const rb_tree *params;
    if (!take_apart(a, item, &name, &params, err)) return false;
    if (rb_import_is_left_out(name, &why)) {
        rb_warn("%s: %s is left out: %s", rb_tree_where(a, item), name, why);
        return true;
    }
    *row = (rb_step_row){.name = name, .where = rb_tree_where(a, item)};
    if (!params) return true;
    const rb_tree *children = rb_tree_at(params, "transforms");
    return rb_import_params(a, name, params, &row->with, err) && (!children || rows_of(a, children, &row->steps, err));
}

static bool rows_of(rb_arena *a, const rb_tree *list, const rb_step_row **out, rb_error *err)
{
    if (list->kind != RB_TREE_LIST)
        return rb_fail(err, RB_ERR_USAGE, "%s: expected a list of steps, found %s", rb_tree_where(a, list),
                       rb_tree_text(a, list));
    int count = 0;
    for (const rb_tree *item = list->first; item; item = item->next) count++;
    rb_step_row *rows = RB_NEW(a, rb_step_row, count + 1), *row = rows;
    *out = rows;
    for (const rb_tree *item = list->first; item; item = item->next) {
        if (!row_of(a, item, row, err)) return false;
        row += row->name != NULL;
    }
    return true;
}

// ---- pipelines -----------------------------------------------------------------------------------------------------

static void tell_surprises(const rb_pipeline *p, const char *where)
{
    for (int i = 0; i < p->count; i++) {
        const rb_augment *t = p->steps[i].augment;
        const char *surprise = t && t->surprise ? t->surprise(p->steps[i].cfg) : NULL;
        if (surprise) rb_warn("%s: %s: %s", where, t->name, surprise);
    }
}

static bool pipeline_of(rb_arena *a, const rb_step_row *rows, const rb_tree *from, rb_pipeline *out, rb_error *err)
{
    const char *where = rb_tree_where(a, from);
    if (!rb_pipeline_build(a, rows, where, out, err)) return false;
    tell_surprises(out, where);
    return true;
}

static bool is_path(const char *text)
{
    const char *dot = strrchr(text, '.');
    return strchr(text, '/') || (dot && dot > text);
}

// A preset, or the tree of a file.
static bool look_up(rb_arena *a, const rb_tree *word, rb_augmentation *preset, const rb_tree **file, rb_error *err)
{
    *file = NULL;
    if (is_path(word->text)) return rb_tree_read(a, word->text, file, err);
    return rb_augmentation_preset(a, word->text, rb_tree_where(a, word), preset, err);
}

typedef enum side { MINORITY, MAJORITY } side;

static bool read_pipeline(rb_arena *a, const rb_tree *value, side which, rb_pipeline *out, rb_error *err);

static bool read_saved(rb_arena *a, const rb_tree *value, rb_pipeline *out, rb_error *err)
{
    const rb_tree *whole = rb_tree_at(value, "transform");
    rb_step_row rows[2] = {{0}};
    return row_of(a, whole ? whole : value, rows, err) && pipeline_of(a, rows, value, out, err);
}

static bool fail_word(rb_arena *a, const rb_tree *file, rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE, "%s: expected steps, found %s", rb_tree_where(a, file), rb_tree_text(a, file));
}

static bool read_word(rb_arena *a, const rb_tree *word, side which, rb_pipeline *out, rb_error *err)
{
    rb_augmentation preset = {0};
    const rb_tree *file;
    if (!look_up(a, word, &preset, &file, err)) return false;
    if (!file) *out = which == MINORITY ? preset.minority : preset.majority;
    if (!file) return true;
    return file->kind == RB_TREE_SCALAR ? fail_word(a, file, err) : read_pipeline(a, file, which, out, err);
}

static bool read_pipeline(rb_arena *a, const rb_tree *value, side which, rb_pipeline *out, rb_error *err)
{
    const rb_step_row *rows;
    if (value->kind == RB_TREE_SCALAR) return read_word(a, value, which, out, err);
    if (value->kind == RB_TREE_MAP) return read_saved(a, value, out, err);
    return rows_of(a, value, &rows, err) && pipeline_of(a, rows, value, out, err);
}

// ---- the key -------------------------------------------------------------------------------------------------------

static bool read_classes(rb_arena *a, const rb_tree *map, rb_augmentation *out, rb_error *err)
{
    if (map->kind != RB_TREE_MAP)
        return rb_fail(err, RB_ERR_USAGE, "%s: classes: expected NAME: STEPS, found %s", rb_tree_where(a, map),
                       rb_tree_text(a, map));
    for (const rb_tree *c = map->first; c; c = c->next) out->class_count++;
    rb_class_pipeline *to = RB_NEW(a, rb_class_pipeline, out->class_count);
    out->classes = to;
    for (const rb_tree *c = map->first; c; c = c->next, to++) {
        *to = (rb_class_pipeline){.name = c->key, .where = rb_tree_where(a, c)};
        if (!read_pipeline(a, c, MINORITY, &to->pipeline, err)) return false;
    }
    return true;
}

static bool read_sides(rb_arena *a, const rb_tree *map, rb_augmentation *out, rb_error *err)
{
    static const char *const keys[] = {"minority", "majority", "classes", NULL};
    for (const rb_tree *v = map->first; v; v = v->next) {
        int i = 0;
        while (keys[i] && strcmp(keys[i], v->key)) i++;
        if (!keys[i])
            return rb_fail(err, RB_ERR_USAGE, "%s: augment: unknown key '%s'; it has minority, majority and classes",
                           rb_tree_where(a, v), v->key);
        bool done = i == 0   ? read_pipeline(a, v, MINORITY, &out->minority, err)
                    : i == 1 ? read_pipeline(a, v, MAJORITY, &out->majority, err)
                             : read_classes(a, v, out, err);
        if (!done) return false;
    }
    return true;
}

static bool read_whole(rb_arena *a, const rb_tree *value, rb_augmentation *out, rb_error *err)
{
    bool saved = rb_tree_at(value, "transform") || rb_tree_at(value, "__class_fullname__");
    if (value->kind == RB_TREE_MAP && !saved) return read_sides(a, value, out, err);
    if (!read_pipeline(a, value, MINORITY, &out->minority, err)) return false;
    out->majority = out->minority;
    return true;
}

static bool read_value(rb_arena *a, const rb_tree *value, rb_augmentation *out, rb_error *err)
{
    if (value->kind != RB_TREE_SCALAR) return read_whole(a, value, out, err);
    const rb_tree *file;
    if (!look_up(a, value, out, &file, err)) return false;
    if (!file) return true;
    return file->kind == RB_TREE_SCALAR ? fail_word(a, file, err) : read_whole(a, file, out, err);
}

bool rb_augmentation_read(rb_arena *a, const rb_tree *value, bool compose, rb_augmentation *out, rb_error *err)
{
    *out = (rb_augmentation){0};
    if (!read_value(a, value, out, err)) return false;
    out->minority.compose = out->majority.compose = compose;
    for (int i = 0; i < out->class_count; i++) out->classes[i].pipeline.compose = compose;
    return true;
}
