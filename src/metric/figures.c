// SPDX-License-Identifier: Apache-2.0
#include "metric/figures.h"

#include <math.h>
#include <string.h>

static rb_scores scores_of(rb_outputs o)
{
    return (rb_scores){o.p, o.label, o.n};
}

double rb_outputs_threshold(rb_arena *scratch, rb_outputs o, const rb_threshold_rule *rule)
{
    return o.columns == 1 ? rb_threshold_pick(scratch, scores_of(o), rule).threshold : (double)NAN;
}

rb_figures rb_figures_of(rb_arena *a, rb_outputs o, double threshold)
{
    rb_figures f = {.n = o.n, .threshold = NAN};
    if (o.columns == 1) {
        f.two = rb_summarise(a, scores_of(o), threshold);
        f.hter = f.two.rates.hter;
        f.roc_auc = f.two.roc_auc;
        f.threshold = threshold;
    } else {
        f.many = rb_class_summarise(a, (rb_class_scores){o.p, o.label, o.n, o.columns});
        f.hter = f.many.hter;
        f.roc_auc = f.many.roc_auc;
    }
    return f;
}

void rb_figures_members(rb_json *j, const rb_figures *f)
{
    if (rb_figures_are_two(f))
        rb_summary_members(j, &f->two);
    else
        rb_class_summary_members(j, &f->many);
}

void rb_figures_to_json(rb_json *j, const char *key, const rb_figures *f)
{
    rb_json_open(j, key, '{');
    rb_figures_members(j, f);
    rb_json_close(j);
}

int rb_figures_logged(const rb_figures *f, rb_named_figure out[RB_LOGGED_FIGURES])
{
    const rb_summary *two = &f->two;
    const rb_named_figure of_two[] = {{"hter", f->hter},       {"far", two->rates.far},
                                      {"frr", two->rates.frr}, {"threshold", f->threshold},
                                      {"roc_auc", f->roc_auc}, {"average_precision", two->average_precision},
                                      {"eer", two->eer}};
    const rb_named_figure of_many[] = {{"hter", f->hter},
                                       {"accuracy", f->many.accuracy},
                                       {"macro_f1", f->many.macro_f1},
                                       {"roc_auc", f->roc_auc},
                                       {"average_precision", f->many.average_precision}};
    bool are_two = rb_figures_are_two(f);
    size_t bytes = are_two ? sizeof of_two : sizeof of_many;
    memcpy(out, are_two ? of_two : of_many, bytes);
    return (int)(bytes / sizeof *out);
}

int rb_outputs_missing(rb_arena *scratch, rb_outputs o)
{
    int classes = o.columns == 1 ? 2 : o.columns;
    bool *seen = RB_NEW(scratch, bool, classes);
    for (int i = 0; i < o.n; i++) seen[o.label[i]] = true;
    for (int k = 0; k < classes; k++)
        if (!seen[k]) return k;
    return -1;
}

int rb_label_taken(const float *p, int columns, double threshold)
{
    int best = 0;
    if (columns == 1) return *p >= (float)threshold;
    for (int k = 1; k < columns; k++)
        if (p[k] > p[best]) best = k;
    return best;
}
