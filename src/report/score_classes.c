// SPDX-License-Identifier: Apache-2.0
// score_classes.c - more than two classes: each against the rest, as ROC curves and as precision over recall.
//
// Source: one curve a class and their mean, as in scikit-learn's user guide, "Multiclass Receiver Operating
// Characteristic"
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINES 10 // classes that are told apart in one figure
#define WORST 5  // of more than those, so many are shown beside their mean

// Classes that get a line, in the order of their labels; worst first where there are too many.
typedef struct shown {
    int *class;
    int count;
    bool all;
} shown;

typedef struct worth {
    double value;
    int class;
} worth;

static int rising(const void *x, const void *y)
{
    const worth *a = x, *b = y;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->class - b->class;
}

// Those without pictures have no line.
static shown choose(rb_arena *a, const double *value, int k)
{
    int there = 0;
    worth *order = RB_NEW(a, worth, k);
    for (int c = 0; c < k; c++)
        if (!isnan(value[c])) order[there++] = (worth){value[c], c};
    shown s = {RB_NEW(a, int, k), there <= LINES ? there : WORST, there <= LINES};
    if (!s.all) qsort(order, (size_t)there, sizeof *order, rising);
    for (int i = 0; i < s.count; i++) s.class[i] = order[i].class;
    return s;
}

static rb_confusion decided_of(const rb_class_summary *m, int class)
{
    rb_confusion c = {.tp = m->confusion[class * m->k + class], .fn = 0, .fp = 0, .tn = m->n};
    for (int i = 0; i < m->k; i++) {
        if (i == class) continue;
        c.fn += m->confusion[class * m->k + i];
        c.fp += m->confusion[i * m->k + class];
    }
    c.tn -= c.tp + c.fn + c.fp;
    return c;
}

// A class is a result of its own. Beyond the colours there are, lines are dashed.
static rb_result *results_of(rb_arena *a, const rb_class_result *r, const shown *s)
{
    rb_result *out = RB_NEW(a, rb_result, s->count);
    for (int i = 0; i < s->count; i++) {
        int class = s->class[i], colour = s->all ? class : i;
        out[i] = (rb_result){.name = rb_text_format(a, "class %s", r->classes[class]),
                             .colour = colour,
                             .dashed = colour >= RB_COLOURS,
                             .scores = rb_class_against_rest(a, r->scores, class),
                             .threshold = NAN,
                             .decided = decided_of(r->summary, class)};
    }
    return out;
}

// "from 0.5782 (class cat) to 0.9111 (class dog), 0.7605 on average"; one class at least has pictures.
static const char *read_span(rb_arena *a, const rb_class_result *r, const double *value, double mean)
{
    int low = -1, high = -1;
    for (int c = 0; c < r->scores.k; c++) {
        if (isnan(value[c])) continue;
        if (low < 0 || value[c] < value[low]) low = c;
        if (high < 0 || value[c] > value[high]) high = c;
    }
    const char *span = rb_text_format(a, "from %.4f (class %s) to %.4f (class %s)", value[low], r->classes[low],
                                      value[high], r->classes[high]);
    return isnan(mean) ? rb_text_format(a, "%s. Classes without pictures have none", span)
                       : rb_text_format(a, "%s, %.4f on average", span, mean);
}

// ---- kinds of curves ----------------------------------------------------------------------------------------------

typedef struct kind {
    const char *title, *title_of_means, *label, *x, *y;
    const char *what; // the figure that says how good a curve is
    bool diagonal;
    double (*value)(const rb_class_figures *f);
    double (*mean)(const rb_class_summary *m);
    rb_line (*curve)(rb_arena *a, rb_class_scores s);                          // the mean one
    int (*lines)(rb_arena *a, const rb_result *r, int count, rb_series **out); // those of classes
} kind;

static double area_of(const rb_class_figures *f)
{
    return f->roc_auc;
}

static double mean_area(const rb_class_summary *m)
{
    return m->roc_auc;
}

static int roc_lines(rb_arena *a, const rb_result *r, int count, rb_series **out)
{
    *out = rb_trade_offs(a, r, count, false);
    return 2 * count;
}

static double precision_of(const rb_class_figures *f)
{
    return f->average_precision;
}

static double mean_precision(const rb_class_summary *m)
{
    return m->average_precision;
}

static int precision_lines(rb_arena *a, const rb_result *r, int count, rb_series **out)
{
    *out = RB_NEW(a, rb_series, count);
    for (int i = 0; i < count; i++) (*out)[i] = rb_precision_line(a, &r[i], r[i].scores);
    return count;
}

static const kind roc = {.title = "ROC, each class against the rest",
                         .title_of_means = "ROC, mean of the classes",
                         .label = "ROC curves of each class against the rest",
                         .x = "of the rest, taken for the class, %",
                         .y = "found of the class (recall), %",
                         .what = "area under the curve",
                         .diagonal = true,
                         .value = area_of,
                         .mean = mean_area,
                         .curve = rb_class_macro_roc,
                         .lines = roc_lines};
static const kind precision = {.title = "Finding each class",
                               .title_of_means = "Finding a class, mean of them",
                               .label = "Precision over recall of each class",
                               .x = "found of the class (recall), %",
                               .y = "right among those taken (precision), %",
                               .what = "average precision",
                               .value = precision_of,
                               .mean = mean_precision,
                               .curve = rb_class_macro_pr,
                               .lines = precision_lines};

// ---- figures ------------------------------------------------------------------------------------------------------

static rb_series mean_line(rb_arena *a, const kind *k, const char *name, int colour, rb_class_scores s)
{
    rb_line c = k->curve(a, s);
    return (rb_series){.name = name, .colour = colour, .x = c.x, .y = c.y, .count = c.count, .unmarked = true};
}

static void show(rb_page *p, const kind *k, const char *title, const char *reading, const rb_series *series, int count)
{
    rb_arena *a = p->arena;
    rb_chart c = {.label = rb_text_format(a, "%s. %s", k->label, reading),
                  .x = {.label = k->x, .percent = true, .from = 0, .to = 1},
                  .y = {.label = k->y, .percent = true, .from = 0, .to = 1},
                  .series = series,
                  .series_count = count,
                  .diagonal = k->diagonal,
                  .square = true};
    rb_page_figure(p, title, reading, rb_chart_svg(a, &c));
}

static void show_one(rb_page *p, const kind *k, const rb_class_result *r)
{
    rb_arena *a = p->arena;
    double *value = RB_NEW(a, double, r->scores.k);
    for (int c = 0; c < r->scores.k; c++) value[c] = k->value(&r->summary->of[c]);
    shown s = choose(a, value, r->scores.k);
    if (!s.count) return;
    rb_series *lines;
    int count = k->lines(a, results_of(a, r, &s), s.count, &lines);
    const char *reading = rb_text_format(a, "The %s is %s.", k->what, read_span(a, r, value, k->mean(r->summary)));
    if (s.all) {
        show(p, k, k->title, reading, lines, count);
        return;
    }
    rb_series *all = RB_NEW(a, rb_series, count + 1);
    memcpy(all, lines, (size_t)count * sizeof *all);
    bool mean = !isnan(k->mean(r->summary));
    if (mean) all[count++] = mean_line(a, k, "mean of all", RB_GREY_COLOUR, r->scores);
    show(p, k, k->title,
         rb_text_format(a, "%s Shown are the %d lowest%s.", reading, s.count, mean ? " and the mean" : ""), all, count);
}

static void show_several(rb_page *p, const kind *k, const rb_class_result *results, int count)
{
    rb_arena *a = p->arena;
    rb_series *means = RB_NEW(a, rb_series, count);
    rb_result *names = RB_NEW(a, rb_result, count);
    double *value = RB_NEW(a, double, count);
    for (int i = 0; i < count; i++) {
        means[i] = mean_line(a, k, results[i].name, results[i].colour, results[i].scores);
        names[i].name = results[i].name;
        value[i] = k->mean(results[i].summary);
    }
    const char *what = rb_text_format(a, "%s, the mean of all classes,", k->what);
    show(p, k, k->title_of_means, rb_ranking(a, what, names, value, count, false, rb_say_area), means, count);
}

static void show_kind(rb_page *p, const kind *k, const rb_class_result *results, int count)
{
    bool mean = true;
    for (int i = 0; i < count; i++) mean = mean && !isnan(results[i].summary->hter); // otherwise a class is missing
    if (count == 1)
        show_one(p, k, results);
    else if (mean)
        show_several(p, k, results, count);
}

void rb_show_class_roc(rb_page *p, const rb_class_result *results, int count)
{
    show_kind(p, &roc, results, count);
}

void rb_show_class_precision(rb_page *p, const rb_class_result *results, int count)
{
    show_kind(p, &precision, results, count);
}
