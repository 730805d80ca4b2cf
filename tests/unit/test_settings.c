// SPDX-License-Identifier: Apache-2.0
// test_settings.c - the keys of train, eval and infer: whose they are, the original's files, what must agree.
#include "check.h"
#include "folder.h"

#include "train/settings.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static const rb_purpose purposes[] = {RB_FOR_TRAIN, RB_FOR_EVAL, RB_FOR_INFER, RB_FOR_BENCH};

static void read_text(place *p, rb_settings *s, const char *text)
{
    rb_error err;
    rb_bytes bytes = {(const uint8_t *)text, (ptrdiff_t)strlen(text)};
    check_done(rb_config_read_text(p->arena, &s->config, "text", bytes, &err), err);
}

// Settings for training, with "key=value" set in them; "" sets nothing.
static rb_settings *with(place *p, const char *setting)
{
    rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
    rb_error err;
    char *key = rb_text_copy(p->arena, setting), *value = key;
    strsep(&value, "=");
    if (value) check_done(rb_config_set(p->arena, &s->config, key, value, setting, &err), err);
    return s;
}

static bool is_flag(place *p, const rb_settings *s, const char *key)
{
    rb_error err;
    rb_words operands;
    char *word = rb_text_format(p->arena, "--%s=", key);
    return rb_config_flags(p->arena, &s->config, 1, &word, &operands, &err) || !strstr(err.text, "unknown flag");
}

// ---- tables ------------------------------------------------------------------------------------------------------

static void the_tables_have_no_flaw(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(purposes); i++) {
        const rb_field *flaw = rb_config_flaw(&rb_settings_new(p->arena, purposes[i])->config);
        if (flaw) fail_msg("purpose %d: key %s", purposes[i], flaw->name);
    }
}

static void every_command_has_its_flags(void **state)
{
    place *p = *state;
    static const struct {
        const char *key;
        unsigned used;
    } keys[] = {
        {"checkpoint_path", RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER},
        {"device_index", RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER | RB_FOR_BENCH},
        {"model_type", RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER | RB_FOR_BENCH},
        {"workers", RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER | RB_FOR_BENCH},
        {"root_dir", RB_FOR_TRAIN | RB_FOR_EVAL},
        {"split_seed", RB_FOR_TRAIN | RB_FOR_EVAL},
        {"lr", RB_FOR_TRAIN},
        {"sampler", RB_FOR_TRAIN},
        {"augment", RB_FOR_TRAIN | RB_FOR_BENCH},
        {"on_bad_image", RB_FOR_TRAIN | RB_FOR_EVAL | RB_FOR_INFER},
        {"pos_weight", RB_FOR_TRAIN},
        {"one_cycle_max_lr", RB_FOR_TRAIN},
        {"adamw_beta1", RB_FOR_TRAIN},
        {"val_threshold", RB_FOR_EVAL | RB_FOR_INFER},
        {"labels", RB_FOR_EVAL},
        {"input_dir", RB_FOR_INFER},
        {"get_proba", RB_FOR_INFER},
        {"no_such_key", 0},
    };
    for (int i = 0; i < COUNT(keys); i++)
        for (int k = 0; k < COUNT(purposes); k++) {
            bool want = keys[i].used & purposes[k];
            if (is_flag(p, rb_settings_new(p->arena, purposes[k]), keys[i].key) != want)
                fail_msg("%s is %s flag for purpose %d", keys[i].key, want ? "no" : "a", purposes[k]);
        }
}

// The defaults that DESIGN.md fixes.
static void defaults_are_what_was_promised(void **state)
{
    place *p = *state;
    static const struct {
        const char *key, *value;
    } defaults[] = {
        {"image_size", "224"},
        {"interpolation", "bilinear"},
        {"seed", "0"},
        {"split_seed", "0"},
        {"test_split", "0.1"},
        {"val_split", "0.2"},
        {"num_epochs", "100"},
        {"batch_size", "32"},
        {"device_index", "0"},
        {"scheduler", "cosine"},
        {"precision", "fp32"},
        {"backend", "auto"},
        {"channels", "3"},
        {"early_stop_patience", "10"},
        {"sampler", "balanced"},
        {"on_bad_image", "error"},
        {"val_threshold", "null"},
        {"optimizer", "adamw"},
        {"weight_decay_all", "true"},
        {"clip_grad_norm", "0"},
    };
    const rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
    for (int i = 0; i < COUNT(defaults); i++)
        if (strcmp(rb_config_value(p->arena, &s->config, defaults[i].key), defaults[i].value) != 0)
            fail_msg("%s is %s", defaults[i].key, rb_config_value(p->arena, &s->config, defaults[i].key));
}

// ---- the original's files ------------------------------------------------------------------------------------------

static const char resnet_config[] = "device_index: 0\n"
                                    "root_dir: data/\n"
                                    "checkpoint_dir: checkpoints\n"
                                    "checkpoint_path: null\n"
                                    "num_epochs: 100\n"
                                    "batch_size: 256\n"
                                    "lr: 0.0004\n"
                                    "weight_decay: 0.001\n"
                                    "scheduler: one_cycle\n"
                                    "pos_weight: 0.2\n"
                                    "model_type: resnet\n"
                                    "num_classes: 1\n"
                                    "channels: 3\n"
                                    "pretrained: true\n"
                                    "dim_base: 32\n"
                                    "classification_head_depth: 2\n"
                                    "classification_head_dropout: 0.5\n";

static const char config_infer[] = "device_index: 0\n"
                                   "output_file: resnet_val.txt\n"
                                   "checkpoint_path: model/resnet.safetensors\n"
                                   "batch_size: 512\n"
                                   "val_threshold: 0.959\n"
                                   "model_type: resnet\n"
                                   "input_dir: data/val_img\n";

// Any command reads either: one file may serve them all.
static void the_originals_files_are_read(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(purposes); i++) {
        rb_settings *s = rb_settings_new(p->arena, purposes[i]);
        read_text(p, s, resnet_config);
        assert_int_equal(s->compute.device_index, 0);
        assert_string_equal(s->data.root_dir, "data/");
        assert_string_equal(s->training.checkpoint_dir, "checkpoints");
        assert_null(s->checkpoint_path);
        assert_int_equal(s->training.num_epochs, 100);
        assert_int_equal(s->compute.batch_size, 256);
        assert_true(s->training.lr == 0.0004 && s->training.weight_decay == 0.001);
        assert_string_equal(rb_config_value(p->arena, &s->config, "pos_weight"), "0.2");
        assert_string_equal(s->training.scheduler, "one_cycle");
        assert_string_equal(s->model.model_type, "resnet");
        assert_true(s->model.num_classes == 1 && s->data.channels == 3);
        assert_string_equal(s->training.pretrained, "true");
        assert_true(s->model.dim_base == 32 && s->model.head_depth == 2 && s->model.head_dropout == 0.5);

        s = rb_settings_new(p->arena, purposes[i]);
        read_text(p, s, config_infer);
        assert_string_equal(s->output.output_file, "resnet_val.txt");
        assert_string_equal(s->output.input_dir, "data/val_img");
        assert_string_equal(s->checkpoint_path, "model/resnet.safetensors");
        assert_int_equal(s->compute.batch_size, 512);
        assert_true(s->decision.val_threshold == 0.959);
        assert_false(s->output.get_proba);
    }
}

// ---- a checkpoint's keys -------------------------------------------------------------------------------------------

// What a checkpoint keeps gives the same settings back, in any command, and names no place.
static void what_is_kept_names_no_place(void **state)
{
    place *p = *state;
    static const char *const places[] = {"root_dir", "checkpoint_dir", "checkpoint_path", "manifest", "device_index",
                                         "workers",  "cache_mb",       "on_bad_image",    "threads",  "pretrained"};
    rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
    read_text(p, s, resnet_config);
    const char *kept = rb_config_dump(p->arena, &s->config, true);
    for (int i = 0; i < COUNT(places); i++)
        if (strstr(kept, rb_text_format(p->arena, "\n%s:", places[i]))) fail_msg("%s is kept", places[i]);
    for (int i = 0; i < COUNT(purposes); i++) {
        rb_settings *again = rb_settings_new(p->arena, purposes[i]);
        read_text(p, again, kept);
        assert_true(again->training.lr == s->training.lr);
        assert_string_equal(again->model.model_type, "resnet");
    }
}

// The title of a section of infer or eval says what of it the checkpoint brings along, and what not.
static void help_says_what_a_checkpoint_brings(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(purposes); i++) {
        if (purposes[i] != RB_FOR_EVAL && purposes[i] != RB_FOR_INFER) continue;
        const rb_settings *s = rb_settings_new(p->arena, purposes[i]), *train = rb_settings_new(p->arena, RB_FOR_TRAIN);
        for (int k = 0; k < s->config.count; k++) {
            const rb_section *section = &s->config.sections[k];
            bool brings = strstr(section->title, "the checkpoint's own unless named") != NULL;
            for (const rb_field *f = section->fields; f->name && section->used; f++) {
                bool brought = train->config.sections[k].used && !f->local;
                bool excepted = strstr(section->title, f->name) != NULL;
                if (brought && !brings) fail_msg("help hides that %s comes from the checkpoint", f->name);
                if (!brought && brings && !excepted) fail_msg("help says that %s comes from the checkpoint", f->name);
            }
        }
    }
}

static void what_does_not_shape_may_differ(void **state)
{
    place *p = *state;
    static const char *const settings[] = {"",
                                           "model_type=resnet",
                                           "model_type=resnet18",
                                           "lr=1",
                                           "batch_size=7",
                                           "classification_head_dropout=0",
                                           "pretrained=false",
                                           "freeze=true",
                                           "seed=5",
                                           "threads=3",
                                           "backend=ref",
                                           "split_seed=1",
                                           "image_size=224"};
    const rb_settings *trained = with(p, "");
    for (int i = 0; i < COUNT(settings); i++) {
        rb_error err;
        check_done(rb_settings_agree(p->arena, with(p, settings[i]), trained, &err), err);
        check_done(rb_settings_agree(p->arena, trained, with(p, settings[i]), &err), err);
    }
}

static void what_shapes_must_agree(void **state)
{
    place *p = *state;
    static const struct {
        const char *setting, *says;
    } cases[] = {
        {"model_type=resnet34", "model_type: resnet34 was asked for, the checkpoint was trained with resnet18"},
        {"model_type=cnn_encoder", "model_type: cnn_encoder was asked for"},
        {"channels=1", "channels: 1 was asked for, the checkpoint was trained with 3; leave the key out"},
        {"image_size=64", "image_size: 64 was asked for, the checkpoint was trained with 224"},
        {"interpolation=area", "interpolation: area was asked for, the checkpoint was trained with bilinear"},
        {"dim_base=16", "dim_base: 16 was asked for, the checkpoint was trained with 32"},
        {"classification_head_depth=1", "classification_head_depth: 1 was asked for"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        rb_error err = {0};
        check_failed(rb_settings_agree(p->arena, with(p, cases[i].setting), with(p, ""), &err), err, RB_ERR_WEIGHTS,
                     cases[i].says);
    }
}

// ---- the schedule that is chosen ----------------------------------------------------------------------------------

static void a_schedule_comes_with_its_parameters(void **state)
{
    place *p = *state;
    rb_error err = {0};
    static const struct {
        const char *text, *name;
        rb_progress at;
        double lr;
    } cases[] = {
        {"lr: 0.5\nscheduler: constant\none_cycle_max_lr: 2", "constant", {50, 100, 10, 0.5, NULL}, 0.5},
        {"lr: 0.5\ncosine_eta_min: 0.25", "cosine", {100, 100, 10, 0.5, NULL}, 0.25},
        {"scheduler: cosine\ncosine_eta_min: 0.125", "cosine", {100, 100, 10, 0.5, NULL}, 0.125},
        {"scheduler: one_cycle\none_cycle_max_lr: 2\none_cycle_div_factor: 8",
         "one_cycle",
         {0, 100, 10, 0.5, NULL},
         0.25},
        {"scheduler: step\nstep_size: 2\nstep_gamma: 0.25", "step", {20, 100, 10, 0.5, NULL}, 0.125},
        {"scheduler: reduce_on_plateau\nplateau_factor: 0.5", "reduce_on_plateau", {20, 100, 10, 0.5, NULL}, 0.5},
        {"scheduler: one_cycle\none_cycle_div_factor: 4", "one_cycle", {0, 100, 10, 0.5, NULL}, 0.125},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
        read_text(p, s, cases[i].text);
        rb_chosen_schedule chosen = rb_settings_schedule(s, &err);
        assert_non_null(chosen.schedule);
        assert_string_equal(chosen.schedule->name, cases[i].name);
        check_near(cases[i].text, chosen.schedule->rate(chosen.cfg, cases[i].at).lr, cases[i].lr, 1e-12, 0);
    }
}

static void an_unknown_schedule_is_refused(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_chosen_schedule chosen = rb_settings_schedule(with(p, "scheduler=one_cycel"), &err);
    assert_null(chosen.cfg);
    check_failed(chosen.schedule != NULL, err, RB_ERR_USAGE, "did you mean 'one_cycle'?");
}

static void an_optimiser_comes_with_its_parameters(void **state)
{
    place *p = *state;
    rb_error err = {0};
    static const char *const names[] = {"adamw", "adam", "sgd"};
    for (int i = 0; i < COUNT(names); i++) {
        rb_settings *s = with(p, rb_text_format(p->arena, "optimizer=%s", names[i]));
        rb_chosen_optim chosen = rb_settings_optim(s, &err);
        assert_string_equal(chosen.optim->name, names[i]);
        assert_non_null(chosen.cfg);
    }
    check_failed(rb_settings_optim(with(p, "optimizer=sdg"), &err).optim != NULL, err, RB_ERR_USAGE,
                 "optimizer: there is no 'sdg'; did you mean 'sgd'?");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tables_have_no_flaw),
        TEST(every_command_has_its_flags),
        TEST(defaults_are_what_was_promised),
        TEST(the_originals_files_are_read),
        TEST(what_is_kept_names_no_place),
        TEST(what_does_not_shape_may_differ),
        TEST(help_says_what_a_checkpoint_brings),
        TEST(what_shapes_must_agree),
        TEST(a_schedule_comes_with_its_parameters),
        TEST(an_unknown_schedule_is_refused),
        TEST(an_optimiser_comes_with_its_parameters),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
