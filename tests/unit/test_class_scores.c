// SPDX-License-Identifier: Apache-2.0
// test_class_scores.c - figures of more than two classes say what can be worked out by hand.
#include "check.h"
#include "folder.h"
#include "readings.h"

#include "report/scores.h"

static const char *const names[] = {"ant", "bee", "cat"};

// Wrong (ant for bee), right, right, wrong (cat for ant), right, right.
static const double p6[] = {.92, .05, .03, .95, .03, .02, .6, .3, .1, .2, .1, .7, .1, .8, .1, .1, .15, .75};
static const int label6[] = {1, 0, 0, 0, 1, 2};

static rb_class_result result_of(rb_arena *a, const double *p, const int *label, int n, int k)
{
    rb_class_summary *m = RB_NEW(a, rb_class_summary, 1);
    const char **classes = RB_NEW(a, const char *, k);
    rb_class_scores s = {p, label, n, k};
    *m = rb_class_summarise(a, s);
    for (int c = 0; c < k; c++) classes[c] = c < 3 ? names[c] : rb_text_format(a, "%d", c);
    return (rb_class_result){.colour = RB_RUN_COLOUR, .scores = s, .summary = m, .classes = classes};
}

static rb_class_result six(rb_arena *a)
{
    return result_of(a, p6, label6, 6, 3);
}

static void decisions(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = six(p->arena);
    rb_show_class_confusion(p, &r);
    assert_string_equal(reading_of(p), "The most frequent mistake: 1 picture of class ant taken for cat.");
    check_has(p->first->figure.body, "truth ant, decision ant: 2, 66.7\u00A0%");
    check_has(p->first->figure.body, "truth bee, decision ant: 1, 50.0\u00A0%");
    assert_string_equal(p->first->title, "Decisions");
    static const double often[] = {.1, .8, .1, .2, .7, .1, .8, .1, .1, .1, .8, .1};
    static const int of[] = {0, 0, 2, 1};
    p = new_page(*state);
    r = result_of(p->arena, often, of, 4, 3);
    rb_show_class_confusion(p, &r);
    assert_string_equal(reading_of(p), "The most frequent mistake: 2 pictures of class ant taken for bee.");
    static const double right[] = {.9, .1, 0, .1, .8, .1, .1, 0, .9};
    static const int label[] = {0, 1, 2};
    p = new_page(*state);
    r = result_of(p->arena, right, label, 3, 3);
    r.name = "A";
    rb_show_class_confusion(p, &r);
    assert_string_equal(reading_of(p), "Every picture is taken for what it is.");
    assert_string_equal(p->first->title, "Decisions, A");
}

// Of class c, the first c % 40 of 40 pictures are taken for the next class: 195 kinds of mistakes.
static void decisions_of_many_classes_are_a_table(void **state)
{
    enum { CLASSES = 200, EACH = 40, N = CLASSES * EACH };
    rb_page *p = new_page(*state);
    double *s = RB_NEW(p->arena, double, (ptrdiff_t)N *CLASSES);
    int *label = RB_NEW(p->arena, int, N);
    for (int i = 0; i < N; i++) {
        int c = label[i] = i / EACH;
        s[(ptrdiff_t)i * CLASSES + (i % EACH < c % 40 ? (c + 1) % CLASSES : c)] = 1;
    }
    rb_class_result r = result_of(p->arena, s, label, N, CLASSES);
    rb_show_class_confusion(p, &r);
    assert_int_equal(p->first->kind, RB_BLOCK_TABLE);
    assert_string_equal(p->first->title, "Decisions");
    assert_string_equal(reading_of(p),
                        "The most frequent mistake: 39 pictures of class 39 taken for 40. Shown are the 30 "
                        "most frequent of 195 kinds.");
    assert_int_equal(p->first->table.rows, 30);
    const char *const *row = p->first->table.row[6]; // five classes have 39 each, then five have 38
    assert_string_equal(row[0], "78");
    assert_string_equal(row[1], "79");
    assert_string_equal(row[2], "38");
    assert_string_equal(row[3], "95.0\u00A0%");
    assert_in_range(strlen(rb_page_html(p->arena, p)), 1, 100000);
}

static void how_sure(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = six(p->arena);
    rb_show_class_histogram(p, &r);
    // Right: .95 .6 .8 .75; wrong: .7 .92.
    assert_string_equal(reading_of(p), "Half of the right decisions have a probability over 0.775, half of the 2 wrong "
                                       "ones over 0.81; 1 wrong one is over 0.9.");
    check_has(p->first->figure.body, "wrong, 0.68 to 0.72: 1 picture, 50.0\u00A0% of them");
    check_has(p->first->figure.body, "right (4)");
}

// |.95 - 1| + |.6 - 1| + |.7 - 0| + |.775 - 1| 2 + |.92 - 0| over six, as .75 and .8 share a bin: 2.52 / 6.
static void probabilities_of_the_class_taken(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = six(p->arena);
    rb_show_class_reliability(p, &r, "temperature");
    check_has(reading_of(p), rb_text_format(p->arena, "off by %.1f points", 100 * r.summary->ece));
    check_has(reading_of(p),
              "on the whole 12.0 points too high. They were calibrated on val (temperature)."); // 4.72, 4
    check_has(p->first->figure.body, "1 picture: 70.0\u00A0% predicted on average, 0.0\u00A0%");
    check_has(p->first->figure.body, "of them are right");
}

// By the lead of the first over the second: .6/.3, .7/.2 (wrong), .75/.15, .8/.1, .92/.05 (wrong), .95/.03. HTER is
// (1/3 + 1/2 + 0) / 3 = 27.8 %, and a half of it is left when the fifth is seen.
static void a_second_look(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = six(p->arena);
    rb_show_class_coverage(p, &r);
    assert_string_equal(reading_of(p),
                        "If a person looked at the 5.0 % least sure (1) and made no mistake, HTER would be "
                        "27.8 % instead of 27.8 %. To halve it, 83.3 % would have to be looked at.");
}

static void each_against_the_rest(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = six(p->arena);
    rb_show_class_roc(p, &r, 1);
    // ant: .95 .6 .2 against .1 .92 .1: 7 of 9 pairs; bee: .8 .05 against .03 .3 .1 .15: 5 of 8; cat: .75 over all.
    assert_string_equal(reading_of(p),
                        "The area under the curve is from 0.6250 (class bee) to 1.0000 (class cat), 0.8009 on "
                        "average.");
    check_has(p->first->figure.body,
              "most probable · class ant · found 66.7\u00A0% of it, taken for it 33.3\u00A0% of the rest");
    check_has(p->first->figure.body,
              "most probable · class cat · found 100.0\u00A0% of it, taken for it 20.0\u00A0% of the rest");
    check_has(p->first->figure.body, "as decided");
    p = new_page(*state);
    rb_show_class_precision(p, &r, 1);
    check_has(reading_of(p), "The average precision is from 0.7000 (class bee) to 1.0000 (class cat)");
    check_has(p->first->figure.body, "class bee · finds 100.0\u00A0%, and 40.0\u00A0% of what it takes is right");
}

// Twelve classes, two pictures each; of those from 7 on the second is taken for an ant, and all five are as badly
// found.
static rb_class_result twelve(rb_arena *a)
{
    enum { CLASSES = 12 };
    double *p = RB_NEW(a, double, 2 * CLASSES * CLASSES);
    int *label = RB_NEW(a, int, 2 * CLASSES);
    for (int i = 0; i < 2 * CLASSES; i++) {
        int c = label[i] = i / 2, said = c >= 7 && i % 2 ? 0 : c;
        for (int k = 0; k < CLASSES; k++) p[i * CLASSES + k] = (k == said ? 0.5 : 0.5 / 11) - 1e-4 * c * (k == c);
    }
    return result_of(a, p, label, 2 * CLASSES, CLASSES);
}

static void of_many_the_worst_and_the_mean(void **state)
{
    rb_page *p = new_page(*state);
    rb_class_result r = twelve(p->arena);
    rb_show_class_precision(p, &r, 1);
    check_has(reading_of(p), "Shown are the 5 lowest and the mean.");
    const char *body = p->first->figure.body;
    check_has(body, ">mean of all<");
    check_has(body, ">class ant<");
    check_has(body, ">class 10<");
    assert_null(strstr(body, ">class 11<")); // of equals the first
    assert_null(strstr(body, ">class bee<"));
}

static void several_are_ranked(void **state)
{
    rb_page *p = new_page(*state);
    static const double better[] = {.1, .8, .1, .9, .1, 0, .8, .1, .1, .7, .2, .1, .1, .7, .2, .1, .1, .8};
    rb_class_result two[2] = {six(p->arena), result_of(p->arena, better, label6, 6, 3)};
    two[0].name = "A", two[1].name = "B";
    rb_show_class_roc(p, two, 2);
    assert_string_equal(reading_of(p),
                        "Greatest area under the curve, the mean of all classes, has B, 1.0000; A 0.8009.");
    assert_string_equal(p->first->title, "ROC, mean of the classes");
}

// A class without pictures has no curve, and so there is no mean; nothing is no number.
static void a_class_is_missing(void **state)
{
    static const int label[] = {0, 0, 0, 1, 1, 1}, alone[] = {1, 1, 1, 1, 1, 1};
    rb_page *p = new_page(*state);
    rb_class_result two[2] = {result_of(p->arena, p6, label, 6, 3), result_of(p->arena, p6, alone, 6, 3)}, r = two[0];
    rb_show_class_coverage(p, &r);
    rb_show_class_roc(p, two, 2);
    rb_show_class_roc(p, &two[1], 1);
    assert_int_equal(p->count, 0);
    rb_show_class_roc(p, &r, 1);
    check_has(reading_of(p), "(class ant). Classes without pictures have none.");
    assert_null(strstr(p->first->figure.body, "class cat"));
    rb_show_class_precision(p, &r, 1);
    rb_show_class_confusion(p, &r);
    rb_show_class_histogram(p, &r);
    rb_show_class_reliability(p, &r, NULL);
    const char *html = rb_page_html(p->arena, p);
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "inf"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(decisions),
        TEST(decisions_of_many_classes_are_a_table),
        TEST(how_sure),
        TEST(probabilities_of_the_class_taken),
        TEST(a_second_look),
        TEST(each_against_the_rest),
        TEST(of_many_the_worst_and_the_mean),
        TEST(several_are_ranked),
        TEST(a_class_is_missing),
    };
    return check_run("class_scores", tests);
}
