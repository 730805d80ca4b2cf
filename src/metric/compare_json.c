// SPDX-License-Identifier: Apache-2.0
// compare_json.c - a comparison as the JSON object of `eval --against`.
#include "metric/compare.h"

#include <stdio.h>

static void put_mcnemar(rb_json *j, const char *key, const rb_mcnemar *m)
{
    rb_json_open(j, key, '{');
    rb_json_integer(j, "only_this_right", m->ours);
    rb_json_integer(j, "only_other_right", m->theirs);
    rb_json_real(j, "p", m->p);
    static const char *const methods[] = {"exact binomial", "chi-square, corrected", "chi-square by group"};
    rb_json_string(j, "method", methods[m->kind]);
    rb_json_close(j);
}

static void put_difference(rb_json *j, const char *key, rb_difference d)
{
    rb_json_open(j, key, '{');
    rb_json_real(j, "value", d.value);
    rb_json_real(j, "low", d.at.low);
    rb_json_real(j, "high", d.at.high);
}

static void put_delong(rb_json *j, const rb_comparison *c)
{
    put_difference(j, "roc_auc_difference_delong", c->delong);
    rb_json_real(j, "p", c->delong_p);
    rb_json_close(j);
}

void rb_comparison_to_json(rb_json *j, const char *key, const rb_comparison *c)
{
    rb_json_open(j, key, '{');
    rb_json_real(j, "hter", c->hter[1]);
    rb_json_real(j, "roc_auc", c->auc[1]);
    put_mcnemar(j, "mcnemar", &c->all);
    for (int label = 0; label < c->k; label++) {
        char name[40];
        snprintf(name, sizeof name, "mcnemar_label_%d", label);
        put_mcnemar(j, name, &c->of[label]);
    }
    if (c->k == 2) put_delong(j, c);
    put_difference(j, "roc_auc_difference_bootstrap", c->auc_bootstrap);
    rb_json_close(j);
    put_difference(j, "hter_difference_bootstrap", c->hter_bootstrap);
    rb_json_close(j);
    rb_json_integer(j, "resamples", c->resamples);
    rb_json_close(j);
}
