// SPDX-License-Identifier: Apache-2.0
// test_classes.c - K classes against scikit-learn, and against what two classes say.
#include "check.h"
#include "judged.h"
#include "metric/classes.h"

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
    for (int k = 0; k < i->count; k++)
        if (!strcmp(i->of[k].figure, figure)) return &i->of[k];
    fail_msg("no interval of %s", figure);
    return NULL;
}

// The bootstrap draws within labels: the macro recall is the mean of independent rates, whose spread is known.
static void intervals_agree_with_what_is_known_of_means(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_class_scores s = class_scores_read(a, "multiclass_240x4");
    rb_class_summary m = rb_class_summarise(a, s);
    rb_intervals got = rb_class_intervals_of(a, s, &(rb_bootstrap){.resamples = 2000});
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
    assert_int_equal(rb_class_intervals_of(a, s, &(rb_bootstrap){0}).count, s.k + 1); // Wilson alone
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_equal_scikit_learn),
        cmocka_unit_test(two_columns_equal_two_classes),
        cmocka_unit_test(a_class_without_pictures_leaves_macro_figures_unsaid),
        cmocka_unit_test(intervals_agree_with_what_is_known_of_means),
    };
    return check_run("classes", tests);
}
