// SPDX-License-Identifier: Apache-2.0
// score_decisions.c - what is taken for what.
#include "report/scores.h"

#include <math.h>

static int64_t sum_of(rb_confusion c, int label)
{
    return label ? c.tp + c.fn : c.tn + c.fp;
}

// Counts of k classes, rows are labels; colours [k], or NULL: one for all.
static void show_matrix(rb_page *p, const char *name, const char *reading, const int64_t *counts, int k,
                        const char *const *classes, const int *colour)
{
    rb_arena *a = p->arena;
    const char **text = RB_NEW(a, const char *, k *k), **detail = RB_NEW(a, const char *, k *k);
    double *share = RB_NEW(a, double, k *k);
    for (int i = 0; i < k * k; i++) {
        int64_t all = 0;
        for (int c = 0; c < k; c++) all += counts[i / k * k + c];
        share[i] = all ? (double)counts[i] / (double)all : 0;
        text[i] = rb_text_format(a, "%lld", (long long)counts[i]);
        detail[i] = rb_percent(a, all ? share[i] : (double)NAN);
    }
    rb_heat h = {.label = rb_text_format(a, "Confusion matrix. %s", reading),
                 .row_label = "truth",
                 .column_label = "decision",
                 .row = classes,
                 .column = classes,
                 .rows = k,
                 .columns = k,
                 .share = share,
                 .text = text,
                 .detail = detail,
                 .colour = colour};
    rb_page_figure(p, name ? rb_text_format(a, "Decisions, %s", name) : "Decisions", reading, rb_heat_svg(a, &h));
}

void rb_show_confusion(rb_page *p, const rb_result *r, const char *const classes[2])
{
    rb_arena *a = p->arena;
    rb_confusion c = rb_confusion_at(r->scores, r->threshold);
    rb_rates rates = rb_rates_of(c);
    const char *reading = rb_text_format(
        a, "Of %s of class %s, %lld %s accepted (FAR %s); of %lld of class %s, %lld %s rejected (FRR %s).",
        rb_counted(a, sum_of(c, 0), "picture", "pictures"), classes[0], (long long)c.fp, c.fp == 1 ? "is" : "are",
        rb_percent(a, rates.far), (long long)sum_of(c, 1), classes[1], (long long)c.fn, c.fn == 1 ? "is" : "are",
        rb_percent(a, rates.frr));
    show_matrix(p, r->name, reading, (const int64_t[]){c.tn, c.fp, c.fn, c.tp}, 2, classes, (const int[]){0, 1});
}

// The most frequent mistake.
static const char *read_mistakes(rb_arena *a, const rb_class_result *r)
{
    int k = r->scores.k, worst = -1;
    const int64_t *n = r->summary->confusion;
    for (int i = 0; i < k * k; i++)
        if (i / k != i % k && n[i] && (worst < 0 || n[i] > n[worst])) worst = i;
    if (worst < 0) return "Every picture is taken for what it is.";
    return rb_text_format(a, "The most frequent mistake: %s of class %s taken for %s.",
                          rb_counted(a, n[worst], "picture", "pictures"), r->classes[worst / k], r->classes[worst % k]);
}

void rb_show_class_confusion(rb_page *p, const rb_class_result *r)
{
    show_matrix(p, r->name, read_mistakes(p->arena, r), r->summary->confusion, r->scores.k, r->classes, NULL);
}
