// SPDX-License-Identifier: Apache-2.0
#include "train/settings.h"

#include "base/log.h"
#include "train/keys.h"
#include "train/network.h"

#include <string.h>

// ---- which command uses what --------------------------------------------------------------------------------------

#define ALL        (RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER)
#define AT(member) offsetof(rb_settings, member)

#define SHAPING "the checkpoint's own unless named; what shapes the network must agree with it"
#define BROUGHT "the checkpoint's own unless named"

static const struct part {
    const char *title;
    const rb_field *fields;
    size_t offset; // of the struct that the fields belong to
    unsigned used;
    const char *brought; // for help: what a checkpoint brings along of these keys; NULL: nothing
} parts[] = {
    {"checkpoint", rb_start_fields, AT(checkpoint_path), ALL | RB_FOR_EDA, NULL},
    {"data", rb_data_fields, AT(data), RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_AUGMENT | RB_FOR_EDA,
     BROUGHT ", but for root_dir and manifest"},
    {"pictures", rb_picture_fields, AT(data), ALL | RB_FOR_BENCH | RB_FOR_AUGMENT | RB_FOR_EDA, SHAPING},
    {"sampling", rb_sampling_fields, AT(data), RB_FOR_TRAIN, NULL},
    {"augmentation", rb_augment_fields, AT(data), RB_FOR_TRAIN | RB_FOR_BENCH | RB_FOR_AUGMENT, NULL},
    {"bad pictures", rb_bad_image_fields, AT(data), ALL, NULL},
    {"loading", rb_loading_fields, AT(data), ALL | RB_FOR_BENCH, NULL},
    {"model", rb_model_fields, AT(model), ALL | RB_FOR_BENCH | RB_FOR_EDA, SHAPING},
    {"training", rb_training_fields, AT(training), RB_FOR_TRAIN, NULL},
    {"memory", rb_memory_fields, AT(training), RB_FOR_TRAIN | RB_FOR_BENCH, NULL},
    {"mixing", rb_mix_fields, AT(mix), RB_FOR_TRAIN, NULL},
    {"random numbers", rb_seed_fields, AT(training), RB_FOR_TRAIN | RB_FOR_AUGMENT | RB_FOR_EDA, NULL},
    {"loss", rb_loss_fields, AT(training), RB_FOR_TRAIN, NULL},
    {"calibration", rb_calibration_fields, AT(training), RB_FOR_TRAIN, NULL},
    {"compute", rb_compute_fields, AT(compute), ALL | RB_FOR_BENCH | RB_FOR_EDA,
     BROUGHT ", but for device_index and threads"},
    {"decision", rb_decision_fields, AT(decision), RB_FOR_EVAL | RB_FOR_INFER, NULL},
    {"input", rb_input_fields, AT(output), RB_FOR_INFER | RB_FOR_AUGMENT, NULL},
    {"output", rb_output_fields, AT(output), RB_FOR_INFER, NULL},
    {"threshold", rb_threshold_fields, AT(threshold), RB_FOR_TRAIN | RB_FOR_EVAL, BROUGHT},
    {"evaluation", rb_eval_fields, AT(eval), RB_FOR_EVAL, NULL},
    {"results", rb_json_fields, AT(json), RB_FOR_EVAL | RB_FOR_BENCH | RB_FOR_EDA, NULL},
    {"messages", rb_message_fields, AT(messages), ALL | RB_FOR_BENCH | RB_FOR_AUGMENT | RB_FOR_TRACK | RB_FOR_EDA,
     NULL},
    {"tracking", rb_track_fields, AT(track), RB_FOR_TRAIN | RB_FOR_TRACK, NULL},
};
#define PARTS ((int)(sizeof parts / sizeof *parts))

static const char *title_of(rb_arena *a, const struct part *p, rb_purpose purpose)
{
    bool deployed = purpose == RB_FOR_EVAL || purpose == RB_FOR_INFER;
    return p->brought && deployed ? rb_text_format(a, "%s (%s)", p->title, p->brought) : p->title;
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

// A member's keys may bear another prefix than its name, or with "" none.
static rb_section prefixed(rb_section s, const char *prefix)
{
    if (prefix) s.prefix = *prefix ? prefix : NULL;
    return s;
}

static rb_section *loss_sections(rb_arena *a, rb_settings *s, bool used, rb_section *to)
{
    s->bce.pos_weight = 1;
    s->loss_cfg = RB_NEW(a, void *, count_of((const void *const *)rb_losses));
    for (int i = 0; rb_losses[i]; i++) {
        const rb_loss *l = rb_losses[i];
        *to++ = prefixed(choice_section(a, "loss", l->name, l->fields, l->cfg_bytes, used, &s->loss_cfg[i]), l->prefix);
    }
    return to;
}

rb_settings *rb_settings_new(rb_arena *a, rb_purpose purpose)
{
    rb_settings *s = RB_NEW(a, rb_settings, 1);
    int schedules = count_of((const void *const *)rb_schedules), optims = count_of((const void *const *)rb_optims);
    int trackers = count_of((const void *const *)rb_trackers);
    bool train = purpose == RB_FOR_TRAIN;
    int losses = count_of((const void *const *)rb_losses);
    rb_section *to = RB_NEW(a, rb_section, PARTS + losses + schedules + optims + trackers);
    s->config.sections = to;
    s->schedule_cfg = RB_NEW(a, void *, schedules);
    s->optim_cfg = RB_NEW(a, void *, optims);
    s->track_cfg = RB_NEW(a, void *, trackers);
    for (int i = 0; i < PARTS; i++)
        *to++ = (rb_section){title_of(a, &parts[i], purpose), NULL, parts[i].fields, (char *)s + parts[i].offset,
                             (parts[i].used & (unsigned)purpose) != 0};
    to = loss_sections(a, s, train, to);
    for (int i = 0; i < schedules; i++)
        *to++ = prefixed(choice_section(a, "schedule", rb_schedules[i]->name, rb_schedules[i]->fields,
                                        rb_schedules[i]->cfg_bytes, train, &s->schedule_cfg[i]),
                         rb_schedules[i]->prefix);
    for (int i = 0; i < optims; i++)
        *to++ = choice_section(a, "optimiser", rb_optims[i]->name, rb_optims[i]->fields, rb_optims[i]->cfg_bytes, train,
                               &s->optim_cfg[i]);
    for (int i = 0; i < trackers; i++)
        *to++ = rb_tracker_section(a, i, train || purpose == RB_FOR_TRACK, &s->track_cfg[i]);
    s->config.count = (int)(to - s->config.sections);
    rb_config_defaults(&s->config);
    return s;
}

void rb_settings_speak(const rb_settings *s)
{
    rb_log_use((rb_log_format)s->messages.log_format, s->messages.quiet);
}

static bool is_preset(const rb_tree *value)
{
    return value->kind == RB_TREE_SCALAR && rb_is_one_of(value->text, rb_augment_presets);
}

bool rb_settings_resolve(rb_arena *a, rb_settings *s, rb_error *err)
{
    if (s->resolved) return true;
    s->resolved = true;
    if (!rb_compute_resolve(&s->compute, err) ||
        !rb_augmentation_read(a, s->data.augment, s->data.augment_compose, &s->augmentation, err))
        return false;
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

rb_chosen_optim rb_settings_optim(const rb_settings *s, rb_error *err)
{
    const rb_optim *found = rb_optim_find(s->training.optimizer, err);
    int i = 0;
    while (found && rb_optims[i] != found) i++;
    return (rb_chosen_optim){found, found ? s->optim_cfg[i] : NULL};
}

static bool try_loss(const rb_loss *l, const void *settings, int classes, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    int *counts = RB_NEW(scratch, int, classes);
    const void *unused;
    for (int c = 0; c < classes; c++) counts[c] = 1;
    bool done = l->prepare(scratch, settings, (rb_class_counts){counts, classes}, &unused, err);
    rb_arena_close(scratch);
    return done;
}

rb_chosen_loss rb_settings_loss(const rb_settings *s, rb_error *err)
{
    const char *name = s->training.loss;
    if (!strcmp(name, "auto")) name = s->model.num_classes == 1 ? "bce" : "cross_entropy";
    const rb_loss *found = rb_loss_find(name, err);
    int i = 0;
    while (found && rb_losses[i] != found) i++;
    if (!found || !try_loss(found, s->loss_cfg[i], s->model.num_classes == 1 ? 2 : s->model.num_classes, err))
        return (rb_chosen_loss){NULL, NULL};
    return (rb_chosen_loss){found, s->loss_cfg[i]};
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
