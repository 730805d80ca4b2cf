// SPDX-License-Identifier: Apache-2.0
// report_training.c - how training went: losses, errors, rates, speed.
#include "report/report.h"
#include "report/scores.h"

#include <math.h>
#include <string.h>

#define STEP_POINTS 200 // of a curve over steps; each is the mean of those it stands for

// ---- columns ------------------------------------------------------------------------------------------------------

typedef struct run_line {
    const char *key, *name;
    int colour;
    bool dashed;
} run_line;

static double *epoch_numbers(rb_arena *a, const rb_past *run)
{
    double *x = rb_past_column(a, run->log.epoch, "epoch");
    for (int i = 0; i < run->log.epoch.count; i++) x[i] += 1;
    return x;
}

static rb_series series_of(rb_arena *a, const rb_past *run, const run_line *line)
{
    return (rb_series){.name = line->name,
                       .colour = line->colour,
                       .dashed = line->dashed,
                       .faint = line->dashed,
                       .x = epoch_numbers(a, run),
                       .y = rb_past_column(a, run->log.epoch, line->key),
                       .count = run->log.epoch.count};
}

static bool says_nothing(const rb_series *s)
{
    for (int i = 0; i < s->count; i++)
        if (isfinite(s->y[i])) return false;
    return true;
}

static int best_epoch(const rb_past *run)
{
    const json_t *best = rb_past_best(run);
    return best ? rb_past_integer(best, "epoch") + 1 : 0;
}

// One run: its lines. Several: the first line of each, in the colour of the run, the others dashed.
static void show_over_epochs(rb_page *p, const rb_past *runs, int count, const char *title, const char *reading,
                             rb_axis y, const run_line *lines, int line_count)
{
    rb_arena *a = p->arena;
    rb_series *series = RB_NEW(a, rb_series, (ptrdiff_t)count * line_count);
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < line_count; j++) {
            run_line line = lines[j];
            if (count > 1) {
                line.name = rb_text_format(a, "%s, %s", runs[i].short_name, line.name);
                line.colour = RB_RUN_COLOUR + i;
            }
            series[n] = series_of(a, &runs[i], &line);
            n += !says_nothing(&series[n]); // more than two classes have no FAR
        }
    rb_rule best = {false, best_epoch(&runs[0]), "best"};
    rb_chart c = {.label = rb_text_format(a, "%s over epochs. %s", title, reading),
                  .x = {.label = "epoch", .whole = true},
                  .y = y,
                  .series = series,
                  .series_count = n,
                  .rules = &best,
                  .rule_count = count == 1 && best_epoch(&runs[0]) > 0};
    rb_page_figure(p, title, reading, rb_chart_svg(a, &c));
}

static int least_at(const double *value, int count)
{
    int at = -1;
    for (int i = 0; i < count; i++)
        if (isfinite(value[i]) && (at < 0 || value[i] < value[at])) at = i;
    return at;
}

// ---- loss ---------------------------------------------------------------------------------------------------------

static const char *read_loss(rb_arena *a, const rb_past *run)
{
    int n = run->log.epoch.count;
    double *train = rb_past_column(a, run->log.epoch, "train/loss"),
           *val = rb_past_column(a, run->log.epoch, "val/loss");
    int least = least_at(val, n);
    char first[RB_NUMBER_TEXT], last[RB_NUMBER_TEXT];
    if (n < 2 || least < 0) return "One epoch is no curve yet.";
    const char *course = rb_text_format(a, "The training loss went from %s to %s; val's was lowest, %.3f, in epoch %d.",
                                        rb_number_text(train[0], 3, first), rb_number_text(train[n - 1], 3, last),
                                        val[least], least + 1);
    bool rose = val[n - 1] > 1.1 * val[least] && train[n - 1] < train[least];
    if (!rose) return course;
    return rb_text_format(a,
                          "%s Since then it rose to %.3f while the training loss still fell: the model learns its "
                          "pictures by heart.",
                          course, val[n - 1]);
}

static const char *read_losses(rb_arena *a, const rb_past *runs, int count)
{
    const char *text = "Lowest loss on val:";
    for (int i = 0; i < count; i++) {
        const double *val = rb_past_column(a, runs[i].log.epoch, "val/loss");
        int least = least_at(val, runs[i].log.epoch.count);
        if (least >= 0)
            text = rb_text_format(a, "%s %s %.3f in epoch %d;", text, runs[i].short_name, val[least], least + 1);
    }
    return rb_text_format(a, "%s losses compare only where they are computed in the same way.", text);
}

// ---- errors -------------------------------------------------------------------------------------------------------

static const char *read_errors(rb_arena *a, const rb_past *runs, int count)
{
    const char *text = "";
    for (int i = 0; i < count; i++) {
        const double *hter = rb_past_column(a, runs[i].log.epoch, "val/hter");
        int n = runs[i].log.epoch.count, least = least_at(hter, n);
        if (least < 0) continue;
        const char *begin = count > 1 ? rb_text_format(a, "%s: lowest", runs[i].short_name) : "Lowest";
        const char *since =
            n - 1 == least ? "the last one"
                           : rb_text_format(a, "none better in the %s after it",
                                            n - 2 == least ? "epoch" : rb_text_format(a, "%d epochs", n - 1 - least));
        text = rb_text_format(a, "%s%s%s HTER on val %s in epoch %d, %s.", text, *text ? " " : "", begin,
                              rb_percent(a, hter[least]), least + 1, since);
    }
    const double *threshold = rb_past_column(a, runs[0].log.epoch, "val/threshold");
    if (least_at(threshold, runs[0].log.epoch.count) < 0) return text;
    return rb_text_format(a, "%s Each epoch has a threshold of its own.", text);
}

static const char *read_areas(rb_arena *a, const rb_past *runs, int count)
{
    const char *text = "";
    for (int i = 0; i < count; i++) {
        double *area = rb_past_column(a, runs[i].log.epoch, "val/roc_auc");
        int n = runs[i].log.epoch.count, best = -1;
        for (int k = 0; k < n; k++)
            if (isfinite(area[k]) && (best < 0 || area[k] > area[best])) best = k;
        if (best >= 0)
            text = rb_text_format(a, "%s%s%s%s highest with %.4f in epoch %d.", text, *text ? " " : "",
                                  count > 1 ? runs[i].short_name : "ROC AUC on val", count > 1 ? ":" : " was",
                                  area[best], best + 1);
    }
    return text;
}

// ---- over steps ---------------------------------------------------------------------------------------------------

typedef struct step_line {
    double *x, *mean, *low, *high;
    int count;
} step_line;

static double step_value(const rb_past_step *s, bool lr)
{
    return lr ? s->lr : s->loss;
}

static step_line line_of(rb_arena *a, const rb_past *run, bool lr)
{
    int n = run->log.steps, points = n < STEP_POINTS ? n : STEP_POINTS;
    step_line l = {RB_NEW(a, double, points), RB_NEW(a, double, points), RB_NEW(a, double, points),
                   RB_NEW(a, double, points), points};
    for (int i = 0; i < points; i++) {
        int from = (int)((int64_t)i * n / points), to = (int)((int64_t)(i + 1) * n / points);
        l.low[i] = INFINITY, l.high[i] = -INFINITY;
        for (int k = from; k < to; k++) {
            double value = step_value(&run->log.step[k], lr);
            l.x[i] += run->log.step[k].step / (to - from);
            l.mean[i] += value / (to - from);
            l.low[i] = fmin(l.low[i], value);
            l.high[i] = fmax(l.high[i], value);
        }
    }
    return l;
}

static const char *read_rate(rb_arena *a, const rb_past *run)
{
    const rb_past_step *s = run->log.step;
    int n = run->log.steps, top = 0;
    char first[RB_NUMBER_TEXT], high[RB_NUMBER_TEXT], last[RB_NUMBER_TEXT];
    for (int i = 1; i < n; i++)
        if (s[i].lr > s[top].lr) top = i;
    const char *schedule = rb_past_text(run->log.run, "scheduler");
    return rb_text_format(a, "Schedule %s: %s at the first step, at most %s (step %.0f of %.0f), %s at the last.",
                          schedule ? schedule : "unknown", rb_number_text(s[0].lr, 3, first),
                          rb_number_text(s[top].lr, 3, high), s[top].step, s[n - 1].step,
                          rb_number_text(s[n - 1].lr, 3, last));
}

static const char *read_rates(rb_arena *a, const rb_past *runs, int count)
{
    const char *text = "At most";
    char number[RB_NUMBER_TEXT];
    for (int i = 0; i < count; i++) {
        double most = -INFINITY;
        for (int k = 0; k < runs[i].log.steps; k++) most = fmax(most, runs[i].log.step[k].lr);
        text =
            rb_text_format(a, "%s%s %s in %s", text, i ? "," : "", rb_number_text(most, 3, number), runs[i].short_name);
    }
    return rb_text_format(a, "%s.", text);
}

static const char *read_step_loss(rb_arena *a, const rb_past *run, const step_line *l)
{
    double apart = 0;
    int n = run->log.steps, pairs = 0;
    char first[RB_NUMBER_TEXT], last[RB_NUMBER_TEXT], between[RB_NUMBER_TEXT];
    for (int k = n - n / 4; k < n; k++) {
        double step = fabs(run->log.step[k].loss - run->log.step[k - 1].loss);
        if (isfinite(step)) apart += step, pairs++;
    }
    const char *course = rb_text_format(a, "From %s to %s.", rb_number_text(l->mean[0], 3, first),
                                        rb_number_text(l->mean[l->count - 1], 3, last));
    if (!pairs) return course;
    return rb_text_format(a, "%s In the last quarter batches that follow each other lie %s apart on average.", course,
                          rb_number_text(apart / pairs, 3, between));
}

static void show_over_steps(rb_page *p, const rb_past *runs, int count, bool lr)
{
    rb_arena *a = p->arena;
    rb_series *series = RB_NEW(a, rb_series, count);
    step_line first = {0};
    int n = 0;
    for (int i = 0; i < count; i++) {
        if (!runs[i].log.steps) continue;
        step_line l = line_of(a, &runs[i], lr);
        if (!n) first = l;
        series[n++] = (rb_series){.name = count > 1 ? runs[i].short_name : NULL,
                                  .colour = RB_RUN_COLOUR + i,
                                  .x = l.x,
                                  .y = l.mean,
                                  .count = l.count,
                                  .low = lr || count > 1 ? NULL : l.low,
                                  .high = lr || count > 1 ? NULL : l.high};
    }
    if (!n) return;
    const char *title = lr ? "Learning rate" : "Training loss by step";
    const char *reading = count > 1 ? read_rates(a, runs, count)
                          : lr      ? read_rate(a, runs)
                                    : read_step_loss(a, runs, &first);
    rb_chart c = {.label = rb_text_format(a, "%s over steps. %s", title, reading ? reading : ""),
                  .x = {.label = "step", .from_zero = true},
                  .y = {.label = lr ? "learning rate" : "loss", .from_zero = true},
                  .series = series,
                  .series_count = n};
    rb_page_figure(p, title, reading, rb_chart_svg(a, &c));
}

// ---- the section --------------------------------------------------------------------------------------------------

static bool any_epochs(const rb_past *runs, int count)
{
    for (int i = 0; i < count; i++)
        if (runs[i].log.epoch.count) return true;
    return false;
}

void rb_report_training(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    bool one = count == 1;
    if (!any_epochs(runs, count)) return;
    const run_line loss[] = {{"val/loss", "val", RB_RUN_COLOUR, false}, {"train/loss", "train", RB_GREY_COLOUR, true}};
    const run_line errors[] = {
        {"val/hter", "HTER", RB_GREY_COLOUR, false}, {"val/far", "FAR", 0, true}, {"val/frr", "FRR", 1, true}};
    const run_line area[] = {{"val/roc_auc", "val", RB_RUN_COLOUR, false}};
    rb_page_section(p, "Training");
    show_over_epochs(p, runs, count, "Loss", one ? read_loss(a, runs) : read_losses(a, runs, count),
                     (rb_axis){.label = "loss", .from_zero = true}, loss, 2);
    show_over_epochs(p, runs, count, "Errors on val", read_errors(a, runs, count),
                     (rb_axis){.label = "errors, %", .percent = true, .from_zero = true}, errors, one ? 3 : 1);
    show_over_epochs(p, runs, count, "ROC AUC on val", read_areas(a, runs, count), (rb_axis){.label = "ROC AUC"}, area,
                     1);
    show_over_steps(p, runs, count, true);
    if (one) show_over_steps(p, runs, count, false);
    rb_report_speed(p, runs, count);
}
