// SPDX-License-Identifier: Apache-2.0
// test_train.c - a run whose pictures go bad on the way, and what its records say.
#include "check.h"
#include "folder.h"

#include "base/parallel.h"
#include "data/synth.h"
#include "train/job.h"

#include <stdlib.h>
#include <unistd.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- a small run ---------------------------------------------------------------------------------------------------

static int open_data(void **state)
{
    if (place_open(state)) return -1;
    place *p = *state;
    rb_error err;
    if (chdir(p->folder)) return -1;
    rb_synth_settings synth = {.output_dir = "data", .count = 48, .image_size = 32, .minority = 0.25, .classes = 2};
    check_done(rb_synth_write(&synth, &err), err);
    return 0;
}

// Two epochs; nothing is cached, so that a picture is read each time.
static rb_settings *small(place *p)
{
    static const char *const keys[][2] = {
        {"root_dir", "data"},  {"checkpoint_dir", "runs"}, {"model_type", "cnn_encoder"},
        {"dim_base", "4"},     {"image_size", "32"},       {"batch_size", "16"},
        {"precision", "fp32"}, {"device_index", "-1"},     {"threads", "1"},
        {"num_epochs", "2"},   {"cache_mb", "0"},          {"on_bad_image", "skip"},
    };
    rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
    rb_error err;
    for (int i = 0; i < COUNT(keys); i++)
        check_done(rb_config_set(p->arena, &s->config, keys[i][0], keys[i][1], keys[i][0], &err), err);
    return s;
}

static rb_job *open_job(place *p)
{
    rb_error err;
    rb_job *job = RB_NEW(p->arena, rb_job, 1);
    check_done(rb_job_open(p->arena, small(p), NULL, job, &err), err);
    return job;
}

static void spoil(place *p, const rb_job *job, rb_part part)
{
    for (int i = 0; i < job->part[part].count; i++)
        place_text(p, job->data.samples[job->part[part].at[i]].path, "no picture");
}

static const char *file_of(place *p, const rb_run *run, const char *name)
{
    rb_error err;
    rb_bytes text;
    check_done(rb_file_read(p->arena, rb_run_path(p->arena, run, name), 1 << 20, &text, &err), err);
    return (const char *)text.data;
}

static const char *log_of(place *p, const rb_run *run)
{
    return file_of(p, run, "log.jsonl");
}

static int count_in(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)); text++) count++;
    return count;
}

// ---- bad pictures --------------------------------------------------------------------------------------------------

static void what_goes_bad_is_said_once(void **state)
{
    place *p = *state;
    rb_job *job = open_job(p);
    rb_trained trained = {0};
    rb_error err;
    const rb_sample *one = &job->data.samples[job->part[RB_VAL_PART].at[0]];
    place_text(p, one->path, "no picture");
    check_done(rb_job_fit(job, &err), err);
    check_done(rb_job_judge(job, &trained, &err), err);
    const char *text =
        rb_text_format(p->arena, "\"event\":\"bad_image\",\"path\":\"%s\",\"reason\":\"neither", one->name);
    assert_int_equal(count_in(log_of(p, &job->run), text), 1);
    assert_int_equal(count_in(log_of(p, &job->run), "bad_image"), 1);
    assert_int_equal(trained.of[RB_VAL_PART].n, job->part[RB_VAL_PART].count - 1);
}

// A batch of nothing is no step, and a loss over nothing no number.
static void batches_of_bad_pictures_are_no_steps(void **state)
{
    place *p = *state;
    rb_job *job = open_job(p);
    rb_error err = {0};
    spoil(p, job, RB_TRAIN_PART);
    check_failed(rb_job_fit(job, &err), err, RB_ERR_DATA, "epoch 1/2: none of its 34 pictures could be read");
    const char *log = log_of(p, &job->run);
    assert_int_equal(count_in(log, "\"type\":\"step\""), 0);
    assert_int_equal(count_in(log, "\"type\":\"epoch\""), 0);
    assert_true(count_in(log, "bad_image") > 16);
}

static void a_threshold_needs_both_classes(void **state)
{
    place *p = *state;
    rb_job *job = open_job(p);
    rb_error err = {0};
    spoil(p, job, RB_VAL_PART);
    check_failed(rb_job_fit(job, &err), err, RB_ERR_DATA, "val pictures that can still be read none is of class");
}

// eval makes the same split of the same files, whether they can be read or not.
static void the_fingerprint_is_of_the_split(void **state)
{
    place *p = *state;
    rb_error err;
    rb_dataset data;
    place_text(p, "data/train_img/000001.jpg", "no picture");
    rb_job *job = open_job(p);
    assert_true(job->unreadable[0] && job->data.samples[0].part == RB_NO_PART);
    check_done(rb_dataset_open(p->arena, &job->settings->data, &data, &err), err);
    check_done(rb_dataset_split(p->arena, &job->settings->data, &data, &err), err);
    assert_int_equal(job->fingerprint, rb_dataset_fingerprint(&data));
}

// ---- records -------------------------------------------------------------------------------------------------------

// What is recorded computes the same elsewhere: not "as many threads as cores", not a precision that was not used.
static void what_computed_is_what_is_recorded(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_job *job = RB_NEW(p->arena, rb_job, 1);
    rb_settings *s = small(p);
    s->compute.backend = "ref"; // which does not compute bf16
    s->compute.precision = RB_BF16;
    s->compute.threads = 0;
    s->training.num_epochs = 1;
    check_done(rb_job_open(p->arena, s, NULL, job, &err) && rb_job_fit(job, &err), err);
    const char *config = file_of(p, &job->run, "config.yaml"), *cores;
    cores = rb_text_format(p->arena, "threads: %d\n", rb_parallel_cores());
    assert_non_null(strstr(config, "precision: fp32\n"));
    assert_non_null(strstr(config, cores));
    rb_checkpoint c;
    check_done(rb_checkpoint_open(p->arena, rb_run_path(p->arena, &job->run, "last.safetensors"), &c, &err), err);
    assert_non_null(strstr(c.config, "precision: fp32\n"));
    assert_non_null(strstr(c.state, rb_text_format(p->arena, "\"threads\":%d,", rb_parallel_cores())));
}

// An eval is of the best weights, after their step and epoch; the end is after the last.
static void records_say_of_which_weights_they_are(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_trained trained;
    rb_settings *s = small(p);
    s->training.num_epochs = 3;
    s->training.lr = 0; // no epoch is better than the first
    check_done(rb_train(p->arena, s, NULL, &trained, &err), err);
    assert_int_equal(trained.best_epoch, 0);
    rb_run run = {.folder = trained.folder};
    const char *log = log_of(p, &run);
    assert_int_equal(count_in(log, "\"type\":\"eval\",\"step\":3,\"epoch\":0,"), 3);
    const char *end = strstr(log, "\"type\":\"end\",\"step\":9,\"epoch\":2,");
    assert_non_null(end);
    assert_non_null(strstr(end, "\"best_step\":3,\"best_epoch\":0,"));
}

// A number of the first record with all of `beginning` in it.
static double logged(const char *log, const char *beginning, const char *key)
{
    const char *record = strstr(log, beginning), *field = record ? strstr(record, key) : NULL;
    if (!field) fail_msg("no %s in a record that begins with %s", key, beginning);
    return strtod(field + strlen(key), NULL);
}

// Epochs are judged by the averages that the best checkpoint holds, not by the weights that go on.
static void averages_are_judged_and_kept(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_trained trained;
    rb_settings *s = small(p);
    s->training.num_epochs = 4;
    s->training.lr = 0.01;
    s->training.ema_decay = 0.8;
    check_done(rb_train(p->arena, s, NULL, &trained, &err), err);
    rb_run run = {.folder = trained.folder};
    const char *log = log_of(p, &run), *part = "\"part\":\"val\"";
    const char *best = rb_text_format(p->arena, "\"type\":\"epoch\",\"step\":%d,", 3 * (trained.best_epoch + 1));
    assert_true(logged(log, best, "\"val/loss\":") == logged(log, part, "\"val/loss\":"));
    rb_checkpoint last;
    check_done(rb_checkpoint_open(p->arena, rb_run_path(p->arena, &run, "last.safetensors"), &last, &err), err);
    const rb_tensor *weight = rb_tensors_find(&last.tensors, "fc.0.weight");
    const rb_tensor *average = rb_tensors_find(&last.tensors, "ema.fc.0.weight");
    assert_true(weight && average && rb_tensor_difference(p->arena, weight, average) > 1e-3);
}

// The loss of an epoch's first batch, mixed by hand, at the weights of the beginning.
static double loss_of_first_batch(place *p, const rb_job *job)
{
    rb_error err = {0};
    const rb_settings *s = job->settings;
    const rb_batch *b;
    rb_plan *plan;
    int draws = job->part[RB_TRAIN_PART].count, *order = RB_NEW(p->arena, int, draws), side = s->data.image_size;
    rb_sampler_order(p->arena, &job->data, job->part[RB_TRAIN_PART], (rb_drawing){(rb_sampler)s->data.sampler, 1}, 0, 0,
                     order, draws);
    rb_loader_begin(job->loader, &(rb_pass){.order = order, .count = draws, .augmentation = job->augmentation});
    check_done(rb_loader_next(job->loader, &b, &err), err);
    rb_mixed_batch batch = {b->n, side, side, 3, b->pixels, b->bad};
    rb_mix m = rb_mix_draw(&s->mix, 0, 0, 0, side, side);
    uint8_t *pixels = RB_NEW(p->arena, uint8_t, (ptrdiff_t)b->n * side * side * 3);
    float *targets = RB_NEW(p->arena, float, b->n);
    for (int i = 0; i < b->n; i++)
        targets[i] = (float)(0.9 * job->data.samples[b->sample[i]].label + 0.05); // smoothed by .1
    rb_mix_pixels(&m, &batch, pixels);
    rb_mix_targets(&m, &batch, 1, targets);
    rb_plan_spec spec = rb_network_plan_spec(&job->network, RB_TRAIN, b->n);
    spec.loss = job->loss.loss;
    spec.loss_cfg = job->loss_cfg;
    rb_feed feed = {.n = b->n, .pixels = pixels, .targets = targets, .scale = 1.0 / b->n};
    double loss = NAN;
    check_done(job->network.backend->plan(p->arena, job->network.store, &spec, &plan, &err) &&
                   plan->backend->forward(plan, &feed, &err) && plan->backend->read(plan, &loss, NULL, &err),
               err);
    return loss;
}

static void mixed_batches_are_learned(void **state)
{
    place *p = *state;
    rb_settings *s = small(p);
    s->training.num_epochs = 1;
    s->training.label_smoothing = 0.1;
    for (int cut = 0; cut < 2; cut++) {
        rb_error err = {0};
        rb_job *job = RB_NEW(p->arena, rb_job, 1);
        s->mix.mixup_alpha = cut ? 0 : 1;
        s->mix.cutmix_alpha = cut ? 1 : 0;
        check_done(rb_job_open(p->arena, s, NULL, job, &err), err);
        double want = loss_of_first_batch(p, job);
        check_done(rb_job_fit(job, &err), err);
        check_near("loss", logged(log_of(p, &job->run), "\"type\":\"step\"", "\"train/loss\":"), want, 1e-6, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_data, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_goes_bad_is_said_once),        TEST(batches_of_bad_pictures_are_no_steps),
        TEST(a_threshold_needs_both_classes),    TEST(the_fingerprint_is_of_the_split),
        TEST(what_computed_is_what_is_recorded), TEST(records_say_of_which_weights_they_are),
        TEST(averages_are_judged_and_kept),      TEST(mixed_batches_are_learned),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
