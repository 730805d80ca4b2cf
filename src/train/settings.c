// SPDX-License-Identifier: Apache-2.0
#include "train/settings.h"

#include <math.h>
#include <string.h>

// ---- keys that belong to no other module ----------------------------------------------------------------------------

static const char *const precisions[] = {"fp32", "bf16", NULL};

#define AT(member) offsetof(rb_compute_settings, member)
static const rb_field compute_fields[] = {
    {"batch_size", RB_INT, AT(batch_size), .preset = 32, .min = 1, .max = 65536, .unit = "pictures",
     .help = "pictures computed at once"},
    {"device_index", RB_INT, AT(device_index), .preset = 0, .min = -1, .max = 1023, .local = true,
     .help = "GPU to use; -1 is the CPU, as is any number where there is no GPU"},
    {"backend", RB_TEXT, AT(backend), .preset_text = "auto", .help = "what computes: auto, onednn, ref"},
    {"precision", RB_CHOICE, AT(precision), .preset = RB_FP32, .choices = precisions, .help = "number format"},
    {"threads", RB_INT, AT(threads), .preset = 0, .min = 0, .max = 1024, .unit = "threads",
     .help = "threads that compute; 0: one for each core"},
    {0},
};
#undef AT

#define AT(member) offsetof(rb_training_settings, member)
static const rb_field training_fields[] = {
    {"checkpoint_dir", RB_TEXT, AT(checkpoint_dir), .preset_text = "checkpoints", .local = true,
     .help = "folder in which each run makes a folder of its own"},
    {"num_epochs", RB_INT, AT(num_epochs), .preset = 100, .min = 1, .max = 1000000, .help = "passes over the data"},
    {"lr", RB_REAL, AT(lr), .preset = 4e-4, .min = 0, .max = 1e3, .help = "base learning rate"},
    {"weight_decay", RB_REAL, AT(weight_decay), .preset = 1e-3, .min = 0, .max = 1,
     .help = "decay of every weight, times the rate"},
    {"scheduler", RB_TEXT, AT(scheduler), .preset_text = "cosine", .help = "course of the learning rate"},
    {"early_stop_patience", RB_INT, AT(early_stop_patience), .preset = 10, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "stop when val HTER has not improved for so long; 0: never"},
    {"early_stop_min_delta", RB_REAL, AT(early_stop_min_delta), .preset = 1e-3, .min = 0, .max = 1,
     .help = "by how much HTER must fall to count as better"},
    {0},
};
#undef AT

static const rb_field seed_fields[] = {
    {"seed", RB_INT, offsetof(rb_training_settings, seed), .preset = 0, .min = 0, .max = INT32_MAX,
     .help = "fixes initial weights, draws, augmentation and dropout"},
    {0},
};

static const rb_field start_fields[] = {
    {"checkpoint_path", RB_TEXT, 0, .optional = true, .local = true,
     .help = "checkpoint to begin from (train) or to use (eval, infer)"},
    {0},
};

static const rb_field decision_fields[] = {
    {"val_threshold", RB_REAL, offsetof(rb_decision_settings, val_threshold), .preset = NAN, .min = 0, .max = 1,
     .optional = true, .local = true, .help = "probability from which on a picture is label 1; null: the checkpoint's"},
    {0},
};

#define AT(member) offsetof(rb_output_settings, member)
static const rb_field input_fields[] = {
    {"input_dir", RB_TEXT, AT(input_dir), .optional = true, .local = true, .help = "folder of pictures to work on"},
    {0},
};

static const rb_field output_fields[] = {
    {"output_file", RB_TEXT, AT(output_file), .optional = true, .local = true,
     .help = "where labels are written, a line each in file order; null: standard output"},
    {"get_proba", RB_BOOL, AT(get_proba), .preset = false, .local = true,
     .help = "write probabilities of label 1 too, into the same name with the suffix .proba"},
    {0},
};
#undef AT

static const char *const eval_parts[] = {"train", "val", "test", "all", NULL};

#define AT(member) offsetof(rb_eval_settings, member)
static const rb_field eval_fields[] = {
    {"labels", RB_TEXT, AT(labels), .optional = true, .local = true,
     .help = "file of labels, a line each; with proba: judge these scores, no checkpoint is needed"},
    {"proba", RB_TEXT, AT(proba), .optional = true, .local = true,
     .help = "file of probabilities of label 1, a line each"},
    {"part", RB_CHOICE, AT(part), .preset = RB_NO_PART, .choices = eval_parts, .local = true,
     .help = "which pictures to judge: all, or one part of the split that the checkpoint was trained with"},
    {0},
};
#undef AT

static const rb_field json_fields[] = {
    {"json", RB_TEXT, 0, .optional = true, .local = true,
     .help = "write every figure to this file as JSON, too; -: to standard output, and no table"},
    {0},
};

// ---- which command uses what --------------------------------------------------------------------------------------

#define ALL        (RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER)
#define AT(member) offsetof(rb_settings, member)

static const struct part {
    const char *title;
    const rb_field *fields;
    size_t offset; // of the struct that the fields belong to
    unsigned used;
    bool trained; // a checkpoint brings these keys along
} parts[] = {
    {"checkpoint", start_fields, AT(checkpoint_path), ALL, false},
    {"data", rb_data_fields, AT(data), RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_AUGMENT, false},
    {"pictures", rb_picture_fields, AT(data), ALL | RB_FOR_BENCH | RB_FOR_AUGMENT, true},
    {"sampling", rb_sampling_fields, AT(data), RB_FOR_TRAIN | RB_FOR_BENCH | RB_FOR_AUGMENT, false},
    {"loading", rb_loading_fields, AT(data), ALL | RB_FOR_BENCH, false},
    {"model", rb_model_fields, AT(model), ALL | RB_FOR_BENCH, true},
    {"training", training_fields, AT(training), RB_FOR_TRAIN, false},
    {"random numbers", seed_fields, AT(training), RB_FOR_TRAIN | RB_FOR_AUGMENT, false},
    {"compute", compute_fields, AT(compute), ALL | RB_FOR_BENCH, false},
    {"decision", decision_fields, AT(decision), RB_FOR_EVAL | RB_FOR_INFER, false},
    {"input", input_fields, AT(output), RB_FOR_INFER | RB_FOR_AUGMENT, false},
    {"output", output_fields, AT(output), RB_FOR_INFER, false},
    {"evaluation", eval_fields, AT(eval), RB_FOR_EVAL, false},
    {"results", json_fields, AT(json), RB_FOR_EVAL | RB_FOR_BENCH, false},
    {"tracking", rb_track_fields, AT(track), RB_FOR_TRAIN | RB_FOR_TRACK, false},
};
#define PARTS ((int)(sizeof parts / sizeof *parts))

static const char *title_of(rb_arena *a, const struct part *p, rb_purpose purpose)
{
    bool deployed = purpose == RB_FOR_EVAL || purpose == RB_FOR_INFER;
    if (!p->trained || !deployed) return p->title;
    return rb_text_format(a, "%s (the checkpoint's own unless named; what shapes the network must agree with it)",
                          p->title);
}

static int count_of(const void *const *list)
{
    int n = 0;
    while (list[n]) n++;
    return n;
}

static rb_section choice_section(rb_arena *a, const char *kind, const char *name, const rb_field *fields, size_t bytes,
                                 bool used, void **cfg)
{
    *cfg = rb_arena_take(a, 1, (ptrdiff_t)bytes);
    return (rb_section){rb_text_format(a, "%s %s", kind, name), name, fields, *cfg, used};
}

rb_settings *rb_settings_new(rb_arena *a, rb_purpose purpose)
{
    rb_settings *s = RB_NEW(a, rb_settings, 1);
    int schedules = count_of((const void *const *)rb_schedules), optims = count_of((const void *const *)rb_optims);
    int trackers = count_of((const void *const *)rb_trackers);
    bool train = purpose == RB_FOR_TRAIN;
    rb_section *to = RB_NEW(a, rb_section, PARTS + schedules + optims + trackers + 1);
    s->config.sections = to;
    s->schedule_cfg = RB_NEW(a, void *, schedules);
    s->optim_cfg = RB_NEW(a, void *, optims);
    s->track_cfg = RB_NEW(a, void *, trackers);
    for (int i = 0; i < PARTS; i++)
        *to++ = (rb_section){title_of(a, &parts[i], purpose), NULL, parts[i].fields, (char *)s + parts[i].offset,
                             (parts[i].used & (unsigned)purpose) != 0};
    *to++ = (rb_section){"loss", NULL, rb_loss_bce.fields, &s->bce, train};
    for (int i = 0; i < schedules; i++)
        *to++ = choice_section(a, "schedule", rb_schedules[i]->name, rb_schedules[i]->fields,
                               rb_schedules[i]->cfg_bytes, train, &s->schedule_cfg[i]);
    for (int i = 0; i < optims; i++)
        *to++ = choice_section(a, "optimiser", rb_optims[i]->name, rb_optims[i]->fields, rb_optims[i]->cfg_bytes, train,
                               &s->optim_cfg[i]);
    for (int i = 0; i < trackers; i++)
        *to++ = rb_tracker_section(a, i, train || purpose == RB_FOR_TRACK, &s->track_cfg[i]);
    s->config.count = (int)(to - s->config.sections);
    rb_config_defaults(&s->config);
    return s;
}

static bool is_preset(const rb_tree *value)
{
    int i = 0;
    while (rb_augment_presets[i] && (value->kind != RB_TREE_SCALAR || strcmp(rb_augment_presets[i], value->text))) i++;
    return rb_augment_presets[i];
}

bool rb_settings_resolve(rb_arena *a, rb_settings *s, rb_error *err)
{
    if (!rb_augmentation_read(a, s->data.augment, s->data.augment_compose, &s->augmentation, err)) return false;
    if (is_preset(s->data.augment)) return true;
    const char *text = rb_augmentation_text(a, &s->augmentation);
    return rb_tree_read_text(a, "augment", (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)}, &s->data.augment,
                             err);
}

rb_chosen_schedule rb_settings_schedule(const rb_settings *s, rb_error *err)
{
    const rb_schedule *found = rb_schedule_find(s->training.scheduler, err);
    int i = 0;
    while (found && rb_schedules[i] != found) i++;
    return (rb_chosen_schedule){found, found ? s->schedule_cfg[i] : NULL};
}

// ---- agreement ------------------------------------------------------------------------------------------------------

static const char *const shaping[] = {
    "channels", "image_size", "interpolation", "num_classes", "dim_base", "classification_head_depth", NULL};

static bool fail_agree(const char *key, const char *asked, const char *trained, rb_error *err)
{
    return rb_fail(err, RB_ERR_WEIGHTS, "%s: %s was asked for, the checkpoint was trained with %s; leave the key out",
                   key, asked, trained);
}

bool rb_settings_agree(rb_arena *scratch, const rb_settings *asked, const rb_settings *trained, rb_error *err)
{
    const char *one = rb_model_name(asked->model.model_type, err), *two = rb_model_name(trained->model.model_type, err);
    if (!one || !two) return false;
    if (strcmp(one, two)) return fail_agree("model_type", one, two, err);
    for (const char *const *key = shaping; *key; key++) {
        const char *x = rb_config_value(scratch, &asked->config, *key);
        const char *y = rb_config_value(scratch, &trained->config, *key);
        if (strcmp(x, y)) return fail_agree(*key, x, y, err);
    }
    return true;
}
