// SPDX-License-Identifier: Apache-2.0
// test_classes.c - K classes against scikit-learn, and against what two classes say.
#include "check.h"
#include "judged.h"
#include "metric/figures.h"

static rb_class_scores class_scores_read(rb_arena *a, const char *name)
{
    numbers n = numbers_read(a, golden(a, name, ".csv"));
    int k = n.columns - 1;
    double *p = RB_NEW(a, double, (ptrdiff_t)n.rows *k);
    int *label = RB_NEW(a, int, n.rows);
    for (int i = 0; i < n.rows; i++) {
        label[i] = (int)numbers_row(&n, i)[0];
        for (int c = 0; c < k; c++) p[i * k + c] = numbers_row(&n, i)[1 + c];
    }
    return (rb_class_scores){p, label, n.rows, k};
}

static void figures_equal_scikit_learn(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    json_t *want = results_read(a, "multiclass_240x4");
    rb_class_summary got = rb_class_summarise(a, class_scores_read(a, "multiclass_240x4"));
    const struct {
        const char *key;
        double value;
    } figures[] = {{"accuracy", got.accuracy},
                   {"micro_f1", got.accuracy}, // of one label a picture these are the same
                   {"balanced_accuracy", got.macro_recall},
                   {"balanced_accuracy", 1 - got.hter},
                   {"macro_precision", got.macro_precision},
                   {"macro_f1", got.macro_f1},
                   {"weighted_f1", got.weighted_f1},
                   {"mcc", got.mcc},
                   {"roc_auc_ovr_macro", got.roc_auc},
                   {"average_precision_macro", got.average_precision},
                   {"log_loss", got.log_loss},
                   {"brier", got.brier},
                   {"ece", got.ece}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        check_near(figures[i].key, figures[i].value, json_number_value(json_object_get(want, figures[i].key)), 1e-12,
                   0);

    json_t *rows = json_object_get(want, "confusion_rows_true"), *by_class = json_object_get(want, "by_class");
    for (int y = 0; y < 4; y++) {
        const rb_class_figures *c = &got.of[y];
        for (int t = 0; t < 4; t++)
            assert_int_equal(got.confusion[y * 4 + t],
                             json_integer_value(json_array_get(json_array_get(rows, (size_t)y), (size_t)t)));
        check_near("precision", c->rates.precision, item_of(by_class, "precision", y), 1e-12, 0);
        check_near("recall", c->rates.recall, item_of(by_class, "recall", y), 1e-12, 0);
        check_near("f1", c->rates.f1, item_of(by_class, "f1", y), 1e-12, 0);
        assert_int_equal(c->rates.support, (int)item_of(by_class, "support", y));
        check_near("roc auc", c->roc_auc, item_of(want, "roc_auc_ovr", y), 1e-12, 0);
        check_near("average precision", c->average_precision, item_of(want, "average_precision", y), 1e-12, 0);
    }
    json_decref(want);
    rb_arena_close(a);
}

// Two columns say what one does: HTER, macro figures and mcc at 1/2, where no score is exactly that.
static void two_columns_equal_two_classes(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_read(a, "random_1000_imbalanced");
    double *p = RB_NEW(a, double, 2 * s.n);
    for (int i = 0; i < s.n; i++) p[2 * i] = 1 - s.score[i], p[2 * i + 1] = s.score[i];
    rb_summary two = rb_summarise(a, s, 0.5);
    rb_class_summary got = rb_class_summarise(a, (rb_class_scores){p, s.label, s.n, 2});
    check_near("hter", got.hter, two.rates.hter, 1e-12, 0);
    check_near("macro f1", got.macro_f1, two.macro_f1, 1e-12, 0);
    check_near("macro precision", got.macro_precision, two.macro_precision, 1e-12, 0);
    check_near("mcc", got.mcc, two.rates.mcc, 1e-12, 0);
    check_near("roc auc", got.roc_auc, two.roc_auc, 1e-12, 0);
    check_near("log loss", got.log_loss, two.log_loss, 1e-12, 0);
    check_near("brier", got.brier, 2 * two.brier, 1e-12, 0);
    rb_arena_close(a);
}

static void a_class_without_pictures_leaves_macro_figures_unsaid(void **state)
{
    (void)state;
    static const double p[] = {.5, .3, .2, .1, .8, .1, .5, .5, 0};
    static const int label[] = {0, 1, 1};
    rb_arena *a = rb_arena_open();
    rb_class_summary got = rb_class_summarise(a, (rb_class_scores){p, label, 3, 3});
    assert_true(isnan(got.hter) && isnan(got.roc_auc) && isnan(got.of[2].rates.recall));
    assert_int_equal(got.confusion[1 * 3 + 0], 1); // of equals the first is taken
    check_near("accuracy", got.accuracy, 2 / 3., 1e-15, 0);
    assert_true(isfinite(got.log_loss) && isfinite(got.macro_f1));
    rb_arena_close(a);
}

static const rb_bounded *find(const rb_intervals *i, const char *figure)
{
    const rb_bounded *found = rb_intervals_find(i, figure);
    if (!found) fail_msg("no interval of %s", figure);
    return found;
}

// The bootstrap draws within labels: the macro recall is the mean of independent rates, whose spread is known.
static void intervals_agree_with_what_is_known_of_means(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_class_scores s = class_scores_read(a, "multiclass_240x4");
    rb_class_summary m = rb_class_summarise(a, s);
    rb_intervals got = rb_class_intervals_of(a, s, &m, &(rb_bootstrap){.resamples = 2000});
    double variance = 0;
    for (int c = 0; c < s.k; c++) {
        double r = m.of[c].rates.recall;
        variance += r * (1 - r) / (double)m.of[c].rates.support / (s.k * s.k);
        char name[32];
        snprintf(name, sizeof name, "recall_%d", c);
        assert_true(find(&got, name)->value == r);
    }
    const rb_bounded *hter = find(&got, "hter"), *auc = find(&got, "roc_auc_ovr_macro");
    check_near("half the width", (hter->at.high - hter->at.low) / 2, 1.96 * sqrt(variance), 0.06, 0);
    check_near("middle", (hter->at.high + hter->at.low) / 2, m.hter, 0.02, 0);
    assert_true(auc->value == m.roc_auc && auc->at.low < m.roc_auc && auc->at.high > m.roc_auc);
    assert_true(auc->at.high - auc->at.low < 0.12);
    rb_intervals formulas = rb_class_intervals_of(a, s, &m, &(rb_bootstrap){0}); // of recalls, accuracy and HTER
    assert_int_equal(formulas.count, s.k + 2);
    check_near("by formula", find(&formulas, "hter")->at.low, hter->at.low, 0.05, 0);
    rb_arena_close(a);
}

// No resample has an error that the data have not: the HTER of no errors would be sure to be 0.
static void no_errors_leave_room(void **state)
{
    (void)state;
    static const double p[] = {.8, .1, .1, .7, .2, .1, .1, .8, .1, .2, .6, .2, .1, .1, .8, .1, .2, .7};
    static const int label[] = {0, 0, 1, 1, 2, 2};
    rb_arena *a = rb_arena_open();
    rb_class_scores s = {p, label, 6, 3};
    rb_class_summary m = rb_class_summarise(a, s);
    rb_intervals got = rb_class_intervals_of(a, s, &m, &(rb_bootstrap){.resamples = 50});
    const rb_bounded *hter = find(&got, "hter");
    double wilson = rb_wilson(0, 2).high; // a third of the root of three of its squares
    assert_string_equal(hter->method, "wilson, each recall");
    assert_true(hter->value == 0 && hter->at.low == 0);
    check_near("high", hter->at.high, wilson / sqrt(3), 1e-12, 0);
    rb_arena_close(a);
}

// Two groups of each class, all right: four pictures of them say no more than two groups do.
static void groups_without_errors_leave_room(void **state)
{
    (void)state;
    enum { N = 12 };
    rb_arena *a = rb_arena_open();
    double p[N][3];
    int label[N], group[N];
    for (int i = 0; i < N; i++) {
        label[i] = i / 4;
        group[i] = i / 2;
        for (int c = 0; c < 3; c++) p[i][c] = c == label[i] ? 0.8 : 0.1;
    }
    rb_outputs o = {*p, label, N, 3};
    rb_bootstrap b = {50, group};
    rb_figures f = rb_figures_of(a, o, NAN);
    rb_intervals got = rb_figures_intervals(a, o, &f, &b);
    double lack = rb_wilson(0, 2).high;
    for (int c = 0; c < 3; c++) {
        check_near("low", f.many.of[c].recall_interval.low, 1 - lack, 1e-12, 0);
        assert_true(f.many.of[c].recall_interval.high == 1);
    }
    assert_string_equal(find(&got, "recall_1")->method, "wilson over groups");
    assert_string_equal(find(&got, "hter")->method, "by group, each recall");
    check_near("hter", find(&got, "hter")->at.high, lack / sqrt(3), 1e-12, 0);
    assert_true(find(&got, "hter")->at.low == 0);
    check_near("accuracy", find(&got, "accuracy")->at.low, rb_wilson(6, 6).low, 1e-12, 0);

    p[0][1] = 0.9; // class 0 has an error, and of it alone resamples can speak
    f = rb_figures_of(a, o, NAN);
    got = rb_figures_intervals(a, o, &f, &b);
    assert_string_equal(find(&got, "recall_0")->method, "bootstrap by group");
    assert_string_equal(find(&got, "recall_2")->method, "wilson over groups");
    assert_string_equal(find(&got, "accuracy")->method, "bootstrap by group");
    assert_true(find(&got, "hter")->at.low < f.hter && find(&got, "hter")->at.high > f.hter);
    rb_arena_close(a);
}

// Pictures that are there four times are no more than once: by group the intervals stay, Wilson's shrink to a half.
static void copies_in_a_group_are_no_pictures(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_class_scores one = class_scores_read(a, "multiclass_240x4");
    int n = 4 * one.n, *label = RB_NEW(a, int, n), *group = RB_NEW(a, int, n), *alone = RB_NEW(a, int, one.n);
    double *p = RB_NEW(a, double, (ptrdiff_t)n *one.k);
    for (int i = 0; i < n; i++) {
        label[i] = one.label[i / 4];
        group[i] = i / 4;
        alone[i / 4] = i / 4;
        memcpy(p + (ptrdiff_t)i * one.k, one.p + (ptrdiff_t)(i / 4) * one.k, (size_t)one.k * sizeof *p);
    }
    rb_outputs copied = {p, label, n, one.k}, single = {one.p, one.label, one.n, one.k};
    rb_figures f = rb_figures_of(a, copied, NAN), g = rb_figures_of(a, single, NAN);
    rb_interval independent = f.many.of[0].recall_interval;
    rb_intervals got = rb_figures_intervals(a, copied, &f, &(rb_bootstrap){2000, group});
    (void)rb_figures_intervals(a, single, &g, &(rb_bootstrap){2000, alone});
    assert_int_equal(f.groups, one.n);
    for (int c = 0; c < one.k; c++) {
        check_near("low", f.many.of[c].recall_interval.low, g.many.of[c].recall_interval.low, 1e-12, 0);
        check_near("high", f.many.of[c].recall_interval.high, g.many.of[c].recall_interval.high, 1e-12, 0);
    }
    double width = f.many.of[0].recall_interval.high - f.many.of[0].recall_interval.low, r = g.many.of[0].rates.recall;
    double step = 1 / (double)g.many.of[0].rates.support, normal = 2 * 1.96 * sqrt(r * (1 - r) * step);
    check_near("as of single ones", width, normal, 0, step); // shares of a resample are whole steps
    check_near("half of it", independent.high - independent.low, normal / 2, 0.02, 0);
    assert_true(find(&got, "recall_3")->at.low == f.many.of[3].recall_interval.low);
    assert_string_equal(find(&got, "recall_3")->method, "bootstrap by group");
    (void)rb_figures_intervals(a, copied, &f, &(rb_bootstrap){0, group});
    assert_true(isnan(f.many.of[0].recall_interval.low)); // nothing drawn, nothing said
    rb_arena_close(a);
}

static void many_classes_over_many_pictures_get_fewer_resamples(void **state)
{
    (void)state;
    assert_int_equal(rb_resamples_for(1000, 3), RB_RESAMPLES);
    assert_int_equal(rb_resamples_for(100000, 50), 400); // 2e9 pictures of classes in all
    assert_int_equal(rb_resamples_for(1000000, 100), 200);
    assert_int_equal(rb_resamples_for(1000000, 1), RB_RESAMPLES); // two classes
}

// The areas under the mean curves are the means of the areas.
static void mean_curves_have_the_mean_areas(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_class_scores s = class_scores_read(a, "multiclass_240x4");
    rb_class_summary m = rb_class_summarise(a, s);
    rb_line roc = rb_class_macro_roc(a, s), pr = rb_class_macro_pr(a, s);
    double area = 0, mean = 0;
    assert_int_equal(roc.count, RB_MACRO_STEPS + 1);
    for (int i = 1; i < roc.count; i++) {
        assert_true(roc.y[i] >= roc.y[i - 1]);
        area += (roc.y[i] + roc.y[i - 1]) / 2 / RB_MACRO_STEPS;
        mean += pr.y[i] / RB_MACRO_STEPS; // the precision with which a recall of up to x[i] is reached
    }
    assert_true(roc.x[RB_MACRO_STEPS] == 1 && roc.y[RB_MACRO_STEPS] == 1);
    check_near("area", area, m.roc_auc, 0, 0.5 / RB_MACRO_STEPS);
    check_near("average precision", mean, m.average_precision, 0, 1.0 / RB_MACRO_STEPS);
    rb_arena_close(a);
}

// Class 0: .9 is of it, .8 is not, .5 is, .1 is not. False ones 0, 1/2, 1; true ones rise at 0 and at 1/2.
static void mean_curves_by_hand(void **state)
{
    (void)state;
    static const double p[] = {.9, .1, 0, .8, .1, .1, .5, .1, .4, .1, .2, .7};
    static const int label[] = {0, 1, 0, 2};
    rb_arena *a = rb_arena_open();
    rb_class_scores s = {p, label, 4, 3};
    rb_line roc = rb_class_macro_roc(a, s), pr = rb_class_macro_pr(a, s);
    // Class 1 (of .1 .1 .1 .2 the second): at .2 a false one, then all three at once. Class 2: .7 is the highest.
    check_near("at 0", roc.y[0], (0.5 + 0 + 1) / 3, 1e-12, 0);
    check_near("at a half", roc.y[RB_MACRO_STEPS / 2], (1 + (0.5 - 1 / 3.) / (2 / 3.) + 1) / 3, 1e-12, 0);
    check_near("precision at a half", pr.y[RB_MACRO_STEPS / 2], (1 + 0.25 + 1) / 3, 1e-12, 0);
    check_near("precision at 1", pr.y[RB_MACRO_STEPS], (2 / 3. + 0.25 + 1) / 3, 1e-12, 0);
    s.n = 3; // class 2 is missing
    assert_int_equal(rb_class_macro_roc(a, s).count, 0);
    rb_arena_close(a);
}

// Of 200 pictures of the rest 29 lie above the 200 of the class, and the curve rises at 29/200 exactly.
static void mean_curves_meet_corners_between_floats(void **state)
{
    (void)state;
    enum { N = 400, RISE = 29 };
    rb_arena *a = rb_arena_open();
    double *p = RB_NEW(a, double, 2 * N);
    int *label = RB_NEW(a, int, N);
    for (int i = 0; i < N; i++) {
        label[i] = i < N / 2;
        p[2 * i + 1] = label[i] ? 0.5 : i < N / 2 + RISE ? 0.9 : 0.1;
        p[2 * i] = 1 - p[2 * i + 1];
    }
    rb_line roc = rb_class_macro_roc(a, (rb_class_scores){p, label, N, 2});
    // Class 0 against the rest has 171 of its 200 above all, then the others at 1.
    check_near("at the rise", roc.y[RISE], (1 + 171 / 200.) / 2, 1e-12, 0);
    check_near("before it", roc.y[RISE - 1], (0 + 171 / 200.) / 2, 1e-12, 0);
    rb_line pr = rb_class_macro_pr(a, (rb_class_scores){p, label, N, 2});
    check_near("precision", pr.y[171], (1 + 200 / 229.) / 2, 1e-12, 0);
    check_near("precision past it", pr.y[172], (0.5 + 200 / 229.) / 2, 1e-12, 0);
    rb_arena_close(a);
}

// FAR and FRR by group are what all figures' intervals by group say.
static void two_classes_heed_groups_alike(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_read(a, "random_500_ties");
    int *group = RB_NEW(a, int, s.n);
    for (int i = 0; i < s.n; i++) group[i] = i / 4;
    rb_bootstrap b = {500, group};
    rb_outputs o = {s.score, s.label, s.n, 1};
    rb_figures f = rb_figures_of(a, o, 0.5);
    double wilson = f.two.far_interval.low;
    rb_intervals want = rb_figures_intervals(a, o, &f, &b);
    assert_true(f.two.far_interval.low == find(&want, "far")->at.low && f.two.far_interval.low != wilson);
    assert_true(f.two.frr_interval.high == find(&want, "frr")->at.high);
    assert_int_equal(f.groups, (s.n + 3) / 4);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_equal_scikit_learn),
        cmocka_unit_test(two_columns_equal_two_classes),
        cmocka_unit_test(a_class_without_pictures_leaves_macro_figures_unsaid),
        cmocka_unit_test(intervals_agree_with_what_is_known_of_means),
        cmocka_unit_test(no_errors_leave_room),
        cmocka_unit_test(groups_without_errors_leave_room),
        cmocka_unit_test(copies_in_a_group_are_no_pictures),
        cmocka_unit_test(two_classes_heed_groups_alike),
        cmocka_unit_test(mean_curves_have_the_mean_areas),
        cmocka_unit_test(mean_curves_by_hand),
        cmocka_unit_test(mean_curves_meet_corners_between_floats),
        cmocka_unit_test(many_classes_over_many_pictures_get_fewer_resamples),
    };
    return check_run("classes", tests);
}
