// SPDX-License-Identifier: Apache-2.0
// classes_json.c - a summary of K classes as the JSON object of `eval --json`.
#include "metric/classes.h"

static void put_class(rb_json *j, const rb_class_figures *c)
{
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "n", c->rates.support);
    rb_json_real(j, "precision", c->rates.precision);
    rb_json_real(j, "recall", c->rates.recall);
    rb_interval_to_json(j, "recall_interval_95", c->recall_interval);
    rb_json_real(j, "f1", c->rates.f1);
    rb_json_real(j, "roc_auc", c->roc_auc);
    rb_json_real(j, "average_precision", c->average_precision);
    rb_json_close(j);
}

static void put_confusion(rb_json *j, const rb_class_summary *s)
{
    rb_json_open(j, "confusion_rows_true", '[');
    for (int y = 0; y < s->k; y++) {
        rb_json_open(j, NULL, '[');
        for (int c = 0; c < s->k; c++) rb_json_integer(j, NULL, s->confusion[y * s->k + c]);
        rb_json_close(j);
    }
    rb_json_close(j);
}

void rb_class_summary_members(rb_json *j, const rb_class_summary *s)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {{"hter", s->hter},
                 {"accuracy", s->accuracy},
                 {"balanced_accuracy", s->macro_recall},
                 {"macro_precision", s->macro_precision},
                 {"macro_recall", s->macro_recall},
                 {"macro_f1", s->macro_f1},
                 {"weighted_f1", s->weighted_f1},
                 {"mcc", s->mcc},
                 {"roc_auc_ovr_macro", s->roc_auc},
                 {"average_precision_macro", s->average_precision},
                 {"log_loss", s->log_loss},
                 {"brier", s->brier},
                 {"ece", s->ece}};
    rb_json_integer(j, "n", s->n);
    rb_json_integer(j, "classes", s->k);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) rb_json_real(j, reals[i].key, reals[i].value);
    rb_json_integer(j, "ece_bins", RB_ECE_BINS);
    put_confusion(j, s);
    rb_json_open(j, "by_class", '[');
    for (int c = 0; c < s->k; c++) put_class(j, &s->of[c]);
    rb_json_close(j);
}
