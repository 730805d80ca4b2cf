// SPDX-License-Identifier: Apache-2.0
// command.h - the commands: one file each, found by name. They alone print results; main.c alone prints errors.
#ifndef RB_CLI_COMMAND_H
#define RB_CLI_COMMAND_H

#include "config/config.h"

typedef struct rb_command {
    const char *name;
    const char *operands;             // what may follow the flags, for help; "" for nothing
    const char *help;                 // one line
    rb_config (*config)(rb_arena *a); // its keys, at their defaults
    // `argv` holds the words after the command's name.
    bool (*run)(rb_arena *a, int argc, char **argv, rb_error *err);
} rb_command;

extern const rb_command *const rb_commands[]; // NULL-ended

const rb_command *rb_command_find(const char *name, rb_error *err); // NULL: USAGE, naming the nearest

// Prints a result; true. Whether all of it came out, main.c asks the stream at the end.
bool rb_print(const char *text);

// The call as somebody would type it again: "rarebit eda --root_dir 'my data'".
const char *rb_command_line(rb_arena *a, const char *name, int argc, char **argv);

// Fails with USAGE if there are operands: for commands that take none.
bool rb_no_operands(rb_words operands, rb_error *err) RB_CHECKED;

#endif
