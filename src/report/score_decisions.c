// SPDX-License-Identifier: Apache-2.0
// score_decisions.c - what is taken for what.
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>

static int64_t sum_of(rb_confusion c, int label)
{
    return label ? c.tp + c.fn : c.tn + c.fp;
}

static const char *title_of(rb_arena *a, const char *name)
{
    return name ? rb_text_format(a, "Decisions, %s", name) : "Decisions";
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
    rb_page_figure(p, title_of(a, name), reading, rb_heat_svg(a, &h));
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

// ---- of many classes -----------------------------------------------------------------------------------------------

// A matrix of more has cells that nobody can see.
enum { MATRIX_CLASSES = 50, MOST_MISTAKES = 30 };

typedef struct mistake {
    int64_t count;
    int label, taken;
} mistake;

static int falling(const void *x, const void *y)
{
    const mistake *a = x, *b = y;
    if (a->count != b->count) return a->count > b->count ? -1 : 1;
    return a->label != b->label ? a->label - b->label : a->taken - b->taken;
}

static mistake *mistakes_of(rb_arena *a, const rb_class_summary *m, int *count)
{
    mistake *all = RB_NEW(a, mistake, m->n); // each is of a picture at least
    *count = 0;
    for (int label = 0; label < m->k; label++)
        for (int taken = 0; taken < m->k; taken++) {
            int64_t pictures = m->confusion[(ptrdiff_t)label * m->k + taken];
            if (label != taken && pictures) all[(*count)++] = (mistake){pictures, label, taken};
        }
    qsort(all, (size_t)*count, sizeof *all, falling);
    return all;
}

static void show_mistakes(rb_page *p, const rb_class_result *r, const char *reading)
{
    static const rb_column columns[] = {
        {"class", false}, {"taken for", false}, {"pictures", true}, {"of the class", true}};
    rb_arena *a = p->arena;
    int count;
    const mistake *m = mistakes_of(a, r->summary, &count);
    if (count > MOST_MISTAKES)
        reading = rb_text_format(a, "%s Shown are the %d most frequent of %d kinds.", reading, MOST_MISTAKES, count);
    rb_page_table(p, title_of(a, r->name), reading, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < count && i < MOST_MISTAKES; i++)
        rb_page_row(p, (const char *const[]){
                           r->classes[m[i].label], r->classes[m[i].taken],
                           rb_text_format(a, "%lld", (long long)m[i].count),
                           rb_percent(a, (double)m[i].count / (double)r->summary->of[m[i].label].rates.support)});
}

void rb_show_class_confusion(rb_page *p, const rb_class_result *r)
{
    const char *reading = read_mistakes(p->arena, r);
    if (r->scores.k > MATRIX_CLASSES)
        show_mistakes(p, r, reading);
    else
        show_matrix(p, r->name, reading, r->summary->confusion, r->scores.k, r->classes, NULL);
}
