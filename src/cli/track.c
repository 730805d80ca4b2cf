// SPDX-License-Identifier: Apache-2.0
// track.c - sends what the trackers of runs could not send while these ran.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "train/settings.h"

#include <string.h>

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_TRACK)->config;
}

// The run's own settings, and over them the flags.
static bool read_settings(rb_arena *a, rb_settings *s, const char *folder, int argc, char **argv, rb_error *err)
{
    rb_words again;
    if (!rb_file_exists(rb_path_join(a, folder, "log.jsonl")))
        return rb_fail(err, RB_ERR_IO, "%s: is no run folder, it has no log.jsonl", folder);
    return rb_config_read(a, &s->config, rb_path_join(a, folder, "config.yaml"), err) &&
           rb_config_flags(a, &s->config, argc, argv, &again, err);
}

static bool send_run(rb_arena *a, const char *folder, int argc, char **argv, rb_error *err)
{
    rb_settings *s = rb_settings_new(a, RB_FOR_TRACK);
    rb_chosen_trackers chosen;
    if (!read_settings(a, s, folder, argc, argv, err) || !rb_track_chosen(a, &s->track, s->track_cfg, &chosen, err))
        return false;
    if (!chosen.count)
        return rb_fail(err, RB_ERR_USAGE, "%s: was trained without trackers; name some with --track", folder);
    bool done = true;
    for (int i = 0; i < chosen.count; i++) {
        rb_error why;
        bool sent = rb_track_send(chosen.at[i], s->track_cfg[chosen.at[i]], folder, &why);
        if (!sent && !done) rb_warn("%s", err->text); // one error is main's; the others are said here
        if (!sent) *err = why;
        done = done && sent;
    }
    return done;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_settings *s = rb_settings_new(a, RB_FOR_TRACK);
    rb_words words;
    if (!rb_config_flags(a, &s->config, argc, argv, &words, err)) return false;
    if (words.count < 2 || strcmp(words.word[0], "send"))
        return rb_fail(err, RB_ERR_USAGE, "say `rarebit track send RUN`, with one or more run folders");
    for (int i = 1; i < words.count; i++)
        if (!send_run(a, words.word[i], argc, argv, err)) return false;
    return true;
}

const rb_command rb_command_track = {
    .name = "track",
    .operands = "send RUN...",
    .help = "send what the trackers of runs could not send while these ran",
    .config = config,
    .run = run,
};
