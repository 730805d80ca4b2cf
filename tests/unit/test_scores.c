// SPDX-License-Identifier: Apache-2.0
// test_scores.c - figures of scores say what can be worked out by hand.
#include "check.h"
#include "folder.h"
#include "readings.h"

#include "report/scores.h"

static const double score[] = {0.1, 0.4, 0.8, 0.25, 0.7, 0.9};
static const int label[] = {0, 0, 0, 1, 1, 1};
static const char *const classes[] = {"no", "yes"};
static const rb_result six = {.name = "test", .colour = 2, .scores = {score, label, 6}, .threshold = 0.5};

static void decisions(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_confusion(p, &six, classes);
    assert_string_equal(reading_of(p), "Of 3 pictures of class no, 1 is accepted (FAR 33.3 %); of 3 of class yes, 1 is "
                                       "rejected (FRR 33.3 %).");
    check_has(p->first->figure.body, "truth no, decision yes: 1, 33.3\u00A0%");
    check_has(p->first->figure.body, "truth yes, decision yes: 2, 66.7\u00A0%");
    rb_result high = six;
    high.threshold = 0.85; // errors of one kind alone
    p = new_page(*state);
    rb_show_confusion(p, &high, classes);
    assert_string_equal(reading_of(p),
                        "Of 3 pictures of class no, 0 are accepted (FAR 0.0 %); of 3 of class yes, 2 are "
                        "rejected (FRR 66.7 %).");
}

// Of nine pairs the positive is higher in six.
static void roc(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_roc(p, &six, 1);
    assert_string_equal(reading_of(p),
                        "Of a picture of each class, the model gives the one to be accepted the higher score "
                        "in 66.7 % of all pairs (area under the curve 0.6667).");
    check_has(p->first->figure.body, "chosen threshold · test · FAR 33.3\u00A0%, FRR 33.3\u00A0%, threshold 0.5");
}

static void det(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_det(p, &six, 1);
    check_has(reading_of(p),
              "equally frequent at 33.3 % (EER). The smaller class has 3 pictures: one of them is 33.3 %");
}

// Each class is as frequent as the other: label 1 is looked for. Ranks 1, 3 and 5 of six: (1/1 + 2/3 + 3/5) / 3.
static void precision(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_precision_recall(p, &six, 1, classes);
    assert_string_equal(reading_of(p),
                        "For class yes, 50.0 % of the pictures: average precision 0.7556, where guessing has "
                        "0.5000.");
}

// The rarer class is class no: its scores are turned around. 0.1 is right, so is 0.2: all of them are found first.
static void the_rare_class_is_looked_for(void **state)
{
    static const double few[] = {0.1, 0.2, 0.7, 0.8, 0.9};
    static const int rare[] = {0, 0, 1, 1, 1};
    rb_page *p = new_page(*state);
    rb_show_precision_recall(p, &(rb_result){.scores = {few, rare, 5}, .threshold = 0.5}, 1, classes);
    assert_string_equal(reading_of(p),
                        "For class no, 40.0 % of the pictures: average precision 1.0000, where guessing has "
                        "0.4000.");
}

static void other_thresholds(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_sweep(p, &six);
    check_has(reading_of(p), "The chosen threshold 0.5 has HTER 33.3 %; no other would have had a lower one");
    rb_result low = six;
    low.threshold = 0.05; // all are accepted
    p = new_page(*state);
    rb_show_sweep(p, &low);
    check_has(reading_of(p),
              "The chosen threshold 0.05 has HTER 50.0 %; on these pictures 0.9 would have had 33.3 %. From 0.1 "
              "to 0.9 it is at most one point worse.");
}

// The chosen one is a score itself; at 0.3 and at 0.6 one more picture is decided wrongly.
static void a_threshold_that_is_a_score(void **state)
{
    static const double own[] = {0.2, 0.6, 0.3, 0.4, 0.8, 0.9};
    rb_page *p = new_page(*state);
    rb_show_sweep(p, &(rb_result){.scores = {own, label, 6}, .threshold = 0.4});
    check_has(reading_of(p), "The chosen threshold 0.4 has HTER 16.7 %; no other would have had a lower one on these "
                             "pictures. The next score on either side would be more than one point worse.");
}

static void spread(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_histogram(p, &six, classes);
    assert_string_equal(reading_of(p),
                        "Half of class no scores under 0.4, half of class yes over 0.7. On the wrong side of the "
                        "line are 33.3 % of class no and 33.3 % of class yes.");
    check_has(p->first->figure.body, "class yes, 0.24 to 0.28: 1 picture, 33.3\u00A0% of them");
}

// 15 bins hold the six one by one: |0.1| + |0.4| + |0.8| + |1 - 0.25| + |1 - 0.7| + |1 - 0.9| = 2.45, over six.
static void probabilities(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_reliability(p, &six, NULL);
    check_has(reading_of(p),
              "off by 40.8 points on average (ECE, 15 equal bins), on the whole 2.5 points too high. They are not "
              "calibrated: what sampler");
    p = new_page(*state);
    rb_show_reliability(p, &six, "platt");
    check_has(reading_of(p), "too high. They were calibrated on val (platt).");
    check_has(p->first->figure.body, "1 picture: 25.0\u00A0% predicted on average, 100.0\u00A0%");
}

// A bin takes its upper end and not its lower one, and the first one takes 0.
static void bins_are_those_of_the_calibration_error(void **state)
{
    static const double own[] = {0, 0.05, 1.0 / 15, 0.07, 1};
    static const int ones[] = {0, 0, 1, 1, 1};
    rb_page *p = new_page(*state);
    rb_show_reliability(p, &(rb_result){.scores = {own, ones, 5}, .threshold = 0.5}, NULL);
    check_has(p->first->figure.body, "\"3 pictures: 3.9\u00A0% predicted on average, 33.3\u00A0%");
    check_has(p->first->figure.body, "|1 picture: 7.0\u00A0% predicted");
    check_has(p->first->figure.body, "|1 picture: 100.0\u00A0% predicted");
}

// From the threshold outwards: 0.4, 0.7, 0.25 (wrong), 0.8 (wrong). Half of the errors are gone after the third.
static void a_second_look(void **state)
{
    rb_page *p = new_page(*state);
    rb_show_coverage(p, &six);
    check_has(reading_of(p),
              "nearest to the threshold (1) and made no mistake, HTER would be 33.3 % instead of 33.3 %. To halve "
              "it, 50.0 % would have to be looked at.");
    static const double right[] = {0.1, 0.9};
    static const int both[] = {0, 1};
    p = new_page(*state);
    rb_show_coverage(p, &(rb_result){.scores = {right, both, 2}, .threshold = 0.5});
    check_has(reading_of(p), "No decision is wrong");
}

static void several_are_ranked(void **state)
{
    static const double better[] = {0.1, 0.2, 0.3, 0.6, 0.7, 0.9};
    rb_result two[2] = {six, {.name = "other", .colour = 3, .scores = {better, label, 6}, .threshold = 0.5}};
    rb_page *p = new_page(*state);
    rb_show_roc(p, two, 2);
    assert_string_equal(reading_of(p), "Greatest area under the curve has other, 1.0000; test 0.6667.");
    p = new_page(*state);
    rb_show_hter_sweep(p, two, 2);
    check_has(reading_of(p), "test by 0.0 points, other by 0.0 points.");
}

// A part of one class has no curves, and nothing that is not a number.
static void one_class_alone(void **state)
{
    static const int ones[] = {1, 1, 1, 1, 1, 1};
    rb_result r = {.name = "test", .scores = {score, ones, 6}, .threshold = 0.5};
    rb_page *p = new_page(*state);
    rb_show_roc(p, &r, 1);
    rb_show_det(p, &r, 1);
    rb_show_precision_recall(p, &r, 1, classes);
    rb_show_sweep(p, &r);
    rb_show_coverage(p, &r);
    assert_int_equal(p->count, 0);
    rb_show_confusion(p, &r, classes);
    rb_show_histogram(p, &r, classes);
    rb_show_reliability(p, &r, NULL);
    const char *html = rb_page_html(p->arena, p);
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "inf"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(decisions),
        TEST(roc),
        TEST(det),
        TEST(precision),
        TEST(the_rare_class_is_looked_for),
        TEST(other_thresholds),
        TEST(a_threshold_that_is_a_score),
        TEST(spread),
        TEST(probabilities),
        TEST(bins_are_those_of_the_calibration_error),
        TEST(a_second_look),
        TEST(several_are_ranked),
        TEST(one_class_alone),
    };
    return check_run("scores", tests);
}
