// SPDX-License-Identifier: Apache-2.0
#include "config/tree.h"

#include "config/text.h"
#include "config/yaml.h"

#include <string.h>

// ---- reading -------------------------------------------------------------------------------------------------------

typedef struct grower {
    rb_yaml *yaml;
    int depth, count;
} grower;

static bool grow(grower *g, const rb_item *from, rb_tree *out);

static bool grow_key(grower *g, const rb_item *name, const rb_tree *map, const char **out)
{
    rb_yaml *y = g->yaml;
    if (name->kind != RB_ITEM_SCALAR) return rb_yaml_fail(y, "a key must be a word");
    const rb_tree *same = rb_tree_at(map, name->scalar.text);
    if (same)
        return rb_yaml_fail(y, rb_text_format(y->arena, "%s: given twice, first on line %d",
                                              rb_text_shown(y->arena, same->key), same->line));
    *out = name->scalar.text;
    return true;
}

static bool grow_children(grower *g, rb_tree *parent)
{
    const rb_tree **end = &parent->first;
    for (;;) {
        rb_item i;
        if (!rb_yaml_next(g->yaml, &i)) return false;
        if (i.kind == RB_ITEM_END) return true;
        rb_tree *child = RB_NEW(g->yaml->arena, rb_tree, 1);
        const char *key = NULL;
        if (parent->kind == RB_TREE_MAP && (!grow_key(g, &i, parent, &key) || !rb_yaml_next(g->yaml, &i))) return false;
        if (!grow(g, &i, child)) return false;
        child->key = key;
        *end = child;
        end = &child->next;
    }
}

static bool grow(grower *g, const rb_item *from, rb_tree *out)
{
    static const rb_tree_kind kinds[] = {
        [RB_ITEM_SCALAR] = RB_TREE_SCALAR, [RB_ITEM_LIST] = RB_TREE_LIST, [RB_ITEM_MAP] = RB_TREE_MAP};
    rb_yaml *y = g->yaml;
    if (++g->count > RB_TREE_COUNT)
        return rb_yaml_fail(y, rb_text_format(y->arena, "more than %d values in one key", RB_TREE_COUNT));
    *out = (rb_tree){.kind = kinds[from->kind], .source = y->source.name, .line = y->line};
    if (out->kind == RB_TREE_SCALAR) {
        out->text = from->scalar.text, out->plain = from->scalar.plain;
        return true;
    }
    if (++g->depth > RB_TREE_DEPTH)
        return rb_yaml_fail(y, rb_text_format(y->arena, "nests deeper than %d", RB_TREE_DEPTH));
    bool done = grow_children(g, out);
    g->depth--;
    return done;
}

bool rb_tree_from(rb_yaml *y, const rb_item *item, const rb_tree **out)
{
    rb_tree *root = RB_NEW(y->arena, rb_tree, 1);
    grower g = {.yaml = y};
    *out = root;
    return grow(&g, item, root);
}

bool rb_tree_read_text(rb_arena *a, const char *name, rb_bytes text, const rb_tree **out, rb_error *err)
{
    rb_yaml y;
    rb_item root;
    if (!rb_yaml_open(a, name, text, &y, err)) return false;
    bool done = rb_yaml_root(&y, &root) && rb_tree_from(&y, &root, out) && rb_yaml_finish(&y);
    rb_yaml_close(&y);
    return done;
}

bool rb_tree_read(rb_arena *a, const char *path, const rb_tree **out, rb_error *err)
{
    rb_bytes text;
    return rb_source_read(a, path, &text, err) && rb_tree_read_text(a, path, text, out, err);
}

// ---- asking --------------------------------------------------------------------------------------------------------

const rb_tree *rb_tree_at(const rb_tree *map, const char *key)
{
    if (map->kind != RB_TREE_MAP) return NULL;
    const rb_tree *child = map->first;
    while (child && strcmp(child->key, key)) child = child->next;
    return child;
}

bool rb_tree_is_null(const rb_tree *node)
{
    return node->kind == RB_TREE_SCALAR && node->plain && rb_scalar_is_null(node->text);
}

const char *rb_tree_where(rb_arena *a, const rb_tree *node)
{
    return node->line ? rb_text_format(a, "%s:%d", node->source, node->line) : node->source;
}

// ---- as text -------------------------------------------------------------------------------------------------------

static bool stands_bare(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+~-")] &&
           text[strspn(text, "-")] && strcmp(text, "..."); // "---" and "..." part documents
}

static void add_scalar(rb_text *t, const rb_tree *node)
{
    if (rb_tree_is_null(node))
        rb_text_add(t, "null");
    else if (node->plain && stands_bare(node->text))
        rb_text_add(t, "%s", node->text);
    else
        rb_text_add_quoted(t, node->text);
}

static void add_node(rb_text *t, const rb_tree *node)
{
    if (node->kind == RB_TREE_SCALAR) {
        add_scalar(t, node);
        return;
    }
    rb_text_add(t, node->kind == RB_TREE_LIST ? "[" : "{");
    for (const rb_tree *child = node->first; child; child = child->next) {
        if (node->kind == RB_TREE_MAP) {
            add_scalar(t, &(rb_tree){.text = child->key, .plain = !rb_scalar_is_null(child->key)});
            rb_text_add(t, ": ");
        }
        add_node(t, child);
        if (child->next) rb_text_add(t, ", ");
    }
    rb_text_add(t, node->kind == RB_TREE_LIST ? "]" : "}");
}

const char *rb_tree_text(rb_arena *a, const rb_tree *node)
{
    rb_text t = rb_text_new(a);
    add_node(&t, node);
    return t.at;
}
