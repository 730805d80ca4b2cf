// SPDX-License-Identifier: Apache-2.0
// read.c - a file of settings over the present values.
//
// The first value that nests where its key does not ends the reading.
#include "config/key.h"
#include "config/text.h"
#include "config/yaml.h"

#include "base/file.h"

#include <sys/stat.h>

typedef struct reader {
    rb_yaml yaml;
    const rb_config *config;
    int *given_at; // line of each key so far, 0 before it is given
} reader;

static bool fail_unknown(reader *r, const char *key)
{
    rb_arena *a = r->yaml.arena;
    const char *near = rb_nearest(key, rb_key_names(a, r->config, false));
    const char *hint = near ? rb_text_format(a, "did you mean '%s'?", near) : "`rarebit help` lists the keys";
    return rb_yaml_fail(&r->yaml, rb_text_format(a, "unknown key '%s'; %s", rb_text_shown(a, key), hint));
}

// The first item too many, or that nests, ends the reading.
static bool read_range(rb_yaml *y, const rb_key *k, const char *where)
{
    rb_scalar ends[2] = {{0}};
    int count = 0;
    rb_item i;
    for (;; count++) {
        if (!rb_yaml_next(y, &i)) return false;
        if (i.kind == RB_ITEM_END) break;
        if (i.kind != RB_ITEM_SCALAR) return rb_key_refuse(y->arena, k, "a list of more than numbers", where, y->err);
        if (count == 2) return rb_key_refuse(y->arena, k, "a list of more than two", where, y->err);
        ends[count] = i.scalar;
    }
    if (count != 2) return rb_key_refuse(y->arena, k, "a list of fewer than two", where, y->err);
    return rb_key_set_range(y->arena, k, ends[0], ends[1], where, y->err);
}

static bool read_value(rb_yaml *y, const rb_key *k, const char *where)
{
    rb_item value;
    if (!rb_yaml_next(y, &value)) return false;
    if (value.kind == RB_ITEM_SCALAR) return rb_key_set(y->arena, k, value.scalar, where, y->err);
    if (k->field->type == RB_TREE) {
        const rb_tree *node;
        if (!rb_tree_from(y, &value, &node)) return false;
        rb_value_store(k->section, k->field, (rb_value){.tree = node});
        return true;
    }
    if (value.kind == RB_ITEM_LIST && k->field->type == RB_RANGE) return read_range(y, k, where);
    return rb_key_refuse(y->arena, k, value.kind == RB_ITEM_LIST ? "a list" : "a mapping", where, y->err);
}

static bool read_pair(reader *r, const rb_item *name)
{
    rb_yaml *y = &r->yaml;
    rb_key k;
    if (name->kind != RB_ITEM_SCALAR) return rb_yaml_fail(y, "a key must be a word");
    if (!rb_key_find(r->config, name->scalar.text, &k)) return fail_unknown(r, name->scalar.text);
    const char *where = rb_text_format(y->arena, "%s:%d: %s", y->source.name, y->line, name->scalar.text);
    if (r->given_at[k.index])
        return rb_fail(y->err, RB_ERR_USAGE, "%s: given twice, first on line %d", where, r->given_at[k.index]);
    r->given_at[k.index] = y->line;
    return read_value(y, &k, where);
}

static bool read_pairs(reader *r)
{
    for (rb_item i;;) {
        if (!rb_yaml_next(&r->yaml, &i)) return false;
        if (i.kind == RB_ITEM_END) return true;
        if (!read_pair(r, &i)) return false;
    }
}

static bool read_root(reader *r)
{
    rb_yaml *y = &r->yaml;
    rb_item root;
    if (!rb_yaml_root(y, &root)) return false;
    if (root.kind == RB_ITEM_MAP) return read_pairs(r) && rb_yaml_finish(y);
    if (root.kind == RB_ITEM_LIST) return rb_yaml_fail(y, "expected lines of 'key: value', found a list");
    if (root.scalar.plain && rb_scalar_is_null(root.scalar.text)) return rb_yaml_finish(y); // "---", nothing after it
    return rb_yaml_fail(y, rb_text_format(y->arena, "expected lines of 'key: value', found the text '%s'",
                                          rb_text_shown(y->arena, root.scalar.text)));
}

bool rb_config_read_text(rb_arena *a, const rb_config *c, const char *name, rb_bytes text, rb_error *err)
{
    reader r = {.config = c, .given_at = RB_NEW(a, int, rb_key_count(c))};
    if (!rb_yaml_open(a, name, text, &r.yaml, err)) return false;
    bool done = read_root(&r);
    rb_yaml_close(&r.yaml);
    return done;
}

bool rb_source_read(rb_arena *a, const char *path, rb_bytes *out, rb_error *err)
{
    struct stat st;
    if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > RB_SOURCE_LIMIT) // a fault of use, not of the disk
        return rb_source_check(&(rb_source){path, {NULL, st.st_size}}, err);
    return rb_file_read(a, path, RB_SOURCE_LIMIT, out, err);
}

bool rb_config_read(rb_arena *a, const rb_config *c, const char *path, rb_error *err)
{
    rb_bytes text;
    return rb_source_read(a, path, &text, err) && rb_config_read_text(a, c, path, text, err);
}
