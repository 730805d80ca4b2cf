// SPDX-License-Identifier: Apache-2.0
// synth.c - writes a synthetic data set.
#include "cli/command.h"

#include "base/log.h"
#include "data/synth.h"

static rb_config config(rb_arena *a)
{
    return rb_config_with(a, &(rb_config){0},
                          (rb_section){.title = "synthetic data",
                                       .fields = rb_synth_fields,
                                       .values = RB_NEW(a, rb_synth_settings, 1),
                                       .used = true});
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_config c = config(a);
    rb_words operands;
    const rb_synth_settings *s = c.sections[0].values;
    if (!rb_config_flags(a, &c, argc, argv, &operands, err) || !rb_no_operands(operands, err) ||
        !rb_synth_write(s, err))
        return false;
    rb_note("%s: %d labelled pictures in train_img, %d without labels in val_img", s->output_dir, s->count,
            s->unlabelled);
    return true;
}

const rb_command rb_command_synth = {
    .name = "synth",
    .operands = "",
    .help = "write a synthetic data set of two classes, one of them rare",
    .config = config,
    .run = run,
};
