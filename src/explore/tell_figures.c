// SPDX-License-Identifier: Apache-2.0
// tell_figures.c - how simple statistics lie in each class, and the map.
#include "explore/quantile.h"
#include "explore/telling.h"

#include <math.h>
#include <stdlib.h>

#define BINS 32

// ---- statistics ---------------------------------------------------------------------------------------------------

static const struct about {
    const char *title, *axis;
    bool logarithm;
} abouts[RB_STATISTICS] = {
    {"Brightness", "mean of grey, 0..1", false},
    {"Contrast", "standard deviation of grey, 0..1", false},
    {"Sharpness", "variance of the Laplacian, log10", true},
    {"Chroma", "mean spread of the channels, 0..1", false},
    {"Bytes per pixel", "bytes of the file per pixel, log10", true},
    {"Aspect", "width / height, log10", true},
};

static double shown(int statistic, double value)
{
    return abouts[statistic].logarithm ? log10(fmax(value, 1e-6)) : value;
}

typedef struct range {
    double low, high;
} range;

// All but the outermost thousandth on each side, which go into the outermost bins.
static range range_of(const rb_telling *t, int statistic)
{
    rb_arena *scratch = rb_arena_open();
    double *x = RB_NEW(scratch, double, t->survey->readable);
    int n = 0;
    for (int i = 0; i < t->data->count; i++)
        if (!t->survey->facts[i].reason) x[n++] = shown(statistic, t->survey->facts[i].statistic[statistic]);
    range r = {rb_quantile(x, n, 0.001), rb_quantile(x, n, 0.999)};
    rb_arena_close(scratch);
    return r;
}

// Shares of a class, so that a rare one is as high as the others.
static rb_series histogram(const rb_telling *t, int statistic, int label, range r)
{
    double *x = RB_NEW(t->arena, double, BINS), *y = RB_NEW(t->arena, double, BINS), width = (r.high - r.low) / BINS;
    int n = t->f->spread[statistic][label].n;
    for (int b = 0; b < BINS; b++) x[b] = r.low + b * width;
    for (int i = 0; i < t->data->count; i++) {
        if (t->survey->facts[i].reason || t->data->samples[i].label != label) continue;
        int b = (int)floor((shown(statistic, t->survey->facts[i].statistic[statistic]) - r.low) / width);
        y[b < 0 ? 0 : b >= BINS ? BINS - 1 : b] += 1.0 / n;
    }
    return (rb_series){.name = rb_text_format(t->arena, "class %s", t->data->classes[label]),
                       .mark = RB_MARK_STEPS,
                       .colour = label,
                       .x = x,
                       .y = y,
                       .width = width,
                       .count = BINS};
}

// The classes, the largest first: what is drawn last lies on top.
static int *by_falling_size(const rb_telling *t)
{
    int k = t->data->class_count, *order = RB_NEW(t->arena, int, k);
    for (int i = 0; i < k; i++) {
        int at = i;
        for (; at > 0 && t->f->classes[order[at - 1]].all < t->f->classes[i].all; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

static const char *statistic_reading(const rb_telling *t, int statistic)
{
    rb_arena *a = t->arena;
    const char *text = "Medians:";
    for (int k = 0; k < t->data->class_count; k++)
        text = rb_text_format(a, "%s class %s %.3g%s", text, t->data->classes[k], t->f->spread[statistic][k].median,
                              k + 1 < t->data->class_count ? "," : ".");
    double auc = t->f->auc[statistic];
    if (!isfinite(auc)) return text;
    const char *ranks =
        rb_text_format(a, "%s It alone puts a picture of class %s above one of class %s in %.0f %% of pairs", text,
                       t->data->classes[1], t->data->classes[0], 100 * auc);
    bool telling = fabs(auc - 0.5) >= 0.3;
    return rb_text_format(a, telling ? "%s: a network may learn this and nothing else." : "%s; 50 %% is chance.",
                          ranks);
}

static void tell_statistic(const rb_telling *t, int statistic, const int *order)
{
    range r = range_of(t, statistic);
    if (!(r.high > r.low)) {
        rb_page_text(t->page, "%s: %.4g in nearly all pictures.", abouts[statistic].title,
                     t->f->spread[statistic][0].median);
        return;
    }
    int k = t->data->class_count;
    rb_series *series = RB_NEW(t->arena, rb_series, k);
    for (int i = 0; i < k; i++) series[i] = histogram(t, statistic, order[i], r);
    rb_chart chart = {.label = rb_text_format(t->arena, "%s of the pictures of each class", abouts[statistic].title),
                      .x = {.label = abouts[statistic].axis, .from = r.low, .to = r.high},
                      .y = {.label = "share of the class, %", .percent = true, .from_zero = true},
                      .series = series,
                      .series_count = k};
    rb_page_figure(t->page, abouts[statistic].title, statistic_reading(t, statistic), rb_chart_svg(t->arena, &chart));
}

void rb_tell_statistics(const rb_telling *t)
{
    const int *order = by_falling_size(t);
    rb_page_section(t->page, "Light, sharpness, shape");
    for (int k = 0; k < RB_STATISTICS; k++) tell_statistic(t, k, order);
}

// ---- the map ------------------------------------------------------------------------------------------------------

static rb_series dots(const rb_telling *t, const float *xy, int label)
{
    const rb_map *m = &t->f->map;
    double *x = RB_NEW(t->arena, double, m->n), *y = RB_NEW(t->arena, double, m->n);
    const char **names = RB_NEW(t->arena, const char *, m->n);
    int n = 0;
    for (int i = 0; i < m->n; i++) {
        if (t->data->samples[m->sample[i]].label != label) continue;
        x[n] = (double)xy[2 * i];
        y[n] = (double)xy[2 * i + 1];
        names[n++] = rb_tell_where(t, m->sample[i]);
    }
    return (rb_series){.name = rb_text_format(t->arena, "class %s", t->data->classes[label]),
                       .mark = RB_MARK_DOTS,
                       .colour = label,
                       .x = x,
                       .y = y,
                       .radius = m->n > 1500  ? 1.5
                                 : m->n > 300 ? 2.2
                                              : 3.5,
                       .count = n,
                       .label = names};
}

static rb_svg map_svg(const rb_telling *t, const float *xy, rb_chart chart)
{
    const int *order = by_falling_size(t);
    rb_series *series = RB_NEW(t->arena, rb_series, t->data->class_count);
    for (int k = 0; k < t->data->class_count; k++) series[k] = dots(t, xy, order[k]);
    chart.series = series;
    chart.series_count = t->data->class_count;
    chart.square = true;
    return rb_chart_svg(t->arena, &chart);
}

static const char *kinship_reading(const rb_telling *t)
{
    const char *text = "";
    for (int k = 0; k < t->data->class_count && t->f->map.kinship; k++)
        text = rb_text_format(t->arena, "%s%s%.0f %% for class %s (%.0f %% would be chance)", text, k ? ", " : "",
                              100 * t->f->map.kinship[k], t->data->classes[k],
                              100.0 * t->f->classes[k].all / t->data->count);
    if (!*text) return NULL;
    return rb_text_format(t->arena, "Of a picture's %d nearest, so many have its label: %s.", RB_MAP_NEAREST, text);
}

void rb_tell_map(const rb_telling *t)
{
    const rb_map *m = &t->f->map;
    rb_page_section(t->page, "Map");
    if (!m->tsne) {
        rb_page_text(t->page, "There are too few different pictures for a map.");
        return;
    }
    bool all = m->n == t->survey->readable;
    rb_page_text(t->page, "Each dot is a picture; near ones are alike in %s. %s", m->features.source,
                 all ? "All readable pictures are shown."
                     : rb_text_format(t->arena, "%d of %d are shown, drawn by chance.", m->n, t->survey->readable));
    rb_page_figure(
        t->page, "Neighbourhoods (t-SNE)", kinship_reading(t),
        map_svg(t, m->tsne, (rb_chart){.label = "Map of the pictures by t-SNE, coloured by class", .bare = true}));
    const char *axes[2];
    for (int c = 0; c < 2; c++)
        axes[c] = rb_text_format(t->arena, "component %d: %.0f %% of all variance", c + 1, 100 * m->share[c]);
    rb_page_figure(t->page, "Principal components", "The two directions in which the pictures differ most.",
                   map_svg(t, m->pca,
                           (rb_chart){.label = "Map of the pictures by principal components, coloured by class",
                                      .x = {.label = axes[0]},
                                      .y = {.label = axes[1]}}));
}
