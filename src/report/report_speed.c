// SPDX-License-Identifier: Apache-2.0
// report_speed.c - where the time went: from the fields of the log whose names begin with t_.
#include "report/report.h"
#include "report/scores.h"

#include <math.h>
#include <stdlib.h>

typedef struct phase {
    const char *name;
    double seconds, pictures; // pictures 0: it is not about pictures
} phase;

enum { PREPARING, STEPS, WAITING, VALIDATING, JUDGING, PHASES };

static double count_of(const rb_past *run, int part)
{
    double n = rb_past_number(run->log.run, rb_results_parts[part]);
    return isnan(n) ? 0 : n;
}

// The clock of a run that went on began anew: a gap below zero says nothing.
static double gap(double from, double to)
{
    return to > from ? to - from : 0;
}

static double last_step_s(const rb_past *run, double epoch, int *at)
{
    double t_s = NAN;
    while (*at < run->log.steps && run->log.step[*at].epoch <= epoch) t_s = run->log.step[(*at)++].t_s;
    return t_s;
}

static void time_epochs(const rb_past *run, phase *phases)
{
    int step = 0;
    for (int i = 0; i < run->log.epoch.count; i++) {
        const json_t *e = run->log.epoch.at[i];
        double rate = rb_past_number(e, "t_images_per_s"), wait_s = rb_past_number(e, "t_wait_s");
        double end_s = last_step_s(run, rb_past_number(e, "epoch"), &step);
        if (rate > 0) {
            phases[STEPS].seconds += count_of(run, RB_PAST_TRAIN) / rate;
            phases[STEPS].pictures += count_of(run, RB_PAST_TRAIN);
        }
        if (wait_s > 0) phases[WAITING].seconds += wait_s;
        phases[VALIDATING].seconds += gap(end_s, rb_past_number(e, "t_s"));
        phases[VALIDATING].pictures += count_of(run, RB_PAST_VAL);
    }
}

static void time_phases(const rb_past *run, phase phases[PHASES])
{
    static const char *const names[PHASES] = {"before the first step", "training steps", "of it waiting for pictures",
                                              "validation", "judging the best weights"};
    for (int i = 0; i < PHASES; i++) phases[i] = (phase){.name = names[i]};
    if (run->log.steps) phases[PREPARING].seconds = gap(0, run->log.step[0].t_s);
    time_epochs(run, phases);
    for (int i = 0; i < run->log.eval.count; i++) {
        const json_t *before = i                      ? run->log.eval.at[i - 1]
                               : run->log.epoch.count ? run->log.epoch.at[run->log.epoch.count - 1]
                                                      : NULL;
        phases[JUDGING].seconds += gap(rb_past_number(before, "t_s"), rb_past_number(run->log.eval.at[i], "t_s"));
    }
    for (int part = 0; part < RB_PAST_PARTS; part++)
        phases[JUDGING].pictures += run->part[part].scores.n + run->part[part].many.n;
}

static void show_phases(rb_page *p, const rb_past *run)
{
    rb_arena *a = p->arena;
    const rb_column columns[] = {{"phase", false}, {"seconds", true}, {"pictures/s", true}};
    phase phases[PHASES];
    time_phases(run, phases);
    double all_s =
        phases[PREPARING].seconds + phases[STEPS].seconds + phases[VALIDATING].seconds + phases[JUDGING].seconds;
    const char *backend = rb_past_text(run->log.run, "backend"), *precision = rb_past_text(run->log.run, "precision");
    const char *reading = rb_text_format(
        a, "%.0f s in all, %s of it in training steps; %s, %s, %d threads.", all_s,
        rb_percent(a, all_s > 0 ? phases[STEPS].seconds / all_s : (double)NAN), backend ? backend : "unknown backend",
        precision ? precision : "unknown precision", rb_past_integer(run->log.run, "threads"));
    rb_page_table(p, "Where the time went", reading, columns, 3);
    for (int i = 0; i < PHASES; i++) {
        if (!(phases[i].seconds > 0)) continue;
        const char *rate =
            phases[i].pictures > 0 ? rb_text_format(a, "%.0f", phases[i].pictures / phases[i].seconds) : NULL;
        rb_page_row(p, (const char *const[]){phases[i].name, rb_text_format(a, "%.1f", phases[i].seconds), rate});
    }
}

static int rising(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double median(rb_arena *a, const double *value, int count)
{
    double *kept = RB_NEW(a, double, count);
    int n = 0;
    for (int i = 0; i < count; i++)
        if (isfinite(value[i])) kept[n++] = value[i];
    qsort(kept, (size_t)n, sizeof *kept, rising);
    return n ? (kept[(n - 1) / 2] + kept[n / 2]) / 2 : (double)NAN;
}

static void show_rates(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    rb_series *series = RB_NEW(a, rb_series, count);
    const char *reading = "Half of the epochs ran at or above";
    for (int i = 0; i < count; i++) {
        const rb_past *run = &runs[i];
        double *x = rb_past_column(a, run->log.epoch, "epoch"),
               *rate = rb_past_column(a, run->log.epoch, "t_images_per_s");
        for (int k = 0; k < run->log.epoch.count; k++) x[k] += 1;
        series[i] = (rb_series){.name = count > 1 ? run->short_name : NULL,
                                .colour = RB_RUN_COLOUR + i,
                                .x = x,
                                .y = rate,
                                .count = run->log.epoch.count};
        reading =
            rb_text_format(a, "%s%s %.0f pictures/s%s%s", reading, i ? "," : "", median(a, rate, run->log.epoch.count),
                           count > 1 ? " in " : "", count > 1 ? run->short_name : "");
    }
    reading = rb_text_format(a, "%s.", reading);
    rb_chart c = {.label = rb_text_format(a, "Speed of training over epochs. %s", reading),
                  .x = {.label = "epoch", .whole = true},
                  .y = {.label = "training, pictures/s", .from_zero = true},
                  .series = series,
                  .series_count = count};
    rb_page_figure(p, "Speed", reading, rb_chart_svg(a, &c));
}

void rb_report_speed(rb_page *p, const rb_past *runs, int count)
{
    show_rates(p, runs, count);
    if (count == 1) show_phases(p, runs);
}
