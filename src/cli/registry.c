// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#define ENTRY(name) extern const rb_command rb_command_##name;
#include "gen/cli.inc"
#undef ENTRY

#define ENTRY(name) &rb_command_##name,
const rb_command *const rb_commands[] = {
#include "gen/cli.inc"
    NULL};
#undef ENTRY

#define ENTRY(name) #name,
static const char *const names[] = {
#include "gen/cli.inc"
    NULL};
#undef ENTRY

const rb_command *rb_command_find(const char *name, rb_error *err)
{
    for (const rb_command *const *c = rb_commands; *c; c++)
        if (!strcmp((*c)->name, name)) return *c;

    const char *near = rb_nearest(name, names);
    if (near)
        rb_fail(err, RB_ERR_USAGE, "there is no command '%s'; did you mean '%s'?", name, near);
    else
        rb_fail(err, RB_ERR_USAGE, "there is no command '%s'; `rarebit help` lists them", name);
    return NULL;
}

bool rb_print(const char *text)
{
    fputs(text, stdout);
    return true;
}

bool rb_no_operands(rb_words operands, rb_error *err)
{
    return !operands.count ||
           rb_fail(err, RB_ERR_USAGE, "'%s' is no flag; flags look like --key value", operands.word[0]);
}

static const char *quoted(rb_arena *a, const char *word)
{
    bool plain = *word && !strpbrk(word, " \t\n'\"\\$`*?[]{}()<>|&;~#!");
    if (plain) return word;
    const char *text = "'";
    for (; *word; word++) text = rb_text_format(a, *word == '\'' ? "%s'\\'%c" : "%s%c", text, *word);
    return rb_text_format(a, "%s'", text);
}

const char *rb_command_line(rb_arena *a, const char *name, int argc, char **argv)
{
    const char *line = rb_text_format(a, "rarebit %s", name);
    for (int i = 0; i < argc; i++) line = rb_text_format(a, "%s %s", line, quoted(a, argv[i]));
    return line;
}
