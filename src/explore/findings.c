// SPDX-License-Identifier: Apache-2.0
#include "explore/findings.h"

#include "explore/quantile.h"
#include "metric/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void count_classes(rb_arena *a, const rb_survey *s, rb_findings *f)
{
    f->classes = RB_NEW(a, rb_class_count, s->data->class_count);
    for (int i = 0; i < s->data->count; i++) {
        const rb_sample *x = &s->data->samples[i];
        rb_class_count *c = &f->classes[x->label];
        c->part[x->part]++;
        c->all++;
        c->unreadable += s->facts[i].reason != NULL;
    }
}

// ---- files --------------------------------------------------------------------------------------------------------

static bool same_kind(rb_image_kind x, rb_image_kind y)
{
    return !strcmp(x.format, y.format) && x.channels == y.channels && x.bits == y.bits;
}

static int by_count(const void *left, const void *right)
{
    return ((const rb_kind_tally *)right)->count - ((const rb_kind_tally *)left)->count;
}

// There are few kinds: two formats, five numbers of channels, five of bits.
static void count_kinds(rb_arena *a, const rb_survey *s, rb_findings *f)
{
    enum { MOST = 64 };
    f->kinds = RB_NEW(a, rb_kind_tally, MOST);
    for (int i = 0; i < s->data->count; i++) {
        const rb_facts *x = &s->facts[i];
        if (x->reason) continue;
        int k = 0;
        while (k < f->kind_count && !same_kind(f->kinds[k].kind, x->kind)) k++;
        if (k == MOST) continue;
        if (k == f->kind_count) f->kinds[f->kind_count++].kind = x->kind;
        f->kinds[k].count++;
        f->bytes += x->bytes;
    }
    qsort(f->kinds, (size_t)f->kind_count, sizeof *f->kinds, by_count);
}

static int by_size(const void *left, const void *right)
{
    const rb_size_tally *x = left, *y = right;
    return x->h != y->h ? x->h - y->h : x->w - y->w;
}

static int by_frequency(const void *left, const void *right)
{
    const rb_size_tally *x = left, *y = right;
    return x->count != y->count ? y->count - x->count : by_size(x, y);
}

static void count_sizes(rb_arena *a, const rb_survey *s, rb_findings *f)
{
    rb_size_tally *sizes = RB_NEW(a, rb_size_tally, s->readable);
    int n = 0, kept = 0;
    for (int i = 0; i < s->data->count; i++)
        if (!s->facts[i].reason) sizes[n++] = (rb_size_tally){s->facts[i].h, s->facts[i].w, 1};
    qsort(sizes, (size_t)n, sizeof *sizes, by_size);
    for (int i = 0; i < n; i++) {
        if (kept && !by_size(&sizes[kept - 1], &sizes[i]))
            sizes[kept - 1].count++;
        else
            sizes[kept++] = sizes[i];
    }
    qsort(sizes, (size_t)kept, sizeof *sizes, by_frequency);
    f->sizes = sizes;
    f->size_count = kept;
}

// ---- pixels -------------------------------------------------------------------------------------------------------

static void find_channels(const rb_survey *s, rb_findings *f)
{
    double sum[3] = {0}, square[3] = {0};
    int n = 0;
    for (int i = 0; i < s->data->count; i++) {
        const rb_facts *x = &s->facts[i];
        if (x->reason || (f->split && s->data->samples[i].part != RB_TRAIN_PART)) continue;
        n++;
        for (int c = 0; c < 3; c++) {
            sum[c] += x->mean[c];
            square[c] += x->square[c];
        }
    }
    for (int c = 0; c < 3; c++) {
        f->mean[c] = n ? sum[c] / n : (double)NAN;
        f->std[c] = n ? sqrt(fmax(square[c] / n - f->mean[c] * f->mean[c], 0)) : (double)NAN;
    }
}

static rb_spread spread_of(double *x, int n)
{
    rb_spread out = {.n = n, .mean = NAN, .std = NAN};
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    if (n) out.mean = sum / n;
    for (int i = 0; i < n; i++) square += (x[i] - out.mean) * (x[i] - out.mean);
    if (n) out.std = sqrt(square / n);
    out.p05 = rb_quantile(x, n, 0.05);
    out.p25 = rb_quantile(x, n, 0.25);
    out.median = rb_quantile(x, n, 0.5);
    out.p75 = rb_quantile(x, n, 0.75);
    out.p95 = rb_quantile(x, n, 0.95);
    return out;
}

static int values_of(const rb_survey *s, int statistic, int label, double *out)
{
    int n = 0;
    for (int i = 0; i < s->data->count; i++)
        if (!s->facts[i].reason && s->data->samples[i].label == label) out[n++] = s->facts[i].statistic[statistic];
    return n;
}

static double auc_of(rb_arena *scratch, const rb_survey *s, int statistic)
{
    if (s->data->class_count != 2) return (double)NAN;
    double *score = RB_NEW(scratch, double, s->readable);
    int *label = RB_NEW(scratch, int, s->readable), n = 0;
    for (int i = 0; i < s->data->count; i++) {
        if (s->facts[i].reason) continue;
        score[n] = s->facts[i].statistic[statistic];
        label[n++] = s->data->samples[i].label;
    }
    return rb_roc_auc(scratch, (rb_scores){score, label, n});
}

static void find_spreads(rb_arena *a, const rb_survey *s, rb_findings *f)
{
    rb_arena *scratch = rb_arena_open();
    for (int k = 0; k < RB_STATISTICS; k++) {
        f->spread[k] = RB_NEW(a, rb_spread, s->data->class_count);
        f->auc[k] = auc_of(scratch, s, k);
        double *x = RB_NEW(scratch, double, s->readable);
        for (int c = 0; c < s->data->class_count; c++) f->spread[k][c] = spread_of(x, values_of(s, k, c, x));
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
}

// ---- twins --------------------------------------------------------------------------------------------------------

static void find_twins(rb_arena *a, const rb_survey *s, rb_findings *f)
{
    f->twins = rb_twins_find(a, s);
    f->discord = rb_twins_discord(a, s, &f->twins);
    for (int c = 0; c < f->twins.cluster_count; c++) {
        f->conflicts += f->discord[c].conflict;
        f->leaks += f->discord[c].leak;
    }
    for (int i = 0; i < s->data->count; i++) f->twin_pictures += f->twins.cluster[i] >= 0;
}

rb_discord rb_pair_discord(const rb_survey *s, const rb_twin_pair *p)
{
    const rb_sample *x = &s->data->samples[p->a], *y = &s->data->samples[p->b];
    return (rb_discord){x->label != y->label, x->part != y->part};
}

void rb_findings_gather(rb_arena *a, const rb_survey *s, bool split, rb_findings *out)
{
    *out = (rb_findings){.survey = s, .split = split};
    count_classes(a, s, out);
    count_kinds(a, s, out);
    count_sizes(a, s, out);
    find_channels(s, out);
    find_spreads(a, s, out);
    find_twins(a, s, out);
}

void rb_findings_place(rb_arena *a, const rb_map *m, rb_findings *f)
{
    f->map = *m;
    f->outliers = rb_outliers_find(a, f->survey, m->distance);
}
