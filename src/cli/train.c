// SPDX-License-Identifier: Apache-2.0
// train.c - trains a classifier and judges it.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/part/heat_maps.h"
#include "cli/part/table.h"
#include "train/train.h"

#include <stdio.h>

#define CLASSES_SHOWN 12 // of more the page tells

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_TRAIN)->config;
}

static void print_result(const rb_trained *t, const rb_training_settings *s)
{
    if (t->stopped_early) rb_note("stopped early: %s has not improved", s->monitor);
    printf("epoch %d of at most %d is the best\n", t->best_epoch + 1, s->num_epochs);
    rb_table_head(&t->of[RB_VAL_PART]);
    for (int part = 0; part < RB_PARTS; part++)
        if (t->of[part].n) rb_table_row(rb_part_names[part], &t->of[part]);
    rb_table_foot(&t->of[RB_VAL_PART], "chosen on val");
    rb_part judged = t->of[RB_TEST_PART].n ? RB_TEST_PART : RB_VAL_PART;
    if (t->of[judged].many.k <= CLASSES_SHOWN) rb_table_classes(rb_part_names[judged], &t->of[judged]);
    printf("%s\n", t->folder);
}

// The run is complete without its page, which can be made at any time.
static void show_report(rb_arena *a, const rb_trained *t, const rb_settings *s)
{
    rb_error why;
    rb_cam_maker cams = rb_heat_maps(a, &s->messages);
    if (!rb_report_write(t->folder, s->training.heatmap ? &cams : NULL, &why))
        rb_warn("no report.html: %s; `rarebit report %s` makes it", why.text, t->folder);
}

static bool read_flags(rb_arena *a, rb_settings *s, int argc, char **argv, rb_error *err)
{
    rb_words operands;
    if (!rb_config_flags(a, &s->config, argc, argv, &operands, err) || !rb_no_operands(operands, err)) return false;
    rb_settings_speak(s);
    return true;
}

// The settings of a run that goes on are those of its record, and what flags and files say over them.
static bool read_settings(rb_arena *a, int argc, char **argv, rb_settings **out, rb_resume *from, rb_error *err)
{
    rb_settings *asked = rb_settings_new(a, RB_FOR_TRAIN), *recorded, *now;
    *out = asked;
    if (!read_flags(a, asked, argc, argv, err) || !rb_resume_find(a, asked->checkpoint_path, from, err)) return false;
    if (!from->folder) return true;
    const char *record = rb_path_join(a, from->folder, "config.yaml");
    recorded = rb_settings_new(a, RB_FOR_TRAIN);
    *out = now = rb_settings_new(a, RB_FOR_TRAIN);
    if (!rb_config_read(a, &recorded->config, record, err) || !rb_config_read(a, &now->config, record, err) ||
        !read_flags(a, now, argc, argv, err) || !rb_settings_resolve(a, now, err) ||
        !rb_resume_agree(a, recorded, now, err))
        return false;
    now->checkpoint_path = recorded->checkpoint_path; // the record says how the run began, not that it goes on
    return true;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_settings *s;
    rb_resume from = {0};
    rb_trained trained;
    bool done = read_settings(a, argc, argv, &s, &from, err) && rb_train(a, s, &from, &trained, err);
    rb_resume_forget(&from);
    if (!done) return false;
    print_result(&trained, &s->training);
    show_report(a, &trained, s);
    return true;
}

const rb_command rb_command_train = {
    .name = "train",
    .operands = "",
    .help = "train a classifier, choose its threshold, judge it on train, val and test",
    .config = config,
    .run = run,
};
