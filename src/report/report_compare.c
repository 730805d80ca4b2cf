// SPDX-License-Identifier: Apache-2.0
// report_compare.c - runs that were judged on the same pictures: is the best one better, or was it luck?
#include "report/report.h"
#include "report/scores.h"

#include <math.h>
#include <string.h>

static const rb_part_results *judged_part(const rb_past *run)
{
    int part = rb_past_main_part(run);
    return part < 0 ? NULL : &run->part[part];
}

static bool same_pictures(const rb_past *one, const rb_past *other)
{
    const rb_part_results *a = judged_part(one), *b = judged_part(other);
    if (rb_past_main_part(one) != rb_past_main_part(other) || rb_part_count(a) != rb_part_count(b) ||
        a->classes != b->classes)
        return false;
    for (int i = 0; i < rb_part_count(a); i++)
        if (strcmp(a->path[i], b->path[i]) || rb_part_labels(a)[i] != rb_part_labels(b)[i]) return false;
    return true;
}

bool rb_report_agree(const rb_past *runs, int count, rb_error *err)
{
    const char *const *names = rb_report_names(runs, count);
    for (int i = 0; i < count; i++) {
        if (runs[i].class_count != runs[0].class_count)
            return rb_fail(err, RB_ERR_USAGE, "%s has %d classes, %s has %d; runs side by side have the same ones",
                           runs[0].folder, runs[0].class_count, runs[i].folder, runs[i].class_count);
        for (int k = 0; runs[i].has_names && k < runs[i].class_count; k++)
            if (strcmp(runs[i].classes[k], names[k]) != 0)
                return rb_fail(err, RB_ERR_USAGE,
                               "label %d is class '%s' in %s and '%s' in other runs; runs side by side have the same "
                               "classes in the same order",
                               k, runs[i].classes[k], runs[i].folder, names[k]);
    }
    return true;
}

const char *const *rb_report_names(const rb_past *runs, int count)
{
    for (int i = 0; i < count; i++)
        if (runs[i].has_names) return runs[i].classes;
    return runs[0].classes;
}

int rb_report_best(const rb_past *runs, int count)
{
    int best = -1;
    double least = INFINITY;
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        double hter = part < 0 ? (double)NAN : rb_verdict_hter(&runs[i].verdict[part]);
        if (hter < least) least = hter, best = i;
    }
    return best;
}

bool rb_report_comparable(const rb_past *runs, int count)
{
    int best = rb_report_best(runs, count);
    for (int i = 0; best >= 0 && i < count; i++)
        if (judged_part(&runs[i]) && !same_pictures(&runs[best], &runs[i])) return false;
    return best >= 0;
}

// "1.2 [-0.4, 2.9]", in points of per cent.
static const char *points(rb_arena *a, rb_difference d)
{
    if (isnan(d.value) || isnan(d.at.low)) return NULL;
    return rb_text_format(a, "%+.1f\u00A0[%+.1f,\u00A0%+.1f]", 100 * d.value, 100 * d.at.low, 100 * d.at.high);
}

// "+0.0219 [-0.016, +0.062]"
static const char *area(rb_arena *a, rb_difference d)
{
    if (isnan(d.value) || isnan(d.at.low)) return NULL;
    return rb_text_format(a, "%+.4f\u00A0[%+.3f,\u00A0%+.3f]", d.value, d.at.low, d.at.high);
}

static const char *p_value(rb_arena *a, double p)
{
    return isnan(p) ? NULL : p < 0.001 ? "< 0.001" : rb_text_format(a, "%.3f", p);
}

static bool is_apart(rb_difference d)
{
    return d.at.low > 0 || d.at.high < 0;
}

// Of what nothing was drawn for nothing is said.
static const char *say_luck(const rb_comparison *c)
{
    if (is_apart(c->hter_bootstrap)) return "yes";
    if (is_apart(c->auc_bootstrap)) return "not in HTER, but in ROC AUC";
    return isnan(c->hter_bootstrap.at.low) ? NULL : "no";
}

// DeLong's test stands last: more than two classes have none.
static void put_row(rb_page *p, const rb_past *run, const rb_comparison *c)
{
    rb_arena *a = p->arena;
    rb_page_row(p, (const char *const[]){run->short_name, points(a, c->hter_bootstrap), p_value(a, c->all.p),
                                         area(a, c->auc_bootstrap), say_luck(c), p_value(a, c->delong_p)});
}

static rb_comparison compare(rb_arena *a, const rb_past *run, const rb_past *best)
{
    const rb_part_results *ours = judged_part(run), *theirs = judged_part(best);
    const rb_verdict *v = &best->verdict[rb_past_main_part(best)];
    rb_bootstrap b = {v->resamples, v->group};
    if (ours->many.n) return rb_class_compare(a, ours->many, theirs->many, &b);
    return rb_compare(a, ours->scores, ours->threshold, theirs->scores, theirs->threshold, &b);
}

void rb_report_line_up(rb_arena *a, rb_past *runs, int count)
{
    int best = rb_report_best(runs, count);
    for (int i = 0; i < count; i++) {
        const char *model = rb_past_text(runs[i].log.run, "model");
        runs[i].short_name = rb_text_format(a, "%c%s%s", 'A' + i, model ? " " : "", model ? model : "");
        runs[i].behind = NULL;
        if (best < 0 || i == best || !judged_part(&runs[i]) || !same_pictures(&runs[best], &runs[i])) continue;
        rb_comparison *c = RB_NEW(a, rb_comparison, 1);
        *c = compare(a, &runs[i], &runs[best]);
        runs[i].behind = c;
    }
}

const char *rb_report_lead(rb_arena *a, const rb_past *runs, int count)
{
    int best = rb_report_best(runs, count), next = -1;
    double least = INFINITY;
    for (int i = 0; i < count; i++) {
        int part = rb_past_main_part(&runs[i]);
        double hter = part < 0 || i == best ? (double)NAN : rb_verdict_hter(&runs[i].verdict[part]);
        if (hter < least) least = hter, next = i;
    }
    if (next < 0 || !runs[next].behind) return NULL;
    rb_difference lead = runs[next].behind->hter_bootstrap;
    if (isnan(lead.at.low)) return NULL;
    return rb_text_format(a, "%s comes next, with %.1f points more, 95 %% interval %+.1f to %+.1f: %s.",
                          runs[next].short_name, 100 * lead.value, 100 * lead.at.low, 100 * lead.at.high,
                          is_apart(lead) ? "more than luck would do" : "luck alone may have done that");
}

void rb_report_comparison(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    const rb_column columns[] = {{"run", false},           {"HTER, points [95 %]", true}, {"McNemar p", true},
                                 {"ROC AUC [95 %]", true}, {"more than luck?", false},    {"DeLong p", true}};
    int best = rb_report_best(runs, count), rows = 0;
    for (int i = 0; i < count; i++) {
        if (!runs[i].behind) continue;
        if (!rows++)
            rb_page_table(
                p, rb_text_format(a, "Against %s, on the same pictures", runs[best].short_name),
                "Differences to it, with intervals from pictures drawn again and again in pairs. Of many runs "
                "that differ by luck alone, one in twenty looks as if it did not.",
                columns, runs[best].class_count == 2 ? 6 : 5);
        put_row(p, &runs[i], runs[i].behind);
    }
}
