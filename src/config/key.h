// SPDX-License-Identifier: Apache-2.0
// key.h - one key and its value, as the files of this folder share them. Others include config.h.
#ifndef RB_CONFIG_KEY_H
#define RB_CONFIG_KEY_H

#include "config/config.h"

typedef struct rb_key {
    const rb_section *section;
    const rb_field *field;
    int index; // among the keys of all sections
} rb_key;

int rb_key_count(const rb_config *c);
bool rb_key_find(const rb_config *c, const char *name, rb_key *out);
const char *rb_key_name(rb_arena *a, const rb_section *s, const rb_field *f);

// The names of all keys, or of those of used sections; NULL-ended, with room for one more.
const char **rb_key_names(rb_arena *a, const rb_config *c, bool used_only);

// A value of any type.
typedef struct rb_value {
    double number;       // BOOL, INT, REAL, CHOICE (index), low end of RANGE
    double high;         // RANGE
    const char *text;    // TEXT
    const rb_tree *tree; // TREE
} rb_value;

rb_value rb_value_preset(const rb_field *f);
rb_value rb_value_load(const rb_section *s, const rb_field *f);
void rb_value_store(const rb_section *s, const rb_field *f, rb_value v);

// Words for a value, NULL if it is unset; and for what a field takes.
const char *rb_value_text(rb_arena *a, const rb_field *f, rb_value v);
const char *rb_range_text(rb_arena *a, const rb_field *f);   // "0..1", "" if it has none
const char *rb_choices_text(rb_arena *a, const rb_field *f); // "a|b|c"

// A value as somebody wrote it. Quotes make it text: "0.1" is no number and "null" a word.
typedef struct rb_scalar {
    const char *text;
    bool plain;
} rb_scalar;

bool rb_scalar_is_null(const char *text);
bool rb_scalar_is_bool(const char *text, bool *out);

// Reads a scalar into the member of a key: type, range, choices.
bool rb_key_set(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err) RB_CHECKED;

// The same for the two ends of a range, each written by itself.
bool rb_key_set_range(rb_arena *a, const rb_key *k, rb_scalar low, rb_scalar high, const char *where,
                      rb_error *err) RB_CHECKED;

// "<where>: expected a number, found <found>"; returns false.
bool rb_key_refuse(rb_arena *a, const rb_key *k, const char *found, const char *where, rb_error *err);

#endif
