// SPDX-License-Identifier: Apache-2.0
// test_commands.c - infer and eval on checkpoints that say what they should not, on data that is another, on nothing.
//
// The commands run inside the test, in a folder with a small data set and a checkpoint of fresh weights.
#include "check.h"
#include "folder.h"

#include "base/parallel.h"
#include "cli/command.h"
#include "data/synth.h"
#include "train/network.h"

#include <fcntl.h>
#include <unistd.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- a checkpoint --------------------------------------------------------------------------------------------------

static rb_settings *small(place *p)
{
    static const char *const keys[][2] = {
        {"root_dir", "data"}, {"model_type", "cnn_encoder"}, {"dim_base", "4"},      {"image_size", "32"},
        {"batch_size", "16"}, {"precision", "fp32"},         {"device_index", "-1"}, {"threads", "1"},
    };
    rb_settings *s = rb_settings_new(p->arena, RB_FOR_TRAIN);
    rb_error err;
    for (int i = 0; i < COUNT(keys); i++)
        check_done(rb_config_set(p->arena, &s->config, keys[i][0], keys[i][1], keys[i][0], &err), err);
    return s;
}

// What training would have written about the data, but for the training.
static rb_checkpoint untrained(place *p, rb_settings *s)
{
    rb_error err;
    rb_dataset data;
    rb_network n;
    check_done(rb_dataset_open(p->arena, &s->data, &data, &err), err);
    check_done(rb_dataset_split(p->arena, &s->data, &data, &err), err);
    check_done(rb_network_open(p->arena, s, NULL, NULL, &n, &err), err);
    rb_network_init(&n, 0);
    rb_checkpoint c = {.model = n.model,
                       .config = rb_config_dump(p->arena, &s->config, true),
                       .preprocessing = n.preprocessing,
                       .classes = data.classes,
                       .class_count = data.class_count,
                       .threshold = 0.5,
                       .data_fingerprint = rb_dataset_fingerprint(&data)};
    rb_network_tensors(p->arena, &n, 0, false, &c.tensors);
    return c;
}

static void write_checkpoint(place *p, rb_checkpoint c)
{
    rb_error err;
    check_done(rb_checkpoint_write(p->arena, "c.safetensors", &c, &err), err);
}

static int open_task(void **state)
{
    if (place_open(state)) return -1;
    place *p = *state;
    rb_error err;
    if (chdir(p->folder)) return -1;
    rb_synth_settings synth = {
        .output_dir = "data", .count = 64, .unlabelled = 4, .image_size = 32, .minority = 0.25, .classes = 2};
    check_done(rb_synth_write(&synth, &err), err);
    write_checkpoint(p, untrained(p, small(p)));
    return 0;
}

// ---- calls ---------------------------------------------------------------------------------------------------------

typedef struct outcome {
    bool done;
    rb_error err;
    const char *said, *printed; // on stderr, on stdout
} outcome;

static int redirect(FILE *stream, const char *path)
{
    fflush(stream);
    int kept = dup(fileno(stream)), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && fd >= 0 && dup2(fd, fileno(stream)) >= 0);
    close(fd);
    return kept;
}

static const char *restore(place *p, FILE *stream, int kept, const char *path)
{
    rb_error err;
    rb_bytes text;
    fflush(stream);
    assert_true(dup2(kept, fileno(stream)) >= 0);
    close(kept);
    check_done(rb_file_read(p->arena, path, 1 << 20, &text, &err), err);
    return (const char *)text.data;
}

// Runs "infer --input_dir data" and the like.
static outcome call(place *p, const char *words)
{
    char *argv[32], *at = rb_text_copy(p->arena, words), *word;
    int argc = 0;
    while ((word = strsep(&at, " "))) argv[argc++] = word;
    outcome o = {0};
    const rb_command *c = rb_command_find(argv[0], &o.err);
    assert_non_null(c);
    int out = redirect(stdout, "stdout.txt"), err = redirect(stderr, "stderr.txt");
    rb_arena *a = rb_arena_open();
    o.done = c->run(a, argc - 1, argv + 1, &o.err);
    rb_arena_close(a);
    o.said = restore(p, stderr, err, "stderr.txt");
    o.printed = restore(p, stdout, out, "stdout.txt");
    return o;
}

static void check_says(outcome o, const char *part)
{
    check_done(o.done, o.err);
    if (!strstr(o.said, part)) fail_msg("\"%s\" is not in \"%s\"", part, o.said);
}

static void check_silent_about(outcome o, const char *part)
{
    check_done(o.done, o.err);
    if (strstr(o.said, part)) fail_msg("\"%s\" is in \"%s\"", part, o.said);
}

#define INFER "infer --checkpoint_path c.safetensors --device_index -1 --threads 1 --input_dir data/val_img"
#define EVAL  "eval --checkpoint_path c.safetensors --device_index -1 --threads 1 --root_dir "

// ---- what a checkpoint says ---------------------------------------------------------------------------------------

static void a_checkpoint_names_no_file_to_write(void **state)
{
    place *p = *state;
    static const char *const keys[][2] = {{"output_file", "victim.txt"}, {"json", "victim.txt"}, {"input_dir", "data"}};
    place_text(p, "victim.txt", "mine");
    for (int i = 0; i < COUNT(keys); i++) {
        rb_checkpoint c = untrained(p, small(p));
        c.config = rb_text_format(p->arena, "%s%s: %s\n", c.config, keys[i][0], keys[i][1]);
        write_checkpoint(p, c);
        outcome o = call(p, INFER);
        check_failed(o.done, o.err, RB_ERR_WEIGHTS, "c.safetensors: its config sets ");
        if (!strstr(o.err.text, keys[i][0])) fail_msg("%s is not named: %s", keys[i][0], o.err.text);
    }
    assert_int_equal(access("victim.txt", F_OK), 0);
    rb_checkpoint c = untrained(p, small(p));
    c.config = rb_text_format(p->arena, "%soutput_file: null\nworkers: 2\n", c.config); // as if they were not there
    write_checkpoint(p, c);
    check_says(call(p, INFER), "4 pictures");
}

static void what_is_wrong_in_a_checkpoint_is_its_fault(void **state)
{
    place *p = *state;
    rb_checkpoint c = untrained(p, small(p));
    c.config = "model_type: resnet_of_2031\n";
    write_checkpoint(p, c);
    outcome o = call(p, INFER);
    check_failed(o.done, o.err, RB_ERR_WEIGHTS, "c.safetensors: model_type: there is no model 'resnet_of_2031'");
    c = untrained(p, small(p));
    c.preprocessing.interpolation = "psychic";
    write_checkpoint(p, c);
    o = call(p, INFER);
    check_failed(o.done, o.err, RB_ERR_WEIGHTS,
                 "c.safetensors: its preprocessing: interpolation: 'psychic' is none of");
    c = untrained(p, small(p));
    c.preprocessing.image_size = 100000;
    write_checkpoint(p, c);
    o = call(p, INFER);
    check_failed(o.done, o.err, RB_ERR_WEIGHTS, "its preprocessing: image_size: 100000 is outside");
}

// The preprocessing decides, whatever the keys say.
static void pictures_become_what_the_preprocessing_says(void **state)
{
    place *p = *state;
    check_says(call(p, INFER " --output_file one.txt --get_proba"), "4 pictures");
    rb_checkpoint c = untrained(p, small(p));
    c.config = "model_type: cnn_encoder\ndim_base: 4\nimage_size: 64\ninterpolation: area\n";
    write_checkpoint(p, c);
    check_says(call(p, INFER " --output_file two.txt --get_proba"), "4 pictures");
    rb_error err;
    rb_bytes one, two;
    check_done(rb_file_read(p->arena, "one.proba", 1 << 20, &one, &err), err);
    check_done(rb_file_read(p->arena, "two.proba", 1 << 20, &two, &err), err);
    assert_string_equal((const char *)one.data, (const char *)two.data);
}

static void an_answer_that_is_no_number_is_no_label(void **state)
{
    place *p = *state;
    rb_checkpoint c = untrained(p, small(p));
    for (int i = 0; i < c.tensors.count; i++) {
        rb_tensor *t = &c.tensors.tensor[i];
        if (t->dtype != RB_F32 || !strstr(t->name, "weight")) continue;
        float *w = RB_NEW(p->arena, float, t->count);
        for (int64_t k = 0; k < t->count; k++) w[k] = 3e38F;
        t->data = w;
    }
    write_checkpoint(p, c);
    outcome o = call(p, INFER " --output_file labels.txt");
    check_failed(o.done, o.err, RB_ERR_NUMERIC,
                 "the network's answer to data/val_img/000001.jpg is not a finite number");
    assert_int_equal(access("labels.txt", F_OK), -1);
    o = call(p, EVAL "data");
    check_failed(o.done, o.err, RB_ERR_NUMERIC, "is not a finite number");
}

// One of an older version, or of hands.
static void a_checkpoint_may_say_nothing_of_scores(void **state)
{
    place *p = *state;
    rb_checkpoint c = untrained(p, small(p));
    write_checkpoint(p, c);
    rb_error err;
    rb_synth_settings fifty = {.output_dir = "fifty", .count = 50, .image_size = 32, .minority = 0.25, .classes = 2};
    check_done(rb_synth_write(&fifty, &err), err);
    const char *on_fifty =
        "infer --checkpoint_path c.safetensors --device_index -1 --threads 1 --input_dir fifty/train_img";
    check_says(call(p, on_fifty), "scores: c.safetensors does not say what validation's were; they are compared with");
    check_silent_about(call(p, INFER), "scores:");
    outcome o = call(p, INFER " --adapt_prior");
    check_failed(o.done, o.err, RB_ERR_USAGE, "adapt_prior: c.safetensors does not say what validation's scores were");
    c.scores = "{\"n\":50,\"prior\":2,\"quantiles\":[0.5]}";
    write_checkpoint(p, c);
    o = call(p, INFER);
    check_failed(o.done, o.err, RB_ERR_WEIGHTS, "c.safetensors: scores: \"prior\" is missing, or makes no sense");
}

// ---- at another share -----------------------------------------------------------------------------------------------

// Has the network say label 1 of everything, as surely as the logit 12, and differences of a few last bits.
static void be_sure(place *p, rb_checkpoint *c)
{
    rb_tensor *last = NULL;
    for (int i = 0; i < c->tensors.count; i++)
        if (strstr(c->tensors.tensor[i].name, "bias")) last = &c->tensors.tensor[i];
    assert_true(last && last->count == 1 && last->dtype == RB_F32);
    float *bias = RB_NEW(p->arena, float, 1);
    *bias = 12;
    last->data = bias;
}

static int by_size(const void *x, const void *y)
{
    const float *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

// Distinct values of a file of probabilities, ascending.
static int distinct(place *p, const char *path, float *out)
{
    rb_error err;
    rb_bytes text;
    int n = 0, kept = 0;
    check_done(rb_file_read(p->arena, path, 1 << 20, &text, &err), err);
    for (char *at = (char *)text.data, *end; *at && n < 64; at = end + 1) out[n++] = strtof(at, &end);
    qsort(out, (size_t)n, sizeof *out, by_size);
    for (int i = 0; i < n; i++)
        if (!i || out[i] != out[kept - 1]) out[kept++] = out[i];
    return kept;
}

#define ON_64 \
    "infer --checkpoint_path c.safetensors --device_index -1 --threads 1 --input_dir data/train_img --get_proba"

// Near 1, floats that differ become the same at a larger share: labels are still those of before.
static void a_carried_threshold_changes_no_decision(void **state)
{
    place *p = *state;
    rb_checkpoint c = untrained(p, small(p));
    float before[64], after[64];
    be_sure(p, &c);
    c.scores = "{\"n\":100,\"prior\":0.5,\"quantiles\":[0.0001,0.9999]}";
    write_checkpoint(p, c);
    check_says(call(p, ON_64 " --output_file before.txt"), "64 pictures");
    int count = distinct(p, "before.proba", before);
    if (count < 3) fail_msg("%d different probabilities show nothing", count);
    c.threshold = (double)before[count / 2];
    write_checkpoint(p, c);
    outcome one = call(p, ON_64 " --output_file one.txt"), two = call(p, ON_64 " --output_file two.txt --adapt_prior");
    check_done(one.done, one.err);
    check_says(two, "at the share found");
    if (distinct(p, "two.proba", after) >= count) fail_msg("no two of %d probabilities became the same", count);
    rb_error err;
    rb_bytes x, y;
    check_done(rb_file_read(p->arena, "one.txt", 1 << 20, &x, &err), err);
    check_done(rb_file_read(p->arena, "two.txt", 1 << 20, &y, &err), err);
    assert_string_equal((const char *)x.data, (const char *)y.data);
}

// ---- what data eval is given --------------------------------------------------------------------------------------

// Before a picture is looked at: none of them could be read.
static void what_does_not_fit_is_said_first(void **state)
{
    place *p = *state;
    rb_error err;
    rb_synth_settings three = {
        .output_dir = "three", .count = 60, .image_size = 32, .minority = 0.25, .classes = 3, .seed = 1};
    check_done(rb_synth_write(&three, &err), err);
    rb_settings *s = small(p);
    check_done(rb_config_set(p->arena, &s->config, "root_dir", "three", "root_dir", &err), err);
    check_done(rb_config_set(p->arena, &s->config, "num_classes", "3", "num_classes", &err), err);
    rb_checkpoint c = untrained(p, s);
    check_done(rb_checkpoint_write(p->arena, "three.safetensors", &c, &err), err);
    for (int i = 1; i <= 64; i++) place_text(p, rb_text_format(p->arena, "data/train_img/%06d.jpg", i), "");
    outcome o = call(p, EVAL "data --against three.safetensors");
    check_failed(o.done, o.err, RB_ERR_DATA,
                 "the data has 2 classes, three.safetensors was trained for 3; give it data of the same");
    for (int i = 1; i <= 60; i++) place_text(p, rb_text_format(p->arena, "three/train_img/%06d.jpg", i), "");
    o = call(p, "eval --checkpoint_path three.safetensors --root_dir three --against three.safetensors "
                "--against_threshold 0.5");
    check_failed(o.done, o.err, RB_ERR_USAGE, "against_threshold is for two classes, and here are 3");
    o = call(p, "eval --checkpoint_path three.safetensors --root_dir three --pick_threshold");
    check_failed(o.done, o.err, RB_ERR_USAGE, "pick_threshold is for two classes, and here are 3");
}

static void few_pictures_are_judged_all_the_same(void **state)
{
    place *p = *state;
    rb_error err;
    rb_synth_settings few = {
        .output_dir = "few", .count = 4, .image_size = 32, .minority = 0.25, .classes = 2, .seed = 1};
    check_done(rb_synth_write(&few, &err), err);
    check_silent_about(call(p, EVAL "few"), "warning");
    outcome o = call(p, EVAL "few --part test");
    check_failed(o.done, o.err, RB_ERR_DATA, "is too small");
}

static void another_split_is_noticed(void **state)
{
    place *p = *state;
    const char *text = "not the split that c.safetensors was trained with";
    check_silent_about(call(p, EVAL "data --part test"), "warning");
    check_says(call(p, EVAL "data --part test --split_seed 1"), text);
    check_says(call(p, EVAL "data --part train --val_split 0.3"), text);
    check_silent_about(call(p, EVAL "data --split_seed 1"), "warning");
    check_says(call(p, EVAL "data"), "c.safetensors was trained on pictures of this set");
}

static void other_classes_are_noticed(void **state)
{
    place *p = *state;
    assert_int_equal(rename("data/val_img", "data/cat"), 0);
    assert_int_equal(rename("data/train_img", "data/dog"), 0);
    assert_int_equal(remove("data/label_train.txt"), 0);
    check_says(call(p, EVAL "data"), "label 0 is class 'cat' in the data and '0' in c.safetensors");
}

static void bad_pictures_are_named(void **state)
{
    place *p = *state;
    place_text(p, "data/train_img/000003.jpg", "no picture");
    outcome o = call(p, EVAL "data --on_bad_image skip");
    check_says(o, "warning: data/train_img/000003.jpg: neither JPEG nor PNG");
    assert_non_null(strstr(o.printed, "63"));
}

static void nothing_cannot_be_judged(void **state)
{
    place *p = *state;
    outcome o = call(p, EVAL "data --part test --test_split 0");
    check_failed(o.done, o.err, RB_ERR_DATA, "part test has no pictures");
    for (int i = 1; i <= 64; i++) place_text(p, rb_text_format(p->arena, "data/train_img/%06d.jpg", i), "");
    o = call(p, EVAL "data --on_bad_image skip");
    check_failed(o.done, o.err, RB_ERR_DATA, "part all: none of its 64 pictures can be read");
    place_text(p, "l.txt", "0\n1\n");
    place_text(p, "p.txt", "nan\nnan\n");
    o = call(p, "eval --labels l.txt --proba p.txt");
    check_failed(o.done, o.err, RB_ERR_DATA, "p.txt: no line has a number");
}

// ---- results ------------------------------------------------------------------------------------------------------

// A result that cannot be printed is main's to notice; a command that fails says why.
static void no_command_fails_without_a_reason(void **state)
{
    place *p = *state;
    place_text(p, "l.txt", "0\n1\n");
    char *argv[] = {"--labels", "l.txt", "--proba", "l.txt", "--json", "-"};
    rb_error err = {0};
    const rb_command *c = rb_command_find("eval", &err);
    int kept = redirect(stdout, "/dev/full");
    setvbuf(stdout, NULL, _IONBF, 0);
    bool done = c->run(p->arena, COUNT(argv), argv, &err);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    clearerr(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    assert_true(done || err.kind);
}

static void bench_shows_what_computes(void **state)
{
    place *p = *state;
    outcome o = call(p, "bench --mode inference --seconds 0.1 --model_type cnn_encoder --dim_base 4 --image_size 16 "
                        "--batch_size 1 --device_index -1 --backend ref --precision bf16");
    check_says(o, "precision bf16: not on this CPU with backend ref");
    assert_non_null(strstr(o.printed, rb_text_format(p->arena, "fp32, %d threads", rb_parallel_cores())));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_task, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_checkpoint_names_no_file_to_write),
        TEST(what_is_wrong_in_a_checkpoint_is_its_fault),
        TEST(pictures_become_what_the_preprocessing_says),
        TEST(an_answer_that_is_no_number_is_no_label),
        TEST(a_checkpoint_may_say_nothing_of_scores),
        TEST(a_carried_threshold_changes_no_decision),
        TEST(what_does_not_fit_is_said_first),
        TEST(few_pictures_are_judged_all_the_same),
        TEST(another_split_is_noticed),
        TEST(other_classes_are_noticed),
        TEST(bad_pictures_are_named),
        TEST(nothing_cannot_be_judged),
        TEST(no_command_fails_without_a_reason),
        TEST(bench_shows_what_computes),
    };
    return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
