// SPDX-License-Identifier: Apache-2.0
// test_track.c - check sums, records and messages against bytes known from elsewhere; the log's reader; choosing.
#include "check.h"

#include "folder.h"
#include "track/comet_archive.h"
#include "track/comet_items.h"
#include "track/credentials.h"
#include "track/events.h"
#include "track/folder.h"
#include "track/tracker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// RFC 3720, B.4, and the check value of CRC-32C; the masked one as TensorFlow writes it.
static void crc32c_of_the_standard(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    assert_int_equal(rb_crc32c(bytes, 32), 0x8a9136aau);
    memset(bytes, 0xff, 32);
    assert_int_equal(rb_crc32c(bytes, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
    assert_int_equal(rb_crc32c(bytes, 32), 0x46dd794eu);
    assert_int_equal(rb_crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(rb_crc32c_masked("123456789", 9), 0xc78ab0e5u);
}

static void first_record_byte_by_byte(void **state)
{
    static const char want[] = "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a";
    place *p = *state;
    rb_arena *a = p->arena;
    rb_error err;
    rb_events e;
    rb_bytes file;
    assert_true(rb_events_open(a, p->folder, 1.0, &e, &err));
    assert_int_equal(fflush(e.file), 0);
    assert_non_null(strstr(e.path, "events.out.tfevents.0000000001.rarebit."));
    assert_true(rb_file_read(a, e.path, 1000, &file, &err));
    char hex[81] = "";
    for (int i = 0; i < 40; i++) snprintf(hex + 2 * i, 3, "%02x", file.data[i]);
    assert_string_equal(hex, want);
}

// Examples of protobuf.dev: field 1 = 150; field 2 = "testing"; a negative number takes ten bytes.
static void messages_as_documented(void **state)
{
    (void)state;
    static const uint8_t want[] = {0x08, 0x96, 0x01, 0x12, 0x07, 't',  'e',  's',  't',  'i',  'n',  'g',  0x08, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x1a, 0x03, 0x08, 0x96, 0x01};
    rb_arena *a = rb_arena_open();
    rb_proto p = rb_proto_new(a), inner = rb_proto_new(a);
    rb_proto_int(&inner, 1, 150);
    rb_proto_int(&p, 1, 150);
    rb_proto_text(&p, 2, "testing");
    rb_proto_int(&p, 1, -1);
    rb_proto_message(&p, 3, &inner);
    assert_int_equal(p.size, sizeof want);
    assert_memory_equal(p.data, want, sizeof want);
    rb_arena_close(a);
}

static void write_text(const char *path, const char *mode, const char *text)
{
    FILE *f = fopen(path, mode);
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void records_while_they_are_written(void **state)
{
    place *p = *state;
    rb_arena *a = p->arena;
    rb_error err;
    rb_records *log;
    rb_record r;
    bool got;
    const char *path = place_path(p, "log.jsonl");
    write_text(path, "w", "{\"type\":\"run\",\"t_s\":0.5,\"t_unix_s\":1000.5,\"threads\":2}\n{\"type\":\"st");
    assert_true(rb_records_open(a, path, &log, &err));
    assert_true(rb_records_next(log, a, &r, &got, &err) && got);
    assert_int_equal(r.kind, RB_RECORD_RUN);
    assert_int_equal(r.count, 0);
    assert_true(rb_records_next(log, a, &r, &got, &err) && !got); // half a line is none
    write_text(path, "a", "ep\",\"step\":7,\"epoch\":1,\"t_s\":2,\"train/loss\":0.25,\"bad\":null}\nno record\n");
    write_text(path, "a", "{\"type\":\"eval\",\"step\":9,\"epoch\":0,\"t_s\":3,\"part\":\"val\",\"val/hter\":0.5}\n");
    assert_true(rb_records_next(log, a, &r, &got, &err) && got);
    assert_int_equal(r.kind, RB_RECORD_STEP);
    assert_int_equal(r.mark, 7);
    assert_float_equal(r.time_s, 1002, 0);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.metrics[0].name, "step/train/loss");
    assert_true(rb_records_next(log, a, &r, &got, &err) && got);
    assert_int_equal(r.mark, 4 * 9 + 1);
    assert_string_equal(r.metrics[0].name, "best/val/hter");
    assert_true(rb_records_next(log, a, &r, &got, &err) && !got);
}

static void choice(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int count; // -1: an error
        const char *why;
    } cases[] = {{"[tensorboard, mlflow]", 2, ""},
                 {"mlflow,tensorboard", 2, ""},
                 {"tensorboard", 1, ""},
                 {"[]", 0, ""},
                 {"none", 0, ""},
                 {"[mlflow, mlflow]", -1, "named twice"},
                 {"tensorbord", -1, "did you mean 'tensorboard'"},
                 {"{mlflow: 1}", -1, "wants names"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rb_arena *a = rb_arena_open();
        rb_error err = {0};
        rb_track_settings s = {0};
        rb_chosen_trackers chosen;
        void *cfg[3];
        for (int k = 0; k < 3; k++) rb_tracker_section(a, k, true, &cfg[k]);
        rb_bytes text = {(const uint8_t *)cases[i].yaml, (ptrdiff_t)strlen(cases[i].yaml)};
        assert_true(rb_tree_read_text(a, "track", text, &s.names, &err));
        assert_int_equal(rb_track_chosen(a, &s, cfg, &chosen, &err), cases[i].count >= 0);
        if (cases[i].count >= 0) assert_int_equal(chosen.count, cases[i].count);
        if (cases[i].count < 0) assert_non_null(strstr(err.text, cases[i].why));
        rb_arena_close(a);
    }
}

// A hand-made case: scores .9 .8 .7 .6 with labels 1 0 1 0.
static void curves_by_hand(void **state)
{
    (void)state;
    static const double score[] = {.9, .8, .7, .6};
    static const int label[] = {1, 0, 1, 0};
    rb_arena *a = rb_arena_open();
    rb_line roc = rb_curve_roc(a, (rb_scores){score, label, 4}, 100),
            pr = rb_curve_pr(a, (rb_scores){score, label, 4}, 100);
    static const double fpr[] = {0, 0, .5, .5, 1}, tpr[] = {0, .5, .5, 1, 1}, precision[] = {1, 1, .5, 2. / 3, .5};
    assert_int_equal(roc.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_float_equal(roc.x[i], fpr[i], 1e-15);
        assert_float_equal(roc.y[i], tpr[i], 1e-15);
        assert_float_equal(pr.x[i], tpr[i], 1e-15);
        assert_float_equal(pr.y[i], precision[i], 1e-15);
    }
    rb_line thinned = rb_curve_roc(a, (rb_scores){score, label, 4}, 3);
    assert_int_equal(thinned.count, 3);
    assert_float_equal(thinned.x[2], 1, 0);
    rb_arena_close(a);
}

// Of many classes Comet gets a matrix and their mean curves. Two pictures a class, each taken for what it is but the
// last.
static void many_classes_have_mean_curves(void **state)
{
    enum { CLASSES = 12 };
    place *p = *state;
    rb_arena *a = p->arena;
    const char *split = "path,label,split,group\n", *proba = "", *names = "\"class 0\"";
    for (int i = 0; i < 2 * CLASSES; i++) {
        split = rb_text_format(a, "%s%d.jpg,%d,test,\n", split, i, i / 2);
        for (int c = 0; c < CLASSES; c++)
            proba = rb_text_format(a, "%s%s%s", proba, (i == 23 ? 0 : i / 2) == c ? "0.89" : "0.01",
                                   c == CLASSES - 1 ? "\n" : " ");
    }
    for (int c = 1; c < CLASSES; c++) names = rb_text_format(a, "%s,\"class %d\"", names, c);
    place_text(p, "log.jsonl", rb_text_format(a, "{\"type\":\"run\",\"t_s\":0,\"classes\":[%s]}\n", names));
    place_text(p, "split.csv", split);
    place_text(p, "test.proba", proba);

    rb_error err;
    rb_comet_item item;
    bool more = true;
    int curves = 0, matrices = 0;
    for (int i = 0; more; i++) {
        check_done(rb_comet_item_at(a, p->folder, i, &item, &more, &err), err);
        if (!item.type) continue;
        const char *text = (const char *)item.text.data;
        if (!strcmp(item.type, "confusion-matrix")) {
            assert_non_null(strstr(text, "\"labels\":[\"class 0\",\"class 1\""));
            assert_non_null(strstr(text, ",[1,0,0,0,0,0,0,0,0,0,0,1]]"));
            matrices++;
        }
        if (!strcmp(item.type, "curve")) {
            assert_string_equal(item.name, curves++ ? "precision-recall-test-mean" : "roc-test-mean");
            json_t *json = json_loads(text, 0, NULL);
            assert_int_equal(json_array_size(json_object_get(json, "x")), RB_MACRO_STEPS + 1);
            json_decref(json);
        }
    }
    assert_int_equal(matrices, 1);
    assert_int_equal(curves, 2);
}

// With hardly a file more than this test has open: what an item reads goes with it.
static void an_archive_holds_one_item_at_a_time(void **state)
{
    enum { ROWS = 20000, FILES = 24 };
    place *p = *state;
    rb_arena *a = p->arena;
    char *split = RB_NEW(a, char, ROWS * 20 + 32), *proba = RB_NEW(a, char, ROWS * 8), *s = split, *o = proba;
    s += sprintf(s, "path,label,split,group\n");
    for (int i = 0; i < ROWS; i++) {
        s += sprintf(s, "%d.jpg,%d,test,\n", i, i % 2);
        o += sprintf(o, "%.4f\n", i / (double)ROWS);
    }
    place_text(p, "log.jsonl", "{\"type\":\"run\",\"t_s\":0,\"classes\":[\"cat\",\"dog\"]}\n");
    place_text(p, "config.yaml", "seed: 0\n");
    place_text(p, "split.csv", split);
    place_text(p, "test.proba", proba);

    rb_error err;
    rb_arena *own = rb_arena_open();
    rb_comet_archive what = {.id = "0123456789abcdef0123456789abcdef"};
    struct rlimit limit, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){FILES, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    bool done = rb_comet_archive_write(own, p->folder, &what, place_path(p, "run.zip"), &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    check_done(done, err);
    print_message("%td kB\n", rb_arena_bytes(own) >> 10);
    assert_in_range(rb_arena_bytes(own), 1, 4 << 20); // most of it the buffer of the file that is written
    rb_arena_close(own);
}

static void words_for_the_network(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    assert_string_equal(rb_http_server(a, "https://me:secret@host:99/path?key=1"), "https://host:99");
    assert_string_equal(rb_http_server(a, "http://host"), "http://host");
    assert_string_equal(rb_http_escape(a, "a b/\xc3\xa4~"), "a%20b%2F%C3%A4~");
    rb_arena_close(a);
}

// A work tree made by hand: a branch whose commit is packed, a login in the origin.
static void commit_without_git(void **state)
{
    place *p = *state;
    char before[4096];
    static const char commit[] = "0123456789abcdef0123456789abcdef01234567";
    place_text(p, ".git/HEAD", "ref: refs/heads/work\n");
    place_text(p, ".git/packed-refs", "# pack-refs\n0123456789abcdef0123456789abcdef01234567 refs/heads/work\n");
    place_text(p, ".git/config", "[core]\n\turl = no\n[remote \"origin\"]\n\turl = https://me:secret@host/x.git\n");
    place_text(p, "deep/down/file", "");
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(place_path(p, "deep/down")), 0);
    rb_git git = rb_git_here(p->arena);
    assert_string_equal(git.commit, commit);
    assert_string_equal(git.branch, "work");
    assert_string_equal(git.origin, "https://host/x.git");
    place_text(p, ".git/refs/heads/work", "fedcba9876543210fedcba9876543210fedcba98\n");
    assert_string_equal(rb_git_here(p->arena).commit, "fedcba9876543210fedcba9876543210fedcba98");
    assert_int_equal(chdir(before), 0);
}

static void keys_from_files(void **state)
{
    place *p = *state;
    const char *path =
        place_text(p, "c", "# x\n[other]\napi_key=no\n[comet]\r\n api_key = yes \n;workspace=no\nempty=\n");
    assert_string_equal(rb_ini_find(p->arena, path, "comet", "api_key"), "yes");
    assert_string_equal(rb_ini_find(p->arena, path, "comet", "empty"), "");
    assert_null(rb_ini_find(p->arena, path, "comet", "workspace"));
    assert_null(rb_ini_find(p->arena, path, "come", "api_key"));
    assert_null(rb_ini_find(p->arena, "/nowhere/at/all", "comet", "api_key"));
}

// Every value is counted once, in the bucket whose right end it does not pass.
static void histogram_by_hand(void **state)
{
    (void)state;
    static const struct {
        double x[5];
        const char *json;
    } cases[] = {
        {{0, 30, 15, NAN, 30}, "\"n\":4,\"min\":0,\"max\":3e+01,\"sum\":75,\"squares\":2025,\"edges\":[0,1,2,"},
        {{2, 2, 2, 2, 2}, "\"counts\":[0,5]}"},
        {{NAN, NAN, NAN, NAN, NAN}, "\"edges\":[],\"counts\":[]}"}};
    for (int i = 0; i < 3; i++) {
        rb_arena *a = rb_arena_open();
        rb_json *j = rb_json_new(a);
        rb_json_open(j, NULL, '{');
        rb_histogram_to_json(a, j, cases[i].x, 5);
        rb_json_close(j);
        assert_non_null(strstr(rb_json_text(j), cases[i].json));
        rb_arena_close(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_of_the_standard),
        cmocka_unit_test_setup_teardown(first_record_byte_by_byte, place_open, place_close),
        cmocka_unit_test(messages_as_documented),
        cmocka_unit_test_setup_teardown(records_while_they_are_written, place_open, place_close),
        cmocka_unit_test_setup_teardown(commit_without_git, place_open, place_close),
        cmocka_unit_test_setup_teardown(keys_from_files, place_open, place_close),
        cmocka_unit_test(histogram_by_hand),
        cmocka_unit_test(choice),
        cmocka_unit_test(curves_by_hand),
        cmocka_unit_test_setup_teardown(many_classes_have_mean_curves, place_open, place_close),
        cmocka_unit_test_setup_teardown(an_archive_holds_one_item_at_a_time, place_open, place_close),
        cmocka_unit_test(words_for_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
