// SPDX-License-Identifier: Apache-2.0
// test_interval.c - intervals: whether they hold what they say, in simulation; the same for any number of threads.
#include "base/parallel.h"
#include "base/rng.h"
#include "check.h"
#include "judged.h"
#include "metric/interval.h"
#include "metric/resample.h"
#include "metric/species.h"

static const rb_bounded *find(const rb_intervals *i, const char *figure)
{
    const rb_bounded *found = rb_intervals_find(i, figure);
    if (!found) fail_msg("no interval of %s", figure);
    return found;
}

// n pictures of which each has label 1 with `share`; scores N(0, 1), for label 1 N(apart, 1).
static rb_scores normal_scores(rb_arena *a, uint32_t seed, int n, double share, double apart)
{
    rb_rng r = rb_rng_at(seed, RB_STREAM_SYNTH, 0, 0, 0);
    double *score = RB_NEW(a, double, n);
    int *label = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) {
        label[i] = i < share * n;
        score[i] = apart * label[i] + rb_rng_normal(&r);
    }
    return (rb_scores){score, label, n};
}

// ---- the machinery ------------------------------------------------------------------------------------------------

// Weights of one are the data themselves: what the walk says of them is what is said without it.
static void a_resample_of_all_once_says_the_same(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "tiny_ties", "random_500_ties", "random_1000_imbalanced", "chance_300_coarse_ties", "all_tied", "inverted"};
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 6; i++) {
        rb_scores s = scores_read(a, cases[i]);
        rb_summary want = rb_summarise(a, s, 0.5);
        rb_units u = rb_units_of(a, s.label, NULL, s.n, 2);
        rb_weighable w = rb_weighable_of(a, s, 0.5, &u);
        uint32_t *once = RB_NEW(a, uint32_t, s.n), *thrice = RB_NEW(a, uint32_t, s.n);
        for (int k = 0; k < s.n; k++) once[k] = 1, thrice[k] = 3;
        double got[RB_RESAMPLED], more[RB_RESAMPLED];
        rb_weigh(&w, once, got);
        rb_weigh(&w, thrice, more);
        const double figures[RB_RESAMPLED] = {
            [RB_HTER] = want.rates.hter,
            [RB_FAR] = want.rates.far,
            [RB_FRR] = want.rates.frr,
            [RB_ACCURACY] = want.rates.accuracy,
            [RB_PRECISION] = want.rates.precision,
            [RB_RECALL] = want.rates.recall,
            [RB_F1] = want.rates.f1,
            [RB_MCC] = want.rates.mcc,
            [RB_ROC_AUC] = want.roc_auc,
            [RB_AVERAGE_PRECISION] = want.average_precision,
            [RB_EER] = want.eer,
            [RB_LOG_LOSS] = want.log_loss,
            [RB_BRIER] = want.brier,
        };
        for (int f = 0; f < RB_RESAMPLED; f++) {
            check_near(rb_resampled_names[f], got[f], figures[f], 1e-12, 1e-15);
            check_near(rb_resampled_names[f], more[f], figures[f], 1e-12, 1e-15);
        }
        rb_confusion at;
        check_near("area", rb_weigh_auc(&w, once, &at), want.roc_auc, 1e-12, 0);
        assert_memory_equal(&at, &want.confusion, sizeof at);
    }
    rb_arena_close(a);
}

typedef struct tally {
    int units;
    double *sum, *squares; // [units]
} tally;

// Of one thread.
static void add_weights(const void *judged, const uint32_t *weight, double *out)
{
    const tally *t = judged;
    for (int i = 0; i < t->units; i++) {
        t->sum[i] += weight[i];
        t->squares[i] += (double)weight[i] * weight[i];
    }
    *out = 0;
}

// Over many resamples every unit comes once on average, with the variance of draws with replacement, 1 - 1/m among m.
static void draws_are_within_strata_and_fair(void **state)
{
    (void)state;
    enum { N = 30, RESAMPLES = 20000 };
    rb_arena *a = rb_arena_open();
    int label[N];
    for (int i = 0; i < N; i++) label[i] = i % 3 == 0; // 10 ones, 20 zeros
    rb_units u = rb_units_of(a, label, NULL, N, 2);
    static const int first[] = {0, 20, 30, 30};
    assert_memory_equal(u.first, first, sizeof first);
    for (int i = 0; i < N; i++) assert_int_equal(u.of_row[i] >= 20, label[i]);

    rb_interval unused;
    tally t = {N, RB_NEW(a, double, N), RB_NEW(a, double, N)};
    rb_parallel_threads(1);
    rb_resample(&u, RESAMPLES, add_weights, &t, 1, &unused);
    rb_parallel_threads(rb_parallel_cores());
    for (int i = 0; i < N; i++) {
        double mean = t.sum[i] / RESAMPLES, variance = t.squares[i] / RESAMPLES - mean * mean;
        check_near("mean", mean, 1, 0, 4 / sqrt(RESAMPLES));
        check_near("variance", variance, 1 - (i < 20 ? 1 / 20. : 1 / 10.), 0, 4 * sqrt(3. / RESAMPLES));
    }
    rb_arena_close(a);
}

static void rows_without_a_group_are_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"b", NULL, "a", "b", "", "a", NULL};
    static const char *const none[] = {NULL, "", NULL};
    rb_arena *a = rb_arena_open();
    int groups;
    const int *id = rb_group_ids(a, names, 7, &groups);
    assert_int_equal(groups, 5);
    assert_true(id[0] == id[3] && id[2] == id[5]);
    int seen[5] = {0};
    for (int i = 0; i < 7; i++) seen[id[i]]++;
    for (int g = 0; g < 5; g++) assert_int_equal(seen[g], g < 2 ? 2 : 1);
    assert_null(rb_group_ids(a, none, 3, &groups));
    rb_arena_close(a);
}

static void weight_sums(const void *judged, const uint32_t *weight, double *out)
{
    const rb_units *u = judged;
    for (int s = 0; s < u->strata; s++) {
        out[s] = 0;
        for (int i = u->first[s]; i < u->first[s + 1]; i++) out[s] += weight[i];
    }
}

// Groups of one label each are drawn among their like, groups of both labels among theirs.
static void groups_are_drawn_whole(void **state)
{
    (void)state;
    static const int label[] = {0, 0, 1, 1, 0, 1, 0, 1, 1, 0}, group[] = {0, 0, 1, 1, 2, 2, 3, 4, 5, 5};
    rb_arena *a = rb_arena_open();
    rb_units u = rb_units_of(a, label, group, 10, 2);
    static const int first[] = {0, 2, 4, 6};
    assert_memory_equal(u.first, first, sizeof first);
    assert_true(u.of_row[0] == u.of_row[1] && u.of_row[2] == u.of_row[3] && u.of_row[4] == u.of_row[5]);
    assert_true(u.of_row[8] == u.of_row[9] && u.of_row[8] >= 4 && u.of_row[4] >= 4 && u.of_row[8] != u.of_row[4]);
    rb_interval at[3];
    rb_resample(&u, 500, weight_sums, &u, 3, at);
    for (int s = 0; s < 3; s++) assert_true(at[s].low == 2 && at[s].high == 2);
    rb_arena_close(a);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_read(a, "random_500_ties");
    rb_bootstrap b = {.resamples = 301};
    rb_parallel_threads(1);
    rb_intervals one = rb_intervals_of(a, s, 0.5, &b);
    rb_parallel_threads(3);
    rb_intervals three = rb_intervals_of(a, s, 0.5, &b);
    rb_parallel_threads(rb_parallel_cores());
    assert_int_equal(one.count, three.count);
    for (int i = 0; i < one.count; i++)
        assert_true(one.of[i].at.low == three.of[i].at.low && one.of[i].at.high == three.of[i].at.high);
    rb_arena_close(a);
}

// ---- what is said -------------------------------------------------------------------------------------------------

static void every_figure_lies_in_its_interval(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_read(a, "random_1000_imbalanced");
    rb_summary m = rb_summarise(a, s, 0.5);
    rb_intervals got = rb_intervals_of(a, s, 0.5, &(rb_bootstrap){.resamples = 500});
    for (int i = 0; i < got.count; i++)
        if (!(got.of[i].at.low < got.of[i].value && got.of[i].value < got.of[i].at.high))
            fail_msg("%s: %g is not within %g %g", got.of[i].figure, got.of[i].value, got.of[i].at.low,
                     got.of[i].at.high);
    assert_true(find(&got, "hter")->value == m.rates.hter && find(&got, "eer")->value == m.eer);
    assert_true(find(&got, "mcc")->value == m.rates.mcc && find(&got, "brier")->value == m.brier);
    assert_true(find(&got, "average_precision")->value == m.average_precision);
    assert_string_equal(find(&got, "far")->method, "wilson");
    assert_string_equal(find(&got, "roc_auc")->method, "delong");
    assert_string_equal(find(&got, "hter")->method, "bootstrap");
    rb_arena_close(a);
}

// Where a class has no error no resample has one: the interval must not shrink to a point.
static void no_errors_leave_a_width(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores s = scores_read(a, "perfect");
    rb_intervals got = rb_intervals_of(a, s, 0.5, &(rb_bootstrap){.resamples = 200});
    const rb_bounded *hter = find(&got, "hter");
    double far = rb_wilson(0, 3).high, frr = rb_wilson(0, 2).high;
    assert_string_equal(hter->method, "wilson, both rates");
    assert_true(hter->value == 0 && hter->at.low == 0);
    check_near("high", hter->at.high, sqrt(far * far + frr * frr) / 2, 1e-12, 0);
    rb_arena_close(a);
}

// Three groups of label 0 and two of label 1, several pictures each.
static void groups_without_errors_leave_a_width(void **state)
{
    (void)state;
    static const int label[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1}, group[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4};
    double score[] = {.1, .2, .3, .1, .2, .3, .7, .8, .9, .7};
    rb_arena *a = rb_arena_open();
    rb_scores s = {score, label, 10};
    rb_bootstrap b = {.resamples = 100, .group = group};
    double far = rb_wilson(0, 3).high, frr = rb_wilson(0, 2).high;
    rb_intervals got = rb_intervals_of(a, s, 0.5, &b);
    check_near("far", find(&got, "far")->at.high, far, 1e-12, 0);
    check_near("frr", find(&got, "frr")->at.high, frr, 1e-12, 0);
    check_near("recall", find(&got, "recall")->at.low, 1 - frr, 1e-12, 0);
    check_near("accuracy", find(&got, "accuracy")->at.low, rb_wilson(5, 5).low, 1e-12, 0);
    check_near("hter", find(&got, "hter")->at.high, sqrt(far * far + frr * frr) / 2, 1e-12, 0);
    assert_string_equal(find(&got, "far")->method, "wilson over groups");
    assert_string_equal(find(&got, "hter")->method, "by group, both rates");

    for (int i = 6; i < 10; i++) score[i] = 0.1; // label 1 has no hit, label 0 an error in one of its groups
    score[0] = 0.9;
    got = rb_intervals_of(a, s, 0.5, &b);
    assert_string_equal(find(&got, "far")->method, "bootstrap by group");
    check_near("frr of 1", find(&got, "frr")->at.low, 1 - frr, 1e-12, 0);
    check_near("recall of 0", find(&got, "recall")->at.high, frr, 1e-12, 0);
    assert_true(find(&got, "frr")->at.high == 1 && find(&got, "recall")->at.low == 0);
    assert_true(find(&got, "hter")->at.low < find(&got, "hter")->value);
    b.resamples = 0;
    assert_int_equal(rb_intervals_of(a, s, 0.5, &b).count, 0);
    rb_arena_close(a);
}

static void one_class_has_no_intervals(void **state)
{
    (void)state;
    static const double score[] = {0.2, 0.9};
    static const int ones[] = {1, 1};
    rb_arena *a = rb_arena_open();
    assert_int_equal(rb_intervals_of(a, (rb_scores){score, ones, 2}, 0.5, &(rb_bootstrap){.resamples = 9}).count, 0);
    rb_arena_close(a);
}

// Each picture ten times over, as frames of a video are: whoever takes them for independent is too sure by the root of
// ten; groups say what one frame each would.
static void groups_widen_what_repeats(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_scores once = normal_scores(a, 3, 200, 0.3, 1.5);
    double *score = RB_NEW(a, double, 2000);
    int *label = RB_NEW(a, int, 2000), *group = RB_NEW(a, int, 2000);
    for (int i = 0; i < 2000; i++) score[i] = once.score[i / 10], label[i] = once.label[i / 10], group[i] = i / 10;
    rb_scores frames = {score, label, 2000};
    rb_intervals want = rb_intervals_of(a, once, 0.75, &(rb_bootstrap){.resamples = 2000});
    rb_intervals got = rb_intervals_of(a, frames, 0.75, &(rb_bootstrap){.resamples = 2000, .group = group});
    rb_intervals naive = rb_intervals_of(a, frames, 0.75, &(rb_bootstrap){.resamples = 2000});
    for (int i = 0; i < got.count; i++) assert_string_equal(got.of[i].method, "bootstrap by group");
    rb_interval w = find(&want, "hter")->at, g = find(&got, "hter")->at, n = find(&naive, "hter")->at;
    assert_true(g.low == w.low && g.high == w.high); // the same draws of the same units
    check_near("naive", (w.high - w.low) / (n.high - n.low), sqrt(10), 0.1, 0);
    rb_arena_close(a);
}

// ---- coverage -----------------------------------------------------------------------------------------------------

static double normal_above(double x)
{
    return erfc(x / sqrt(2)) / 2;
}

// How often the truth lies in the intervals: 95 %, within four standard errors of the simulation and, for the bootstrap
// and DeLong, the two points that such samples are known to lack.
static void intervals_cover_the_truth(void **state)
{
    (void)state;
    int trials = getenv("RAREBIT_LONG") ? 2000 : 200;
    double apart = 1.5, at = 0.9, far = normal_above(at), frr = 1 - normal_above(at - apart);
    const struct {
        const char *figure;
        double truth, lack;
    } known[] = {{"hter", (far + frr) / 2, 0.02},
                 {"roc_auc", 1 - normal_above(apart / sqrt(2)), 0.02},
                 {"roc_auc_bootstrap", 1 - normal_above(apart / sqrt(2)), 0.02},
                 {"far", far, 0},
                 {"frr", frr, 0}};
    enum { KNOWN = sizeof known / sizeof *known };
    int held[KNOWN] = {0};
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < trials; t++, rb_arena_reset(a)) {
        rb_scores s = normal_scores(a, (uint32_t)t, 400, 0.2, apart);
        rb_intervals i = rb_intervals_of(a, s, at, &(rb_bootstrap){.resamples = 400});
        for (int k = 0; k < KNOWN; k++) {
            rb_interval got = find(&i, known[k].figure)->at;
            held[k] += got.low <= known[k].truth && known[k].truth <= got.high;
        }
    }
    double room = 4 * sqrt(0.05 * 0.95 / trials);
    for (int k = 0; k < KNOWN; k++) {
        double share = held[k] / (double)trials;
        print_message("%s: %.3f\n", known[k].figure, share);
        if (share < 0.95 - known[k].lack - room || share > 0.95 + room)
            fail_msg("%s: %.3f of %d intervals hold the truth", known[k].figure, share, trials);
    }
    rb_arena_close(a);
}

// The same for rates with hardly an error, where the plain formula fails.
static void rare_errors_are_covered(void **state)
{
    (void)state;
    int trials = getenv("RAREBIT_LONG") ? 4000 : 200, held = 0;
    rb_arena *a = rb_arena_open();
    for (int t = 0; t < trials; t++, rb_arena_reset(a)) {
        rb_scores s = normal_scores(a, (uint32_t)t, 300, 0.12, 4.5);
        double at = 2.3, truth = (normal_above(at) + 1 - normal_above(at - 4.5)) / 2;
        rb_intervals i = rb_intervals_of(a, s, at, &(rb_bootstrap){.resamples = 200});
        rb_interval got = find(&i, "hter")->at;
        held += got.low <= truth && truth <= got.high;
    }
    print_message("hter: %.3f\n", held / (double)trials);
    assert_true(held / (double)trials > 0.93);
    rb_arena_close(a);
}

// ---- species ------------------------------------------------------------------------------------------------------

static void the_worst_species_speaks_for_all(void **state)
{
    (void)state;
    static const double score[] = {.9, .2, .1, .8, .7, .1, .6, .3, .9, .4};
    static const int label[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
    static const char *const species[] = {"print", "print", "print", "mask", "mask", "mask", "", "", "", ""};
    rb_arena *a = rb_arena_open();
    rb_pad got = rb_pad_of(a, (rb_scores){score, label, 10}, species, 0.5);
    assert_int_equal(got.count, 2);
    assert_string_equal(got.worst->name, "mask");
    check_near("apcer", got.apcer, 2 / 3., 1e-15, 0);
    check_near("bpcer", got.bpcer, 0.5, 1e-15, 0);
    check_near("acer", got.acer, (2 / 3. + 0.5) / 2, 1e-15, 0);
    assert_string_equal(got.of[1].name, "print");
    assert_true(got.of[1].accepted == 1 && got.of[1].attacks == 3);
    check_near("interval", got.of[0].at.low, rb_wilson(2, 3).low, 0, 0);

    static const int ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    got = rb_pad_of(a, (rb_scores){score, ones, 10}, species, 0.5);
    assert_true(!got.worst && isnan(got.apcer) && isnan(got.acer) && got.bpcer == 0.5);
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resample_of_all_once_says_the_same),
        cmocka_unit_test(draws_are_within_strata_and_fair),
        cmocka_unit_test(rows_without_a_group_are_alone),
        cmocka_unit_test(groups_are_drawn_whole),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(every_figure_lies_in_its_interval),
        cmocka_unit_test(no_errors_leave_a_width),
        cmocka_unit_test(groups_without_errors_leave_a_width),
        cmocka_unit_test(one_class_has_no_intervals),
        cmocka_unit_test(groups_widen_what_repeats),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(rare_errors_are_covered),
        cmocka_unit_test(the_worst_species_speaks_for_all),
    };
    return check_run("interval", tests);
}
