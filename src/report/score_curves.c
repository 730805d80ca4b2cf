// SPDX-License-Identifier: Apache-2.0
// score_curves.c - ROC, DET, precision and recall: what every threshold would give.
//
// Source: Fawcett, "An introduction to ROC analysis", 2006; Martin et al., "The DET curve in assessment of detection
//         task performance", 1997; Saito & Rehmsmeier, "The precision-recall plot is more informative than the ROC plot
//         when evaluating binary classifiers on imbalanced datasets", 2015
#include "report/scores.h"

#include <math.h>
#include <string.h>

#define CURVE_POINTS 1500 // kept of one curve; figures have fewer pixels

const char *rb_counted(rb_arena *a, int64_t n, const char *one, const char *many)
{
    return rb_text_format(a, "%lld %s", (long long)n, n == 1 ? one : many);
}

// One decimal, and one more where errors are few.
static const char *points(rb_arena *a, double share)
{
    double size = fabs(share);
    return rb_text_format(a, "%.*f", size > 0 && size < 0.00995 ? 2 : 1, 100 * share);
}

const char *rb_percent(rb_arena *a, double share)
{
    return isnan(share) ? "–" : rb_text_format(a, "%s\u00A0%%", points(a, share));
}

const char *rb_points_within(rb_arena *a, double share, rb_interval i)
{
    if (isnan(share)) return "–";
    if (isnan(i.low) || isnan(i.high)) return points(a, share);
    return rb_text_format(a, "%s\u00A0[%.1f,\u00A0%.1f]", points(a, share), 100 * i.low, 100 * i.high);
}

const char *rb_percent_within(rb_arena *a, double share, rb_interval i)
{
    if (isnan(share) || isnan(i.low) || isnan(i.high)) return rb_percent(a, share);
    return rb_text_format(a, "%s\u00A0[%.1f,\u00A0%.1f]", rb_percent(a, share), 100 * i.low, 100 * i.high);
}

const char *rb_within(rb_arena *a, double value, rb_interval i)
{
    if (isnan(value)) return "–";
    if (isnan(i.low) || isnan(i.high)) return rb_text_format(a, "%.4f", value);
    return rb_text_format(a, "%.4f\u00A0[%.3f,\u00A0%.3f]", value, i.low, i.high);
}

const char *rb_points_before(rb_arena *a, rb_interval i, const char *rest)
{
    if (isnan(i.low) || isnan(i.high)) return rest;
    return rb_text_format(a, "[%.1f,\u00A0%.1f] · %s", 100 * i.low, 100 * i.high, rest);
}

const char *rb_interval_before(rb_arena *a, rb_interval i, const char *rest)
{
    if (isnan(i.low) || isnan(i.high)) return rest;
    return rb_text_format(a, "[%.3f,\u00A0%.3f] · %s", i.low, i.high, rest);
}

// ---- points -------------------------------------------------------------------------------------------------------

static rb_roc roc_of(rb_arena *a, const rb_result *r)
{
    return rb_roc_thinned(a, rb_roc_corners(a, r->scores), CURVE_POINTS);
}

static double *misses_of(rb_arena *a, const rb_roc *roc)
{
    double *frr = RB_NEW(a, double, roc->count);
    for (int i = 0; i < roc->count; i++) frr[i] = 1 - roc->tpr[i];
    return frr;
}

static bool is_against_rest(const rb_result *r)
{
    return isnan(r->threshold);
}

// "FAR 3.1 %, FRR 0.8 %, threshold 0.43", with the name before it where there are several.
static const char *say_point(rb_arena *a, const rb_result *r, double far, double frr, double threshold)
{
    char number[RB_NUMBER_TEXT];
    rb_number_text(threshold, 4, number);
    if (is_against_rest(r))
        return rb_text_format(a, "%s · found %s of it, taken for it %s of the rest", r->name, rb_percent(a, 1 - frr),
                              rb_percent(a, far));
    return rb_text_format(a, "%s%sFAR %s, FRR %s%s%s", r->name ? r->name : "", r->name ? " · " : "", rb_percent(a, far),
                          rb_percent(a, frr), isinf(threshold) ? "" : ", threshold ", isinf(threshold) ? "" : number);
}

static const char *const *say_points(rb_arena *a, const rb_result *r, const rb_roc *roc)
{
    const char **said = RB_NEW(a, const char *, roc->count);
    for (int i = 0; i < roc->count; i++) said[i] = say_point(a, r, roc->fpr[i], 1 - roc->tpr[i], roc->threshold[i]);
    return said;
}

rb_series *rb_trade_offs(rb_arena *a, const rb_result *results, int count, bool misses)
{
    rb_series *all = RB_NEW(a, rb_series, 2 * count);
    for (int i = 0; i < count; i++) {
        const rb_result *r = &results[i];
        rb_roc roc = roc_of(a, r);
        all[i] = (rb_series){.name = r->name,
                             .colour = r->colour,
                             .dashed = r->dashed,
                             .faint = r->dashed,
                             .x = roc.fpr,
                             .y = misses ? misses_of(a, &roc) : roc.tpr,
                             .count = roc.count,
                             .unmarked = true,
                             .label = say_points(a, r, &roc)};
        rb_rates at = rb_rates_of(is_against_rest(r) ? r->decided : rb_confusion_at(r->scores, r->threshold));
        double *x = RB_NEW(a, double, 1), *y = RB_NEW(a, double, 1);
        const char **said = RB_NEW(a, const char *, 1);
        *x = at.far;
        *y = misses ? at.frr : 1 - at.frr;
        *said = rb_text_format(a, "%s · %s", is_against_rest(r) ? "most probable" : "chosen threshold",
                               say_point(a, r, at.far, at.frr, r->threshold));
        all[count + i] = (rb_series){.mark = RB_MARK_DOTS,
                                     .colour = r->colour,
                                     .x = x,
                                     .y = y,
                                     .count = 1,
                                     .radius = r->dashed ? 3 : 4.5,
                                     .label = said};
    }
    if (count) all[count].name = is_against_rest(results) ? "as decided" : "at the chosen threshold";
    return all;
}

static int best_by(const double *value, int count, bool least)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (least ? value[i] < value[best] : value[i] > value[best]) best = i;
    return best;
}

const char *rb_ranking(rb_arena *a, const char *what, const rb_result *results, const double *value, int count,
                       bool least, const char *(*say)(rb_arena *a, double value))
{
    int best = best_by(value, count, least);
    const char *text = rb_text_format(a, "%s %s has %s, %s", least ? "Least" : "Greatest", what, results[best].name,
                                      say(a, value[best]));
    for (int i = 0; i < count; i++)
        if (i != best) text = rb_text_format(a, "%s; %s %s", text, results[i].name, say(a, value[i]));
    return rb_text_format(a, "%s.", text);
}

const char *rb_say_area(rb_arena *a, double area)
{
    return rb_text_format(a, "%.4f", area);
}

static bool lacks_class(rb_scores s)
{
    int positives = 0;
    for (int i = 0; i < s.n; i++) positives += s.label[i];
    return !positives || positives == s.n;
}

// ---- ROC ----------------------------------------------------------------------------------------------------------

static const char *read_roc(rb_arena *a, const rb_result *results, int count)
{
    double *area = RB_NEW(a, double, count);
    for (int i = 0; i < count; i++) area[i] = rb_roc_auc(a, results[i].scores);
    if (count > 1 && !results[1].dashed)
        return rb_ranking(a, "area under the curve", results, area, count, false, rb_say_area);
    return rb_text_format(
        a,
        "Of a picture of each class, the model gives the one to be accepted the higher score in %s of "
        "all pairs (area under the curve %.4f).",
        rb_percent(a, area[0]), area[0]);
}

void rb_show_roc(rb_page *p, const rb_result *results, int count)
{
    rb_arena *a = p->arena;
    if (lacks_class(results[0].scores)) return;
    const char *reading = read_roc(a, results, count);
    rb_chart c = {.label = rb_text_format(a, "ROC curve: accepted of class 1 over accepted of class 0. %s", reading),
                  .x = {.label = "FAR, %", .percent = true, .from = 0, .to = 1},
                  .y = {.label = "accepted of class 1 (1 − FRR), %", .percent = true, .from = 0, .to = 1},
                  .series = rb_trade_offs(a, results, count, false),
                  .series_count = 2 * count,
                  .diagonal = true,
                  .square = true};
    rb_page_figure(p, "ROC", reading, rb_chart_svg(a, &c));
}

// ---- DET ----------------------------------------------------------------------------------------------------------

static const char *say_rate(rb_arena *a, double rate)
{
    return rb_percent(a, rate);
}

static int64_t smaller_class(rb_scores s)
{
    int positives = 0;
    for (int i = 0; i < s.n; i++) positives += s.label[i];
    return positives < s.n - positives ? positives : s.n - positives;
}

static const char *read_det(rb_arena *a, const rb_result *results, int count)
{
    double *rate = RB_NEW(a, double, count);
    for (int i = 0; i < count; i++) rate[i] = rb_eer(a, results[i].scores);
    if (count > 1 && !results[1].dashed) return rb_ranking(a, "equal error rate", results, rate, count, true, say_rate);
    int64_t few = smaller_class(results[0].scores);
    return rb_text_format(
        a,
        "Both kinds of error are equally frequent at %s (EER). The smaller class has %s: one of them is "
        "%s, and no smaller step can be seen.",
        rb_percent(a, rate[0]), rb_counted(a, few, "picture", "pictures"), rb_percent(a, 1 / (double)few));
}

// From the least share that one of the curves can show to somewhat over the greatest error rate.
static rb_axis det_axis(const char *label, const rb_result *results, int count)
{
    double least = 0.01;
    for (int i = 0; i < count; i++) least = fmin(least, 0.5 / fmax(results[i].scores.n, 1));
    return (rb_axis){.label = label, .scale = RB_SCALE_PROBIT, .percent = true, .from = fmax(least, 1e-5), .to = 0.6};
}

void rb_show_det(rb_page *p, const rb_result *results, int count)
{
    rb_arena *a = p->arena;
    if (lacks_class(results[0].scores)) return;
    const char *reading = read_det(a, results, count);
    rb_chart c = {.label = rb_text_format(a, "DET curve: FRR over FAR on normal scales. %s", reading),
                  .x = det_axis("FAR, %", results, count),
                  .y = det_axis("FRR, %", results, count),
                  .series = rb_trade_offs(a, results, count, true),
                  .series_count = 2 * count,
                  .diagonal = true,
                  .square = true};
    rb_page_figure(p, "Detection error trade-off", reading, rb_chart_svg(a, &c));
}

// ---- precision and recall -----------------------------------------------------------------------------------------

// The rare class is the one worth finding: where that is class 0, scores and labels are turned around.
static rb_scores of_class(rb_arena *a, rb_scores s, int wanted)
{
    if (wanted) return s;
    double *score = RB_NEW(a, double, s.n);
    int *label = RB_NEW(a, int, s.n);
    for (int i = 0; i < s.n; i++) score[i] = 1 - s.score[i], label[i] = !s.label[i];
    return (rb_scores){score, label, s.n};
}

static int count_positive(rb_scores s)
{
    int positives = 0;
    for (int i = 0; i < s.n; i++) positives += s.label[i];
    return positives;
}

// Its first point takes nothing, and has precision 1 by custom: it is left out.
rb_series rb_precision_line(rb_arena *a, const rb_result *r, rb_scores s)
{
    rb_roc roc = rb_roc_thinned(a, rb_roc_curve(a, s), CURVE_POINTS);
    double positives = count_positive(s), *precision = RB_NEW(a, double, roc.count);
    const char **said = RB_NEW(a, const char *, roc.count);
    for (int i = 1; i < roc.count; i++) {
        double found = roc.tpr[i] * positives, taken = found + roc.fpr[i] * (s.n - positives);
        precision[i] = found / taken;
        said[i] = rb_text_format(a, "%s%sfinds %s, and %s of what it takes is right", r->name ? r->name : "",
                                 r->name ? " · " : "", rb_percent(a, roc.tpr[i]), rb_percent(a, precision[i]));
    }
    return (rb_series){.name = r->name,
                       .colour = r->colour,
                       .dashed = r->dashed,
                       .faint = r->dashed,
                       .x = roc.tpr + 1,
                       .y = precision + 1,
                       .count = roc.count - 1,
                       .unmarked = true,
                       .label = said + 1};
}

static const char *read_precision(rb_arena *a, const rb_result *results, const rb_scores *turned, int count,
                                  const char *class)
{
    double *mean = RB_NEW(a, double, count);
    for (int i = 0; i < count; i++) mean[i] = rb_average_precision(a, turned[i]);
    if (count > 1 && !results[1].dashed)
        return rb_ranking(a, "average precision", results, mean, count, false, rb_say_area);
    double share = count_positive(turned[0]) / (double)turned[0].n;
    return rb_text_format(a, "For class %s, %s of the pictures: average precision %.4f, where guessing has %.4f.",
                          class, rb_percent(a, share), mean[0], share);
}

void rb_show_precision_recall(rb_page *p, const rb_result *results, int count, const char *const classes[2])
{
    rb_arena *a = p->arena;
    if (lacks_class(results[0].scores)) return;
    int rare = 2 * count_positive(results[0].scores) <= results[0].scores.n;
    rb_scores *turned = RB_NEW(a, rb_scores, count);
    rb_series *all = RB_NEW(a, rb_series, count);
    for (int i = 0; i < count; i++) {
        turned[i] = of_class(a, results[i].scores, rare);
        all[i] = rb_precision_line(a, &results[i], turned[i]);
    }
    const char *reading = read_precision(a, results, turned, count, classes[rare]);
    rb_rule guess = {true, count_positive(turned[0]) / (double)turned[0].n, "guessing"};
    rb_chart c = {.label = rb_text_format(a, "Precision over recall. %s", reading),
                  .x = {.label = rb_text_format(a, "found of class %s (recall), %%", classes[rare]),
                        .percent = true,
                        .from = 0,
                        .to = 1},
                  .y = {.label = "right among those taken (precision), %", .percent = true, .from = 0, .to = 1},
                  .series = all,
                  .series_count = count,
                  .rules = &guess,
                  .rule_count = 1,
                  .square = true};
    rb_page_figure(p, rb_text_format(a, "Finding class %s", classes[rare]), reading, rb_chart_svg(a, &c));
}
