// SPDX-License-Identifier: Apache-2.0
// tree.h - a value that nests: a word, or lists and mappings of such values.
#ifndef RB_CONFIG_TREE_H
#define RB_CONFIG_TREE_H

#include "base/arena.h"

#define RB_TREE_DEPTH 32   // lists and mappings inside each other
#define RB_TREE_COUNT 4096 // values in one tree

typedef enum rb_tree_kind { RB_TREE_SCALAR, RB_TREE_LIST, RB_TREE_MAP } rb_tree_kind;

typedef struct rb_tree {
    rb_tree_kind kind;
    const char *key;             // in a mapping: of this value; else NULL
    const char *text;            // SCALAR
    bool plain;                  // SCALAR without quotes: may be a number, a truth value, null
    const char *source;          // file, or flag
    int line;                    // 0 where there are no lines
    const struct rb_tree *first; // children in order
    const struct rb_tree *next;  // sibling
} rb_tree;

// A whole file, YAML 1.2 or JSON, or such a text; a file without a value is the scalar "". The limits of settings hold:
// 1 MiB, no anchors, aliases, tags and directives; and those above.
//
// Owner:  the tree lives in `a`
// Errors: IO (unreadable); USAGE with "FILE:LINE: " (syntax, a key given twice, limits)
bool rb_tree_read(rb_arena *a, const char *path, const rb_tree **out, rb_error *err) RB_CHECKED;
bool rb_tree_read_text(rb_arena *a, const char *name, rb_bytes text, const rb_tree **out, rb_error *err) RB_CHECKED;

// The value of a key; NULL if there is none or `map` is no mapping.
const rb_tree *rb_tree_at(const rb_tree *map, const char *key);

// Whether it is YAML's null: nothing, ~ or null, without quotes.
bool rb_tree_is_null(const rb_tree *node);

// "FILE:LINE", or the flag.
const char *rb_tree_where(rb_arena *a, const rb_tree *node);

// One line of YAML that reads back the same.
const char *rb_tree_text(rb_arena *a, const rb_tree *node);

#endif
