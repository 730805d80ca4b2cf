// SPDX-License-Identifier: Apache-2.0
// test_past.c - run folders as they are, as they were stopped, and as they should not be.
#include "check.h"
#include "folder.h"

#include "report/report.h"

#define LOG \
    "{\"type\":\"run\",\"t_s\":0.1,\"model\":\"m\",\"num_epochs\":3,\"classes\":[\"cat\",\"dog\"]}\n" \
    "{\"type\":\"step\",\"step\":1,\"epoch\":0,\"t_s\":0.2,\"train/loss\":0.7,\"lr\":0.01}\n" \
    "{\"type\":\"step\",\"step\":2,\"epoch\":0,\"t_s\":0.3,\"train/loss\":0.6,\"lr\":0.02}\n" \
    "{\"type\":\"epoch\",\"step\":2,\"epoch\":0,\"val/hter\":0.2,\"val/roc_auc\":null,\"best\":true}\n" \
    "{\"type\":\"event\",\"event\":\"bad_image\",\"path\":\"x.jpg\",\"reason\":\"empty\"}\n" \
    "{\"type\":\"epoch\",\"step\":4,\"epoch\":1,\"val/hter\":0.1,\"val/roc_auc\":0.9,\"best\":true}\n" \
    "{\"type\":\"epoch\",\"step\":6,\"epoch\":2,\"val/hter\":0.3,\"val/roc_auc\":0.8,\"best\":false}\n" \
    "{\"type\":\"eval\",\"part\":\"test\"}\n" \
    "{\"type\":\"end\",\"status\":\"done\"}\n"

#define SPLIT \
    "path,label,split,group\n" \
    "a.jpg,0,test,north\nb.jpg,1,train,\nc.jpg,1,test,south\nd.jpg,1,test,north\ne.jpg,0,test,\nf.jpg,0,,\n"

static const char *folder_of(const place *p, const char *log, const char *split, const char *proba)
{
    place_text(p, "run/log.jsonl", log);
    place_text(p, "run/split.csv", split);
    place_text(p, "run/config.yaml", "root_dir: pictures\nmanifest: null\n");
    place_text(p, "run/metrics.json", "{\"threshold\": 0.5}");
    if (proba) place_text(p, "run/test.proba", proba);
    return place_path(p, "run");
}

static void a_run_is_read(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    check_done(rb_past_read(p->arena, folder_of(p, LOG, SPLIT, "0.2\n0.9\n0.4\n0.7\n"), &past, &err), err);
    assert_string_equal(past.name, "run");
    assert_string_equal(past.classes[1], "dog");
    assert_int_equal(past.log.steps, 2);
    assert_true(past.log.step[1].lr == 0.02 && past.log.step[1].t_s == 0.3);
    assert_int_equal(past.log.epoch.count, 3);
    assert_int_equal(past.log.event.count, 1);
    assert_int_equal(rb_past_integer(rb_past_best(&past), "epoch"), 1);
    const double *area = rb_past_column(p->arena, past.log.epoch, "val/roc_auc");
    assert_true(isnan(area[0]) && area[1] == 0.9);
    assert_int_equal(past.pictures, 6);
    assert_int_equal(past.picture[5].part, RB_PAST_PARTS);
    assert_int_equal(rb_past_main_part(&past), RB_PAST_TEST);
    assert_string_equal(rb_past_path(p->arena, &past, "a.jpg"), "pictures/a.jpg");
    assert_string_equal(rb_past_path(p->arena, &past, "/a.jpg"), "/a.jpg");
}

// a and d are of one group, c is another, e stands alone.
static void groups_are_kept_together(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    check_done(rb_past_read(p->arena, folder_of(p, LOG, SPLIT, "0.2\n0.9\n0.4\n0.7\n"), &past, &err), err);
    const rb_verdict *v = &past.verdict[RB_PAST_TEST];
    const int *g = v->group;
    assert_non_null(g);
    assert_true(g[0] == g[2] && g[0] != g[1] && g[0] != g[3] && g[1] != g[3]);
    for (int i = 0; i < 4; i++) assert_in_range(g[i], 0, 2);
    assert_true(v->summary.rates.hter == 0.5);
    assert_true(isfinite(rb_verdict_at(v, "hter").low) && isnan(rb_verdict_at(v, "nothing").low));
}

// A picture that could not be read has no score: groups move up with the others.
static void unread_pictures_leave(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    check_done(rb_past_read(p->arena, folder_of(p, LOG, SPLIT, "0.2\nnan\n0.4\n0.7\n"), &past, &err), err);
    const rb_verdict *v = &past.verdict[RB_PAST_TEST];
    assert_int_equal(v->summary.n, 3);
    assert_string_equal(past.part[RB_PAST_TEST].path[1], "d.jpg");
    assert_true(v->group[0] == v->group[1] && v->group[2] != v->group[0]);
}

static void without_groups_pictures_are_independent(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    const char *split = "path,label,split,group\na.jpg,0,test,\nb.jpg,1,test,\n";
    check_done(rb_past_read(p->arena, folder_of(p, LOG, split, "0.2\n0.9\n"), &past, &err), err);
    assert_null(past.verdict[RB_PAST_TEST].group);
}

// Names of the log, and numbers where it has none; the page counts each class.
static void more_than_two_classes_have_names(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    const char *split = "path,label,split,group\na.jpg,0,test,\nb.jpg,2,test,\nc.jpg,1,train,\nd.jpg,2,val,\n";
    check_done(rb_past_read(p->arena, folder_of(p, LOG, split, "0.2 0.1 0.7\n0.1 0.1 0.8\n"), &past, &err), err);
    assert_int_equal(past.class_count, 3);
    assert_string_equal(past.classes[1], "dog");
    assert_string_equal(past.classes[2], "2");
    rb_page *page = rb_page_new(p->arena, "t", "");
    rb_report_data(page, &past);
    const char *html = rb_page_html(p->arena, page);
    assert_non_null(strstr(html, "Class dog is the rarest: 25.0\u00A0% of 4 pictures, one for every 2.0 of class 2."));
    assert_non_null(strstr(html, "test · class 2: 1 (50.0\u00A0%)"));
}

static void a_stopped_run_is_read(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    check_done(rb_past_read(p->arena, folder_of(p, "{\"type\":\"run\"}\n{\"type\":\"st", SPLIT, NULL), &past, &err),
               err);
    assert_non_null(past.log.run);
    assert_null(past.log.end);
    assert_null(rb_past_best(&past));
    assert_string_equal(past.classes[0], "0");
    assert_int_equal(rb_past_main_part(&past), -1);
}

static void damage_is_said(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    static const struct {
        const char *log, *split, *proba, *said;
    } all[] = {
        {"{\"type\":\"run\"}\n[1]\n", SPLIT, NULL, "log.jsonl:2: is no JSON object; the file is damaged"},
        {"\n", SPLIT, NULL, "log.jsonl:1: is no JSON object: "},
        {"{\"type\":\"run\",\"type\":\"run\"}\n", SPLIT, NULL, "log.jsonl:1: is no JSON object: "},
        {LOG, "path,label,split,group\na.jpg,0\n", NULL, "split.csv:2: has 2 fields, not 3 or 4"},
        {LOG, "path,label,split,group\na.jpg,cat,test,\n", NULL, "split.csv:2: \"cat\" is no label"},
        {LOG, "path,label,split,group\na.jpg,-1,test,\n", NULL, "split.csv:2: \"-1\" is no label"},
        {LOG, SPLIT, "0.1\n", "test.proba: has 1 values for the 4 rows of split.csv"},
        {LOG, SPLIT, "0.1\nx\n", "test.proba:2: \"x\" is not a number"},
        {LOG, SPLIT, "0.2\n-3\n0.4\n0.7\n", "test.proba:2: -3 is no probability"},
        {LOG, SPLIT, "0.2\n0.9\nnan\n1.5\n", "test.proba:4: 1.5 is no probability"},
        {LOG, SPLIT, "0.2 0.8\n0.9 0.1\n0.4 0.6\n0.7 0.3\n", "test.proba has 2 columns; of two classes"},
        {LOG, SPLIT, "1 0 0\n0 1 0\n0 0 0\n0 0 1\n", "test.proba:3: the probabilities of 3 classes sum to 0, not to 1"},
        {LOG, SPLIT, "1 0 0\n0 1 0\n0 0 1\n-1 -1 3\n", "test.proba:4: -1 is no probability"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check_failed(rb_past_read(p->arena, folder_of(p, all[i].log, all[i].split, all[i].proba), &past, &err), err,
                     RB_ERR_DATA, all[i].said);
    check_failed(rb_past_read(p->arena, place_path(p, "nowhere"), &past, &err), err, RB_ERR_IO, "no such folder");
    check_failed(rb_past_read(p->arena, p->folder, &past, &err), err, RB_ERR_IO, "has no log.jsonl");
}

// Trackers read parts without the rest of the run.
static void a_part_alone_is_as_strict(void **state)
{
    place *p = *state;
    rb_part_results r;
    rb_error err;
    const char *split = "path,label,split,group\na.jpg,0,test,\nb.jpg,dog,test,\n";
    check_failed(rb_folder_results(p->arena, folder_of(p, LOG, split, "0.2\n0.9\n"), "test", &r, &err), err,
                 RB_ERR_DATA, "split.csv:3: \"dog\" is no label");
    split = "path,label,split,group\na.jpg,0,test,\nb.jpg,1x,test,\n";
    check_failed(rb_folder_results(p->arena, folder_of(p, LOG, split, "0.2\n0.9\n"), "test", &r, &err), err,
                 RB_ERR_DATA, "split.csv:3: \"1x\" is no label");
}

// The table against the best run, its reading of luck in the fifth column.
static const rb_block *comparison_of(const place *p, rb_past *runs)
{
    rb_page *page = rb_page_new(p->arena, "t", "");
    rb_report_comparison(page, runs, 2);
    return page->first;
}

static void runs_side_by_side_are_compared_once(void **state)
{
    place *p = *state;
    rb_past runs[2];
    rb_error err;
    const char *split = "path,label,split,group\na.jpg,0,test,\nb.jpg,1,test,\nc.jpg,0,test,\nd.jpg,1,test,\n";
    check_done(rb_past_read(p->arena, folder_of(p, LOG, split, "0.2\n0.9\n0.1\n0.4\n"), &runs[0], &err), err);
    check_done(rb_past_read(p->arena, folder_of(p, LOG, split, "0.2\n0.9\n0.1\n0.8\n"), &runs[1], &err), err);
    rb_report_line_up(p->arena, runs, 2);
    assert_string_equal(runs[1].short_name, "B m");
    assert_null(runs[1].behind);
    assert_non_null(runs[0].behind);
    assert_true(runs[0].behind->hter_bootstrap.value == 0.25);
    const rb_block *b = comparison_of(p, runs);
    assert_string_equal(b->title, "Against B m, on the same pictures");
    assert_string_equal(b->table.row[0][4], "no");
    assert_non_null(strstr(rb_report_lead(p->arena, runs, 2), "A m comes next, with 25.0 points more"));

    rb_comparison untested = *runs[0].behind; // the page says what was handed over, and of nothing nothing
    untested.hter_bootstrap.at = untested.auc_bootstrap.at = (rb_interval){NAN, NAN};
    runs[0].behind = &untested;
    assert_null(comparison_of(p, runs)->table.row[0][4]);
    assert_null(rb_report_lead(p->arena, runs, 2));
    untested.hter_bootstrap.at = (rb_interval){0.1, 0.4};
    assert_string_equal(comparison_of(p, runs)->table.row[0][4], "yes");
}

// What is a number in one log may be anything in another.
static void values_of_other_types_are_missing(void **state)
{
    place *p = *state;
    rb_past past;
    rb_error err;
    const char *log = "{\"type\":\"run\",\"num_epochs\":1e300,\"classes\":{}}\n{\"type\":5}\n{}\n"
                      "{\"type\":\"epoch\",\"epoch\":\"first\",\"best\":true,\"val/hter\":[]}\n{\"type\":\"step\"}\n";
    check_done(rb_past_read(p->arena, folder_of(p, log, SPLIT, NULL), &past, &err), err);
    assert_int_equal(rb_past_integer(past.log.run, "num_epochs"), -1);
    assert_int_equal(rb_past_integer(rb_past_best(&past), "epoch"), -1);
    assert_true(isnan(rb_past_number(past.log.epoch.at[0], "val/hter")) && isnan(past.log.step[0].loss));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_read),
        TEST(groups_are_kept_together),
        TEST(unread_pictures_leave),
        TEST(without_groups_pictures_are_independent),
        TEST(more_than_two_classes_have_names),
        TEST(a_stopped_run_is_read),
        TEST(damage_is_said),
        TEST(a_part_alone_is_as_strict),
        TEST(runs_side_by_side_are_compared_once),
        TEST(values_of_other_types_are_missing),
    };
    return check_run("past", tests);
}
