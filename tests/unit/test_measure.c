// SPDX-License-Identifier: Apache-2.0
// test_measure.c - what bench measures: settings of any training run do, and nothing is left behind.
#include "check.h"
#include "folder.h"

#include "train/measure.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// The loader's threads outlive the function that opened them: a frame that is gone must not be what they read. With
// this gcc 12 puts vectors of 64 bytes where they are not aligned (its bug 110027): so it is ref that computes here.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=1";
}

// Settings of a small network, and the temporary folder of the measurements in the test's own.
static rb_settings *small(place *p)
{
    rb_settings *s = rb_settings_new(p->arena, RB_FOR_BENCH);
    setenv("TMPDIR", p->folder, 1);
    s->model.model_type = "cnn_encoder";
    s->model.dim_base = 4;
    s->data.image_size = 16;
    s->compute.backend = "ref";
    s->compute.threads = 1;
    s->compute.device_index = -1;
    return s;
}

static int names_in(const place *p)
{
    rb_error err;
    rb_names names;
    check_done(rb_folder_list(p->arena, p->folder, &names, &err), err);
    return names.count;
}

// First in main: it forks, which a pool of compute threads does not survive.
static void a_signal_leaves_nothing(void **state)
{
    place *p = *state;
    const rb_settings *s = small(p);
    pid_t child = fork();
    if (!child) {
        rb_rates_seen seen;
        rb_error err;
        rb_arena *a = rb_arena_open();
        bool done = rb_measure_decoding(a, s, 60, &seen, &err);
        rb_arena_close(a);
        _exit(done);
    }
    for (int wait_ms = 0; !names_in(p) && wait_ms < 10000; wait_ms++) usleep(1000);
    assert_int_equal(names_in(p), 1);
    assert_int_equal(kill(child, SIGTERM), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(names_in(p), 0);
}

static void its_folder_is_where_others_are(void **state)
{
    place *p = *state;
    rb_settings *s = small(p);
    rb_rates_seen seen;
    rb_error err = {0};
    setenv("TMPDIR", place_path(p, "nowhere"), 1);
    check_failed(rb_measure_decoding(p->arena, s, 0.1, &seen, &err), err, RB_ERR_IO, "/nowhere/rarebit-bench-");
}

// Threads go on reading ahead when a measurement is over; its memory lives until the arena ends. One thread that reads
// every picture anew, for a network that takes no time, always has some left to read.
static void threads_may_outlive_a_measurement(void **state)
{
    place *p = *state;
    rb_settings *s = small(p);
    s->model.dim_base = 1;
    s->model.head_depth = 1;
    s->model.freeze = true;
    s->data.cache_mb = 0;
    s->data.workers = 1;
    for (int i = 0; i < 8; i++) {
        rb_error err;
        rb_training_seen seen;
        rb_rates_seen read;
        rb_arena *a = rb_arena_open();
        check_done(rb_measure_training(a, s, 0.01, &seen, &err), err);
        check_done(rb_measure_decoding(a, s, 0.01, &read, &err), err);
        usleep(20000);
        rb_arena_close(a);
        assert_true(seen.rate.median > 0 && read.median > 0);
    }
    assert_int_equal(names_in(p), 0);
}

// A file written for training serves as it is: where its data is, and whose weights it begins from, is not asked.
static void settings_of_a_training_run_do(void **state)
{
    place *p = *state;
    rb_settings *s = small(p);
    rb_training_seen seen;
    rb_error err;
    s->training.pretrained = "true";
    s->data.positive_class = "defect";
    s->data.manifest = "nowhere.csv";
    s->data.data_format = RB_DATA_MANIFEST;
    check_done(rb_measure_training(p->arena, s, 0.01, &seen, &err), err);
    assert_string_equal(s->training.pretrained, "true");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signal_leaves_nothing),
        TEST(its_folder_is_where_others_are),
        TEST(threads_may_outlive_a_measurement),
        TEST(settings_of_a_training_run_do),
    };
    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
