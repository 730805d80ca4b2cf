// SPDX-License-Identifier: Apache-2.0
// help.c - the commands, the keys of one of them, or all keys as the page docs/config.md.
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

typedef struct help_settings {
    bool markdown;
} help_settings;

static const rb_field fields[] = {
    {"markdown", RB_BOOL, offsetof(help_settings, markdown), .preset = false,
     .help = "every key of every command, as a Markdown page"},
    {0},
};

static rb_config config(rb_arena *a)
{
    return rb_config_with(
        a, &(rb_config){0},
        (rb_section){.title = "help", .fields = fields, .values = RB_NEW(a, help_settings, 1), .used = true});
}

static void print_commands(void)
{
    puts("usage: rarebit COMMAND [--config FILE] [--KEY VALUE ...] [OPERAND ...]\n");
    for (const rb_command *const *c = rb_commands; *c; c++) printf("  %-8s %s\n", (*c)->name, (*c)->help);
    puts("\n`rarebit help COMMAND` lists its keys. Every key is a line of the YAML file (key: value) and a flag\n"
         "(--key value); the flag wins.");
}

static void print_keys(rb_arena *a, const rb_command *c)
{
    rb_config keys = c->config(a);
    printf("usage: rarebit %s [--config FILE] [--KEY VALUE ...]%s%s\n\n%s\n\n%s", c->name, *c->operands ? " " : "",
           c->operands, c->help, rb_config_help(a, &keys));
}

static void print_markdown(rb_arena *a)
{
    puts("# Keys\n\nMade by `rarebit help --markdown`. Every key is a line of a YAML file (`key: value`) and a flag\n"
         "(`--key value`); the flag wins.");
    for (const rb_command *const *c = rb_commands; *c; c++) {
        rb_config keys = (*c)->config(a);
        printf("\n# rarebit %s\n\n%s.\n\n%s", (*c)->name, (*c)->help, rb_config_markdown(a, &keys));
    }
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_config own = config(a);
    rb_words operands;
    if (!rb_config_flags(a, &own, argc, argv, &operands, err)) return false;
    if (operands.count > 1) return rb_fail(err, RB_ERR_USAGE, "help takes one command, not %d", operands.count);
    if (((const help_settings *)own.sections[0].values)->markdown) return print_markdown(a), true;
    if (!operands.count) return print_commands(), true;
    const rb_command *c = rb_command_find(operands.word[0], err);
    if (c) print_keys(a, c);
    return c != NULL;
}

const rb_command rb_command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .help = "list the commands, or the keys of one",
    .config = config,
    .run = run,
};
