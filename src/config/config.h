// SPDX-License-Identifier: Apache-2.0
// config.h - settings as tables.
//
// One rb_field row is the YAML key, the --KEY VALUE flag, the help line, the default, the range check, the
// line of docs/config.md and the value recorded with a run. A part of the program owns a struct and a table of
// rows; the command line puts the tables it needs together as sections. The parameters of a choice carry its
// name as prefix: section "one_cycle", field "max_lr" -> key one_cycle_max_lr.
#ifndef RB_CONFIG_CONFIG_H
#define RB_CONFIG_CONFIG_H

#include "base/arena.h"
#include "config/tree.h"

typedef enum rb_type {
    RB_BOOL,   // bool
    RB_INT,    // int
    RB_REAL,   // double; NAN is "unset" where the field is optional
    RB_TEXT,   // const char *; NULL is "unset" where the field is optional
    RB_CHOICE, // int: index into `choices`
    RB_RANGE,  // rb_range: LOW,HIGH as a flag, [LOW, HIGH] in a file; one number stands for a pair
    RB_TREE,   // const rb_tree *: a word, or what nests; as a flag in one line, "{a: [b, c]}". NULL is "unset"
} rb_type;

// What one number v stands for where a range is due.
typedef enum rb_pair {
    RB_PAIR_SAME,      // v,v
    RB_PAIR_SYMMETRIC, // -v,v
    RB_PAIR_FROM_MIN,  // the least number that the field takes, and v
    RB_PAIR_FREE,      // v,v; and two numbers stand in any order
} rb_pair;

typedef struct rb_range {
    double low, high; // low <= high, but for RB_PAIR_FREE
} rb_range;

typedef struct rb_field {
    const char *name;
    rb_type type;
    size_t offset;              // of the member in the section's struct
    double preset;              // default of BOOL, INT, REAL, CHOICE (index), the low end of a RANGE
    double preset_high;         // the high end of a RANGE
    const char *preset_text;    // default of TEXT
    const rb_tree *preset_tree; // default of TREE
    double min, max;            // inclusive, INT, REAL and both ends of a RANGE
    rb_pair pair;               // RANGE
    bool optional;              // `null` is a value
    bool or_truth;              // TEXT: true and false are values, and so a flag may stand alone or begin with --no-
    bool local;                 // belongs to this machine or call, not to the result: left out of checkpoints
    const char *const *choices; // CHOICE: names, NULL-ended
    const char *unit;
    const char *help;
} rb_field; // a table ends with a row of zeros

typedef struct rb_section {
    const char *title;  // for help: "data", "one_cycle schedule"
    const char *prefix; // NULL, or the name put before each key with '_'
    const rb_field *fields;
    void *values; // the struct that the offsets belong to
    bool used;    // this command reads it: its keys are flags here
} rb_section;

typedef struct rb_config {
    rb_section *sections;
    int count;
} rb_config;

// The first row that breaks the rules of tables, or NULL: keys are unique over all sections and none is "config";
// a default lies within its finite range; a text or a tree has a default or is optional; REAL, TEXT and TREE alone may
// be optional.
const rb_field *rb_config_flaw(const rb_config *c);

// Fills every section with its defaults. The tables must be without flaw.
void rb_config_defaults(const rb_config *c);

// The sections of `c` and one more, everything at its defaults.
rb_config rb_config_with(rb_arena *a, const rb_config *c, rb_section more);

// Reads a YAML file over the present values: one mapping of at most 1 MiB, without anchors,
// aliases, tags and directives. Keys of unused sections are checked and stored like the others: one file may serve
// several commands. Only what stands without quotes is a number, a truth value or `null`.
//
// Owner:  texts live in `a`
// Errors: IO (unreadable); USAGE with "FILE:LINE: " for syntax, unknown keys (naming the nearest), duplicate
//         keys, wrong types and values out of range, followed by the source line and a caret for syntax; values
//         before the fault are set by then
bool rb_config_read(rb_arena *a, const rb_config *c, const char *path, rb_error *err) RB_CHECKED;

// The same from text in memory; `name` stands for the file in messages.
bool rb_config_read_text(rb_arena *a, const rb_config *c, const char *name, rb_bytes text, rb_error *err) RB_CHECKED;

// Command-line words after the command. Flags are the keys of used sections: --key value, --key=value, booleans
// also bare and --no-key; '_' and '-' are the same; --config FILE is read first, wherever it stands; "--" ends
// flags; other words are operands, in order. A value is read as one without quotes in a file: `null` unsets.
//
// Errors: USAGE for unknown flags (naming the nearest), flags given twice and those of rb_config_set; those of
//         rb_config_read
typedef struct rb_words {
    const char **word;
    int count;
} rb_words;
bool rb_config_flags(rb_arena *a, const rb_config *c, int argc, char **argv, rb_words *operands,
                     rb_error *err) RB_CHECKED;

// Sets one key from text, as a flag does. `where` begins an error message ("--lr", "a.yaml:3: lr").
//
// Errors: USAGE (unknown key, wrong type, out of range, no such choice, text that is not UTF-8)
bool rb_config_set(rb_arena *a, const rb_config *c, const char *key, const char *value, const char *where,
                   rb_error *err) RB_CHECKED;

// The keys of the used sections; NULL-ended.
const char *const *rb_config_keys(rb_arena *a, const rb_config *c);

// Whether a key that is known to exist belongs to this machine or call alone.
bool rb_config_is_local(const rb_config *c, const char *key);

// The value of a key that is known to exist, as a flag would say it; "null" if it is unset.
const char *rb_config_value(rb_arena *a, const rb_config *c, const char *key);

// Every key of every used section, as YAML that rb_config_read gives back unchanged; without the local ones if it
// is to be portable.
const char *rb_config_dump(rb_arena *a, const rb_config *c, bool portable);

// The name of the first local key that is not at its default: what a portable dump never sets. NULL: there is none.
const char *rb_config_local_set(rb_arena *a, const rb_config *c);

// Help for the used sections: one line a key with type, unit, range and default.
const char *rb_config_help(rb_arena *a, const rb_config *c);

// The same as tables of Markdown, for docs/config.md.
const char *rb_config_markdown(rb_arena *a, const rb_config *c);

// Whether `word` is one of `words` (NULL-ended).
bool rb_is_one_of(const char *word, const char *const *words);

// The name among `names` (NULL-ended) nearest to `word`: by edit distance, or else one that has it as a part
// ("epochs", "num_epochs") or for initials ("learning_rate", "lr"), either way round. NULL if none is near.
const char *rb_nearest(const char *word, const char *const *names);

#endif
