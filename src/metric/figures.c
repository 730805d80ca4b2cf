// SPDX-License-Identifier: Apache-2.0
#include "metric/figures.h"

#include <math.h>
#include <stdio.h>
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

void rb_outputs_record(rb_arena *scratch, rb_outputs o, rb_score_record *out)
{
    double *largest = RB_NEW(scratch, double, o.n), positives = 0;
    for (int i = 0; i < o.n; i++) {
        largest[i] = o.p[(ptrdiff_t)i * o.columns];
        for (int k = 1; k < o.columns; k++) largest[i] = fmax(largest[i], o.p[(ptrdiff_t)i * o.columns + k]);
        positives += o.label[i] == 1;
    }
    rb_score_record_of(scratch, largest, o.n, o.columns == 1 ? positives / o.n : (double)NAN, out);
}

// FAR and FRR, and recalls, come with Wilson's intervals over pictures, which take those for independent.
static void heed_groups(rb_figures *f, const rb_intervals *i, const int *group)
{
    const rb_interval unsaid = {NAN, NAN};
    for (int row = 0; row < f->n; row++)
        if (group[row] >= f->groups) f->groups = group[row] + 1;
    const rb_bounded *far = rb_intervals_find(i, "far"), *frr = rb_intervals_find(i, "frr");
    f->two.far_interval = far ? far->at : unsaid;
    f->two.frr_interval = frr ? frr->at : unsaid;
    for (int c = 0; c < f->many.k; c++) {
        char name[32];
        snprintf(name, sizeof name, "recall_%d", c);
        const rb_bounded *recall = rb_intervals_find(i, name);
        f->many.of[c].recall_interval = recall ? recall->at : unsaid;
    }
}

rb_intervals rb_figures_intervals(rb_arena *a, rb_outputs o, rb_figures *f, const rb_bootstrap *b)
{
    rb_intervals i = o.columns == 1
                         ? rb_intervals_of(a, scores_of(o), f->threshold, b)
                         : rb_class_intervals_of(a, (rb_class_scores){o.p, o.label, o.n, o.columns}, &f->many, b);
    if (b->group) heed_groups(f, &i, b->group);
    return i;
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

static void log_one(rb_arena *a, rb_logged *l, const char *part, const char *name, double value)
{
    l->of[l->count].name = rb_text_format(a, "%s/%s", part, name);
    l->of[l->count++].value = value;
}

rb_logged rb_logged_of(rb_arena *a, const char *part, const rb_figures *f, double loss)
{
    rb_logged l = {.count = 0};
    log_one(a, &l, part, "loss", loss);
    log_one(a, &l, part, "hter", f->hter);
    log_one(a, &l, part, "roc_auc", f->roc_auc);
    if (rb_figures_are_two(f)) {
        log_one(a, &l, part, "far", f->two.rates.far);
        log_one(a, &l, part, "frr", f->two.rates.frr);
        log_one(a, &l, part, "threshold", f->threshold);
        log_one(a, &l, part, "average_precision", f->two.average_precision);
        log_one(a, &l, part, "eer", f->two.eer);
    } else {
        log_one(a, &l, part, "accuracy", f->many.accuracy);
        log_one(a, &l, part, "macro_f1", f->many.macro_f1);
        log_one(a, &l, part, "average_precision", f->many.average_precision);
    }
    return l;
}

void rb_logged_put(rb_json *j, const rb_logged *l)
{
    for (int i = 0; i < l->count; i++) rb_json_real(j, l->of[i].name, l->of[i].value);
}

double rb_logged_find(const rb_logged *l, const char *name)
{
    for (int i = 0; i < l->count; i++)
        if (!strcmp(l->of[i].name, name)) return l->of[i].value;
    return (double)NAN;
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
