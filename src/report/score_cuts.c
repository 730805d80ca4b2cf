// SPDX-License-Identifier: Apache-2.0
// score_cuts.c - the threshold: what another would decide, how scores spread on both sides of it, and whether they can
// be taken for probabilities.
//
// Source: reliability diagram and ECE with equal bins, Guo et al., "On calibration of modern neural networks", 2017
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>

#define BINS_HISTOGRAM 25

// ---- every threshold ----------------------------------------------------------------------------------------------

typedef struct sweep {
    double *threshold, *far, *frr, *hter;
    int count;
} sweep;

static sweep sweep_of(rb_arena *a, rb_scores s)
{
    rb_roc roc = rb_roc_curve(a, s);
    sweep w = {RB_NEW(a, double, roc.count), RB_NEW(a, double, roc.count), RB_NEW(a, double, roc.count),
               RB_NEW(a, double, roc.count), 0};
    for (int i = 1; i < roc.count; i++) { // the first one is above all scores
        w.threshold[w.count] = roc.threshold[i];
        w.far[w.count] = roc.fpr[i];
        w.frr[w.count] = 1 - roc.tpr[i];
        w.hter[w.count] = (roc.fpr[i] + 1 - roc.tpr[i]) / 2;
        w.count++;
    }
    return w;
}

// Where most scores crowd at the ends, a linear scale would show two walls and nothing between.
static rb_axis threshold_axis(const rb_result *results, int count)
{
    int crowded = 0, all = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < results[i].scores.n; j++, all++)
            crowded += results[i].scores.score[j] < 0.02 || results[i].scores.score[j] > 0.98;
    if (2 * crowded > all)
        return (rb_axis){.label = "threshold (logit scale)", .scale = RB_SCALE_LOGIT, .from = 0.001, .to = 0.999};
    return (rb_axis){.label = "threshold"}; // as far as there are scores
}

// The widest run of thresholds around the chosen one whose HTER is at most `slack` above that of the chosen.
static void range_around(const sweep *w, double threshold, double limit, double *low, double *high)
{
    int at = 0;
    while (at < w->count - 1 && w->threshold[at] > threshold) at++;
    int first = at, last = at;
    while (first > 0 && w->hter[first - 1] <= limit) first--;
    while (last < w->count - 1 && w->hter[last + 1] <= limit) last++;
    *high = w->threshold[first];
    *low = w->threshold[last];
}

static const char *read_sweep(rb_arena *a, const rb_result *r, const sweep *w)
{
    const double slack = 0.01;
    char chosen[RB_NUMBER_TEXT], best_at[RB_NUMBER_TEXT], from[RB_NUMBER_TEXT], to[RB_NUMBER_TEXT];
    double here = rb_rates_of(rb_confusion_at(r->scores, r->threshold)).hter, low, high;
    rb_threshold best = rb_best_hter(a, r->scores);
    range_around(w, r->threshold, here + slack, &low, &high);
    rb_number_text(r->threshold, 4, chosen);
    rb_number_text(best.threshold, 4, best_at);
    rb_number_text(low, 3, from);
    rb_number_text(high, 3, to);
    const char *gap = here - best.hter < 5e-5 ? "no other would have had a lower one on these pictures"
                                              : rb_text_format(a, "on these pictures %s would have had %s", best_at,
                                                               rb_percent(a, best.hter));
    const char *room = low == high ? "The next score on either side would be more than one point worse."
                                   : rb_text_format(a, "From %s to %s it is at most one point worse.", from, to);
    return rb_text_format(a, "The chosen threshold %s has HTER %s; %s. %s", chosen, rb_percent(a, here), gap, room);
}

void rb_show_sweep(rb_page *p, const rb_result *r)
{
    rb_arena *a = p->arena;
    sweep w = sweep_of(a, r->scores);
    if (!w.count || isnan(w.hter[0])) return;
    const char *reading = read_sweep(a, r, &w);
    rb_series series[] = {
        {.name = "FAR", .colour = 0, .x = w.threshold, .y = w.far, .count = w.count, .unmarked = true},
        {.name = "FRR", .colour = 1, .x = w.threshold, .y = w.frr, .count = w.count, .unmarked = true},
        {.name = "HTER", .colour = RB_GREY_COLOUR, .x = w.threshold, .y = w.hter, .count = w.count, .unmarked = true},
    };
    rb_chart c = {.label = rb_text_format(a, "Error rates over the threshold. %s", reading),
                  .x = threshold_axis(r, 1),
                  .y = {.label = "errors, %", .percent = true, .from_zero = true},
                  .series = series,
                  .series_count = 3,
                  .rules = &(rb_rule){false, r->threshold, "chosen"},
                  .rule_count = 1};
    rb_page_figure(p, "Other thresholds", reading, rb_chart_svg(a, &c));
}

void rb_show_hter_sweep(rb_page *p, const rb_result *results, int count)
{
    rb_arena *a = p->arena;
    rb_series *all = RB_NEW(a, rb_series, 2 * count);
    const char *reading = "The chosen threshold is worse than the best one of these pictures:";
    for (int i = 0; i < count; i++) {
        const rb_result *r = &results[i];
        sweep w = sweep_of(a, r->scores);
        double *at = RB_NEW(a, double, 2), least = rb_best_hter(a, r->scores).hter;
        at[0] = r->threshold;
        at[1] = rb_rates_of(rb_confusion_at(r->scores, r->threshold)).hter;
        all[i] = (rb_series){
            .name = r->name, .colour = r->colour, .x = w.threshold, .y = w.hter, .count = w.count, .unmarked = true};
        all[count + i] = (rb_series){.mark = RB_MARK_DOTS,
                                     .colour = r->colour,
                                     .x = at,
                                     .y = at + 1,
                                     .count = 1,
                                     .radius = 4.5,
                                     .name = i ? NULL : "at the chosen threshold"};
        reading = rb_text_format(a, "%s%s %s by %.1f points", reading, i ? "," : "", r->name, 100 * (at[1] - least));
    }
    reading = rb_text_format(a, "%s.", reading);
    rb_chart c = {.label = rb_text_format(a, "HTER over the threshold. %s", reading),
                  .x = threshold_axis(results, count),
                  .y = {.label = "HTER, %", .percent = true, .from_zero = true},
                  .series = all,
                  .series_count = 2 * count};
    rb_page_figure(p, "HTER at every threshold", reading, rb_chart_svg(a, &c));
}

// ---- scores as probabilities --------------------------------------------------------------------------------------

typedef struct bins {
    double mean[RB_ECE_BINS], share[RB_ECE_BINS], low[RB_ECE_BINS], high[RB_ECE_BINS];
    const char *said[RB_ECE_BINS];
    int count;     // with pictures in them
    double excess; // sum (mean - share) n / N
} bins;

// `hit` is what a picture of label 1 is called.
static bins bins_of(rb_arena *a, rb_scores s, const char *hit)
{
    int n[RB_ECE_BINS] = {0}, hits[RB_ECE_BINS] = {0};
    double sum[RB_ECE_BINS] = {0};
    bins out = {0};
    for (int i = 0; i < s.n; i++) {
        int bin = (int)ceil(s.score[i] * RB_ECE_BINS) - 1; // (low, high], as rb_ece has them
        if (bin < 0) bin = 0;
        n[bin]++;
        hits[bin] += s.label[i];
        sum[bin] += s.score[i];
    }
    for (int bin = 0; bin < RB_ECE_BINS; bin++) {
        if (!n[bin]) continue;
        int at = out.count++;
        rb_interval i = rb_wilson(hits[bin], n[bin]);
        out.mean[at] = sum[bin] / n[bin];
        out.share[at] = (double)hits[bin] / n[bin];
        out.low[at] = i.low;
        out.high[at] = i.high;
        out.excess += (out.mean[at] - out.share[at]) * n[bin] / s.n;
        out.said[at] = rb_text_format(a, "%s: %s predicted on average, %s of them are %s",
                                      rb_counted(a, n[bin], "picture", "pictures"), rb_percent(a, out.mean[at]),
                                      rb_percent_within(a, out.share[at], i), hit);
    }
    return out;
}

static const char *read_reliability(rb_arena *a, const bins *b, double error, const char *calibration)
{
    const char *lean = fabs(b->excess) < 0.005 ? "neither too high nor too low on the whole"
                       : b->excess > 0         ? rb_text_format(a, "on the whole %.1f points too high", 100 * b->excess)
                                       : rb_text_format(a, "on the whole %.1f points too low", -100 * b->excess);
    const char *how = calibration ? rb_text_format(a, "They were calibrated on val (%s).", calibration)
                                  : "They are not calibrated: what sampler and loss weights did to them is in them.";
    return rb_text_format(
        a, "Taken as probabilities the scores are off by %.1f points on average (ECE, %d equal bins), %s. %s",
        100 * error, RB_ECE_BINS, lean, how);
}

// What is predicted, and how often it comes true: "of class 1", or "right".
static void show_bins(rb_page *p, rb_scores s, const char *what, const char *hit, const char *calibration)
{
    rb_arena *a = p->arena;
    bins b = bins_of(a, s, hit);
    const char *reading = read_reliability(a, &b, rb_ece(s), calibration);
    rb_series dots = {.mark = RB_MARK_DOTS,
                      .colour = RB_RUN_COLOUR,
                      .x = b.mean,
                      .y = b.share,
                      .low = b.low,
                      .high = b.high,
                      .count = b.count,
                      .radius = 4.5,
                      .label = b.said};
    rb_chart c = {.label = rb_text_format(a, "Reliability: share %s over the %s. %s", hit, what, reading),
                  .x = {.label = rb_text_format(a, "%s, %%", what), .percent = true, .from = 0, .to = 1},
                  .y = {.label = rb_text_format(a, "%s, %%", hit), .percent = true, .from = 0, .to = 1},
                  .series = &dots,
                  .series_count = 1,
                  .diagonal = true,
                  .square = true};
    rb_page_figure(p, "Scores as probabilities", reading, rb_chart_svg(a, &c));
}

void rb_show_reliability(rb_page *p, const rb_result *r, const char *calibration)
{
    if (r->scores.n) show_bins(p, r->scores, "predicted probability of class 1", "of class 1", calibration);
}

// The probability of the class taken of each picture, and whether it is the right one.
static rb_scores tops_of(rb_arena *a, rb_class_scores s)
{
    double *top = RB_NEW(a, double, s.n);
    int *right = RB_NEW(a, int, s.n);
    for (int i = 0; i < s.n; i++) {
        const double *p = s.p + (ptrdiff_t)i * s.k;
        int taken = rb_class_taken(p, s.k);
        double sum = 0;
        for (int c = 0; c < s.k; c++) sum += p[c];
        top[i] = fmin(p[taken] / sum, 1);
        right[i] = taken == s.label[i];
    }
    return (rb_scores){top, right, s.n};
}

void rb_show_class_reliability(rb_page *p, const rb_class_result *r, const char *calibration)
{
    show_bins(p, tops_of(p->arena, r->scores), "probability of the class taken", "right", calibration);
}

// ---- how scores spread --------------------------------------------------------------------------------------------

static int rising(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median_of(rb_arena *a, rb_scores s, int label)
{
    double *own = RB_NEW(a, double, s.n);
    int n = 0;
    for (int i = 0; i < s.n; i++)
        if (s.label[i] == label) own[n++] = s.score[i];
    if (!n) return NAN;
    qsort(own, (size_t)n, sizeof *own, rising);
    return n % 2 ? own[n / 2] : (own[n / 2 - 1] + own[n / 2]) / 2;
}

// Of the pictures of a label, which are called `name`.
static rb_series histogram_of(rb_arena *a, rb_scores s, int label, const char *name)
{
    double *x = RB_NEW(a, double, BINS_HISTOGRAM), *share = RB_NEW(a, double, BINS_HISTOGRAM);
    const char **said = RB_NEW(a, const char *, BINS_HISTOGRAM);
    int count[BINS_HISTOGRAM] = {0}, all = 0;
    for (int i = 0; i < s.n; i++) {
        if (s.label[i] != label) continue;
        int bin = (int)(s.score[i] * BINS_HISTOGRAM);
        count[bin < BINS_HISTOGRAM ? bin : BINS_HISTOGRAM - 1]++;
        all++;
    }
    for (int bin = 0; bin < BINS_HISTOGRAM; bin++) {
        x[bin] = bin / (double)BINS_HISTOGRAM;
        share[bin] = all ? count[bin] / (double)all : 0;
        said[bin] =
            rb_text_format(a, "%s, %.2f to %.2f: %s, %s of them", name, x[bin], (bin + 1) / (double)BINS_HISTOGRAM,
                           rb_counted(a, count[bin], "picture", "pictures"), rb_percent(a, share[bin]));
    }
    return (rb_series){.name = rb_text_format(a, "%s (%d)", name, all),
                       .mark = RB_MARK_STEPS,
                       .colour = label,
                       .x = x,
                       .y = share,
                       .width = 1.0 / BINS_HISTOGRAM,
                       .count = BINS_HISTOGRAM,
                       .label = said};
}

void rb_show_histogram(rb_page *p, const rb_result *r, const char *const classes[2])
{
    rb_arena *a = p->arena;
    char median[2][RB_NUMBER_TEXT];
    rb_rates at = rb_rates_of(rb_confusion_at(r->scores, r->threshold));
    for (int label = 0; label < 2; label++) rb_number_text(median_of(a, r->scores, label), 3, median[label]);
    const char *reading = rb_text_format(
        a,
        "Half of class %s scores under %s, half of class %s over %s. On the wrong side of the line are %s "
        "of class %s and %s of class %s.",
        classes[0], median[0], classes[1], median[1], rb_percent(a, at.far), classes[0], rb_percent(a, at.frr),
        classes[1]);
    const rb_series series[] = {histogram_of(a, r->scores, 0, rb_text_format(a, "class %s", classes[0])),
                                histogram_of(a, r->scores, 1, rb_text_format(a, "class %s", classes[1]))};
    rb_chart c = {.label = rb_text_format(a, "Histogram of scores by class. %s", reading),
                  .x = {.label = "score (probability of class 1)", .from = 0, .to = 1},
                  .y = {.label = "of the class, %", .percent = true, .from_zero = true},
                  .series = series,
                  .series_count = 2,
                  .rules = &(rb_rule){false, r->threshold, "threshold"},
                  .rule_count = 1};
    rb_page_figure(p, "Scores by class", reading, rb_chart_svg(a, &c));
}

// How many of those wrong say so surely what they say.
static const char *read_sureness(rb_arena *a, rb_scores tops)
{
    const double sure = 0.9;
    char right[RB_NUMBER_TEXT], wrong[RB_NUMBER_TEXT];
    int errors = 0, sure_errors = 0;
    for (int i = 0; i < tops.n; i++) {
        errors += !tops.label[i];
        sure_errors += !tops.label[i] && tops.score[i] > sure;
    }
    if (!errors) return "No decision is wrong.";
    if (errors == tops.n) return "No decision is right.";
    return rb_text_format(
        a, "Half of the right decisions have a probability over %s, half of the %d wrong ones over %s; %s over %.1f.",
        rb_number_text(median_of(a, tops, 1), 3, right), errors, rb_number_text(median_of(a, tops, 0), 3, wrong),
        sure_errors ? rb_counted(a, sure_errors, "wrong one is", "wrong ones are") : "none of these is", sure);
}

void rb_show_class_histogram(rb_page *p, const rb_class_result *r)
{
    rb_arena *a = p->arena;
    rb_scores tops = tops_of(a, r->scores);
    const char *reading = read_sureness(a, tops);
    const rb_series series[] = {histogram_of(a, tops, 0, "wrong"), histogram_of(a, tops, 1, "right")};
    rb_chart c = {.label = rb_text_format(a, "Histogram of the probability of the class taken. %s", reading),
                  .x = {.label = "probability of the class taken", .from = 0, .to = 1},
                  .y = {.label = "of the wrong, of the right, %", .percent = true, .from_zero = true},
                  .series = series,
                  .series_count = 2};
    rb_page_figure(p, "How sure the model is", reading, rb_chart_svg(a, &c));
}
