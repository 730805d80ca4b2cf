// SPDX-License-Identifier: Apache-2.0
// train.c - trains a classifier and judges it.
#include "cli/command.h"

#include "base/log.h"
#include "cli/table.h"
#include "train/train.h"

#include <stdio.h>

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_TRAIN)->config;
}

static void print_result(const rb_trained *t, int epochs)
{
    if (t->stopped_early) rb_note("stopped early: val HTER has not improved");
    printf("epoch %d of at most %d is the best\n", t->best_epoch + 1, epochs);
    rb_table_head();
    for (int part = 0; part < RB_PARTS; part++)
        if (t->of[part].n) rb_table_row(rb_part_names[part], &t->of[part]);
    rb_table_foot(t->of[RB_VAL_PART].threshold, "chosen on val");
    printf("%s\n", t->folder);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_settings *s = rb_settings_new(a, RB_FOR_TRAIN);
    rb_words operands;
    rb_trained trained;
    if (!rb_config_flags(a, &s->config, argc, argv, &operands, err) || !rb_no_operands(operands, err) ||
        !rb_train(a, s, &trained, err))
        return false;
    print_result(&trained, s->training.num_epochs);
    return true;
}

const rb_command rb_command_train = {
    .name = "train",
    .operands = "",
    .help = "train a classifier, choose its threshold, judge it on train, val and test",
    .config = config,
    .run = run,
};
