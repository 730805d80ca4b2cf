// SPDX-License-Identifier: Apache-2.0
// yaml.h - a YAML or JSON text as a stream of items.
//
// Anchors, aliases, tags, directives and a second document end the reading before anything is copied.
#ifndef RB_CONFIG_YAML_H
#define RB_CONFIG_YAML_H

#include "config/key.h"
#include "config/source.h"

typedef enum rb_item_kind {
    RB_ITEM_SCALAR,
    RB_ITEM_LIST, // begins; so do mappings, whose items are keys and values in turn
    RB_ITEM_MAP,
    RB_ITEM_END, // of a list or a mapping
} rb_item_kind;

typedef struct rb_item {
    rb_item_kind kind;
    rb_scalar scalar;
} rb_item;

typedef struct rb_yaml {
    rb_arena *arena;
    rb_source source;
    int line;   // of the newest item that has a place of its own
    bool ended; // nothing follows
    struct fy_diag *diag;
    struct fy_parser *parser;
    rb_error *err;
} rb_yaml;

// Errors: INTERNAL (no memory); USAGE (rb_source_check)
bool rb_yaml_open(rb_arena *a, const char *name, rb_bytes text, rb_yaml *out, rb_error *err) RB_CHECKED;
void rb_yaml_close(rb_yaml *y);

// The item that the document is, or SCALAR "" where there is none. After it is read, rb_yaml_finish sees that nothing
// follows.
//
// Errors: USAGE (syntax, with the source line and a caret; what is not read here)
bool rb_yaml_root(rb_yaml *y, rb_item *out) RB_CHECKED;
bool rb_yaml_next(rb_yaml *y, rb_item *out) RB_CHECKED;
bool rb_yaml_finish(rb_yaml *y) RB_CHECKED;

// The tree that begins with `item`. Errors: USAGE (a key given twice, limits of tree.h)
bool rb_tree_from(rb_yaml *y, const rb_item *item, const rb_tree **out) RB_CHECKED;

// "FILE:LINE: <message>"; returns false.
bool rb_yaml_fail(rb_yaml *y, const char *message);

#endif
