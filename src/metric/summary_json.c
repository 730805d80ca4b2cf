// SPDX-License-Identifier: Apache-2.0
// summary_json.c - a summary as the JSON object that metrics.json, checkpoints and `eval --json` hold.
#include "metric/metric.h"

#include "base/json.h"

#include <stdio.h>

void rb_interval_to_json(rb_json *j, const char *key, rb_interval i)
{
    rb_json_open(j, key, '[');
    rb_json_real(j, NULL, i.low);
    rb_json_real(j, NULL, i.high);
    rb_json_close(j);
}

static void put_counts(rb_json *j, const rb_summary *s)
{
    const struct {
        const char *key;
        int64_t value;
    } counts[] = {{"n", s->n},
                  {"positives", s->positives},
                  {"negatives", s->negatives},
                  {"tp", s->confusion.tp},
                  {"fp", s->confusion.fp},
                  {"tn", s->confusion.tn},
                  {"fn", s->confusion.fn}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) rb_json_integer(j, counts[i].key, counts[i].value);
}

static void put_frr_at_far(rb_json *j, const rb_summary *s)
{
    for (int i = 0; i < RB_FAR_LIMITS; i++) {
        char key[32];
        snprintf(key, sizeof key, "frr_at_far_%g", rb_far_limits[i]);
        rb_json_real(j, key, s->frr_at_far[i]);
    }
}

void rb_summary_members(rb_json *j, const rb_summary *s)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {{"threshold", s->threshold},
                 {"hter", s->rates.hter},
                 {"far", s->rates.far},
                 {"frr", s->rates.frr},
                 {"roc_auc", s->roc_auc},
                 {"average_precision", s->average_precision},
                 {"pr_auc", s->pr_auc},
                 {"eer", s->eer},
                 {"accuracy", s->rates.accuracy},
                 {"balanced_accuracy", s->rates.balanced_accuracy},
                 {"precision", s->rates.precision},
                 {"recall", s->rates.recall},
                 {"f1", s->rates.f1},
                 {"precision_0", s->of[0].precision},
                 {"recall_0", s->of[0].recall},
                 {"f1_0", s->of[0].f1},
                 {"macro_precision", s->macro_precision},
                 {"macro_f1", s->macro_f1},
                 {"mcc", s->rates.mcc},
                 {"log_loss", s->log_loss},
                 {"brier", s->brier},
                 {"ece", s->ece}};
    put_counts(j, s);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) rb_json_real(j, reals[i].key, reals[i].value);
    rb_json_integer(j, "ece_bins", RB_ECE_BINS);
    put_frr_at_far(j, s);
    rb_interval_to_json(j, "far_interval_95", s->far_interval);
    rb_interval_to_json(j, "frr_interval_95", s->frr_interval);
}

void rb_summary_to_json(rb_json *j, const char *key, const rb_summary *s)
{
    rb_json_open(j, key, '{');
    rb_summary_members(j, s);
    rb_json_close(j);
}
