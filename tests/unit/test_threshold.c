// SPDX-License-Identifier: Apache-2.0
// test_threshold.c - rules that choose a threshold, against trying every score, and where there is a tie.
#include "base/rng.h"
#include "check.h"
#include "metric/threshold.h"
#include "numbers.h"

static rb_threshold_rule rule_of(rb_arena *a, const char *keys)
{
    rb_error err = {0};
    rb_threshold_keys k;
    rb_threshold_rule rule;
    settings_fill(a, rb_threshold_fields, &k, keys);
    check_done(rb_threshold_rule_read(&k, &rule, &err), err);
    return rule;
}

// ---- against trial
// ---------------------------------------------------------------------------------------------------

static double gap(rb_scores s, double t)
{
    rb_rates r = rb_rates_of(rb_confusion_at(s, t));
    return fabs(r.far - r.frr);
}

static double hter(rb_scores s, double t)
{
    return rb_rates_of(rb_confusion_at(s, t)).hter;
}

static double error_f1(rb_scores s, double t)
{
    return -rb_rates_of(rb_confusion_at(s, t)).f1;
}

static double frr_within_far(rb_scores s, double t)
{
    rb_rates r = rb_rates_of(rb_confusion_at(s, t));
    return r.far <= 0.07 ? r.frr + (1 - t) * -1e-6 : 2 - t; // of thresholds within, the lowest
}

static double cost(rb_scores s, double t)
{
    rb_rates r = rb_rates_of(rb_confusion_at(s, t));
    return 5 * r.far * 0.7 + 2 * r.frr * 0.3;
}

static double best_by_trial(rb_scores s, double (*loss)(rb_scores s, double t))
{
    double best = NAN, least = INFINITY;
    for (int i = 0; i < s.n; i++) {
        double l = loss(s, s.score[i]);
        bool tied = fabs(l - least) < 1e-12;
        if (tied ? s.score[i] > best : l < least) best = s.score[i], least = l;
    }
    return best;
}

static void rules_equal_trying_every_score(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        double (*loss)(rb_scores s, double t);
    } rules[] = {{"", hter},
                 {"threshold_rule=hter", hter},
                 {"threshold_rule=eer", gap},
                 {"threshold_rule=f1", error_f1},
                 {"threshold_rule=far<=0.07", frr_within_far},
                 {"threshold_rule=cost threshold_cost_fa=5 threshold_cost_fr=2 threshold_prior=0.3", cost}};
    rb_arena *a = rb_arena_open();
    for (uint32_t seed = 0; seed < 40; seed++) {
        rb_rng r = rb_rng_at(seed, RB_STREAM_SYNTH, 0, 0, 0);
        int n = 20 + (int)seed * 7, levels = seed % 2 ? 15 : 1000;
        double *score = RB_NEW(a, double, n);
        int *label = RB_NEW(a, int, n);
        for (int i = 0; i < n; i++) {
            label[i] = i < 2 ? i : rb_rng_unit(&r) < 0.3;
            score[i] = (rb_rng_below(&r, levels) + label[i] * levels / 3) / (2. * levels);
        }
        rb_scores s = {score, label, n};
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
            rb_threshold_rule rule = rule_of(a, rules[i].keys);
            rb_threshold got = rb_threshold_pick(a, s, &rule);
            if (got.threshold != best_by_trial(s, rules[i].loss))
                fail_msg("seed %u, %s: %.17g, not %.17g", seed, rules[i].keys, got.threshold,
                         best_by_trial(s, rules[i].loss));
            assert_true(got.hter == hter(s, got.threshold));
        }
    }
    rb_arena_close(a);
}

// ---- by hand
// ---------------------------------------------------------------------------------------------------------

static const double score[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8};
static const int label[] = {0, 0, 1, 0, 1, 0, 1, 1};

static double pick(rb_arena *a, const char *keys)
{
    rb_threshold_rule rule = rule_of(a, keys);
    return rb_threshold_pick(a, (rb_scores){score, label, 8}, &rule).threshold;
}

static void rules_by_hand(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    assert_true(pick(a, "threshold_rule=hter") == 0.7); // .3, .5 and .7 each cost 1/4: the highest
    assert_true(pick(a, "threshold_rule=eer") == 0.5);  // one of four each
    assert_true(pick(a, "threshold_rule=far<=0") == 0.7);
    assert_true(pick(a, "threshold_rule=far<=0.25") == 0.5);
    assert_true(pick(a, "threshold_rule=far<=1") == 0.1);
    assert_true(pick(a, "threshold_rule=f1") == 0.3); // 8/10, where .5 has 6/8 and .7 has 4/6
    assert_true(pick(a, "threshold_rule=cost threshold_cost_fa=9") == 0.7);
    assert_true(pick(a, "threshold_rule=cost threshold_cost_fr=9") == 0.3);
    assert_true(pick(a, "threshold_rule=cost threshold_prior=0.95") == 0.3); // rejects hurt more often
    assert_true(pick(a, "threshold_rule=cost threshold_prior=0.05") == 0.7);
    rb_arena_close(a);
}

static void far_that_no_score_meets_takes_the_highest(void **state)
{
    (void)state;
    static const double top[] = {0.2, 0.9, 0.9, 0.5};
    static const int of[] = {1, 0, 1, 0};
    rb_arena *a = rb_arena_open();
    rb_threshold_rule rule = rule_of(a, "threshold_rule=far<=0.1");
    assert_true(rb_threshold_pick(a, (rb_scores){top, of, 4}, &rule).threshold == 0.9);
    rb_arena_close(a);
}

static void one_class_has_no_threshold(void **state)
{
    (void)state;
    static const int ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    static const char *const rules[] = {"hter", "eer", "far<=0.1", "cost", "f1"};
    rb_arena *a = rb_arena_open();
    for (int i = 0; i < 5; i++) {
        rb_threshold_rule rule = rule_of(a, rb_text_format(a, "threshold_rule=%s", rules[i]));
        rb_threshold got = rb_threshold_pick(a, (rb_scores){score, ones, 8}, &rule);
        assert_true(isnan(got.threshold) && isnan(got.hter));
    }
    rb_arena_close(a);
}

static void rules_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        rb_threshold_keys keys;
        const char *text;
    } bad[] = {{{.text = "gmean"}, "threshold_rule: there is no 'gmean'; it is hter, eer, far<=X, cost or f1"},
               {{.text = "far"}, "there is no 'far'"},
               {{.text = "hter2"}, "there is no 'hter2'"},
               {{.text = "far<="}, "far<=: the limit is a rate"},
               {{.text = "far<=1.5"}, "far<=1.5: the limit is a rate, 0 to 1, as in far<=0.01"},
               {{.text = "far<=nan"}, "the limit is a rate"},
               {{.text = "far<=0.1x"}, "the limit is a rate"},
               {{.text = "cost"}, "threshold_cost_fa and threshold_cost_fr are both 0"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err = {0};
        rb_threshold_rule rule;
        check_failed(rb_threshold_rule_read(&bad[i].keys, &rule, &err), err, RB_ERR_USAGE, bad[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_equal_trying_every_score),
        cmocka_unit_test(rules_by_hand),
        cmocka_unit_test(far_that_no_score_meets_takes_the_highest),
        cmocka_unit_test(one_class_has_no_threshold),
        cmocka_unit_test(rules_that_make_no_sense_are_refused),
    };
    return check_run("threshold", tests);
}
