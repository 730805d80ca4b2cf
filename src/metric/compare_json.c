// SPDX-License-Identifier: Apache-2.0
// compare_json.c - a comparison as the JSON object of `eval --against`.
#include "metric/compare.h"

static void put_mcnemar(rb_json *j, const char *key, const rb_mcnemar *m)
{
    rb_json_open(j, key, '{');
    rb_json_integer(j, "only_this_right", m->ours);
    rb_json_integer(j, "only_other_right", m->theirs);
    rb_json_real(j, "p", m->p);
    rb_json_string(j, "method", m->exact ? "exact binomial" : "chi-square, corrected");
    rb_json_close(j);
}

static void put_difference(rb_json *j, const char *key, rb_difference d)
{
    rb_json_open(j, key, '{');
    rb_json_real(j, "value", d.value);
    rb_json_real(j, "low", d.at.low);
    rb_json_real(j, "high", d.at.high);
}

void rb_comparison_to_json(rb_json *j, const char *key, const rb_comparison *c)
{
    rb_json_open(j, key, '{');
    rb_json_real(j, "hter", c->hter[1]);
    rb_json_real(j, "roc_auc", c->auc[1]);
    put_mcnemar(j, "mcnemar", &c->all);
    put_mcnemar(j, "mcnemar_label_0", &c->of[0]);
    put_mcnemar(j, "mcnemar_label_1", &c->of[1]);
    put_difference(j, "roc_auc_difference_delong", c->delong);
    rb_json_real(j, "p", c->delong_p);
    rb_json_close(j);
    put_difference(j, "roc_auc_difference_bootstrap", c->auc_bootstrap);
    rb_json_close(j);
    put_difference(j, "hter_difference_bootstrap", c->hter_bootstrap);
    rb_json_close(j);
    rb_json_integer(j, "resamples", c->resamples);
    rb_json_close(j);
}
