// SPDX-License-Identifier: Apache-2.0
// main.c - finds the command, runs it, prints its error once. Exit codes are those of base/error.h.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) return true;
    return false;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    if (argc < 2) return rb_fail(err, RB_ERR_USAGE, "name a command; `rarebit help` lists them");
    const char *name = argv[1];
    if (!strcmp(name, "-h") || !strcmp(name, "--help")) name = "help";
    if (!strcmp(name, "--version")) return rb_print("rarebit " RB_VERSION "\n");
    const rb_command *c = rb_command_find(name, err);
    if (!c) return false;
    if (asks_for_help(argc - 2, argv + 2)) return rb_command_find("help", err)->run(a, 1, &argv[1], err);
    return c->run(a, argc - 2, argv + 2, err);
}

// Results that could not be written are no results. A write that failed before has left its mark, not its reason.
static bool flush_results(rb_error *err)
{
    if (fflush(stdout)) return rb_fail_errno(err, RB_ERR_IO, errno, "standard output: cannot write");
    return !ferror(stdout) || rb_fail(err, RB_ERR_IO, "standard output: cannot write all of the results");
}

// A stream that the caller closed would lend its number to the next file opened, and results would go into a log or a
// checkpoint. Held for reading alone, it fails when it is written to.
static void hold_closed_streams(void)
{
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDONLY);
    if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char **argv)
{
    hold_closed_streams();
    rb_parallel_wait_briefly(argv);
    rb_file_limit_is_an_error();
    rb_error err = {0};
    rb_arena *a = rb_arena_open();
    bool done = run(a, argc, argv, &err) && flush_results(&err);
    rb_arena_close(a);
    if (!done && !err.kind) rb_fail(&err, RB_ERR_INTERNAL, "failed without a reason; this is a fault of the program");
    if (!done) rb_log_error(&err);
    return done ? 0 : (int)err.kind;
}
