// SPDX-License-Identifier: Apache-2.0
// report_settings.c - what a run was given: pictures and settings; in what several runs differ.
#include "report/report.h"
#include "report/scores.h"

#include <string.h>

#define BAD_SHOWN 20

// ---- data ---------------------------------------------------------------------------------------------------------

// [parts + 1][classes]; the last row is of pictures that were left out.
static const int *count_classes(rb_arena *a, const rb_past *run)
{
    int *counts = RB_NEW(a, int, (ptrdiff_t)(RB_PAST_PARTS + 1) * run->class_count);
    for (int i = 0; i < run->pictures; i++) counts[run->picture[i].part * run->class_count + run->picture[i].label]++;
    return counts;
}

static double sum_of(const int *counts, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++) sum += counts[k];
    return sum;
}

static const char *counted(rb_arena *a, int n, double whole)
{
    return rb_text_format(a, "%d (%s)", n, rb_percent(a, whole > 0 ? n / whole : 0));
}

// Few classes: bars of each part, in the colours of classes.
static rb_svg bars_by_part(rb_arena *a, const rb_past *run, const int *counts, const char *reading)
{
    int classes = run->class_count;
    struct rb_bar_group *groups = RB_NEW(a, struct rb_bar_group, classes);
    for (int k = 0; k < classes; k++) {
        double *value = RB_NEW(a, double, RB_PAST_PARTS);
        const char **text = RB_NEW(a, const char *, RB_PAST_PARTS);
        for (int part = 0; part < RB_PAST_PARTS; part++) {
            const int *row = counts + (ptrdiff_t)part * classes;
            value[part] = row[k];
            text[part] = counted(a, row[k], sum_of(row, classes));
        }
        groups[k] = (struct rb_bar_group){rb_text_format(a, "class %s", run->classes[k]), k, value, text};
    }
    return rb_bars_svg(a, &(rb_bars){.label = rb_text_format(a, "Pictures by part and class. %s", reading),
                                     .value = {.label = "pictures"},
                                     .category = rb_results_parts,
                                     .count = RB_PAST_PARTS,
                                     .groups = groups,
                                     .group_count = classes});
}

// Many: a bar for each class, over all parts.
static rb_svg bars_by_class(rb_arena *a, const rb_past *run, const int *all, const char *reading)
{
    double *value = RB_NEW(a, double, run->class_count), whole = sum_of(all, run->class_count);
    const char **text = RB_NEW(a, const char *, run->class_count);
    for (int k = 0; k < run->class_count; k++) {
        value[k] = all[k];
        text[k] = counted(a, all[k], whole);
    }
    struct rb_bar_group group = {NULL, RB_RUN_COLOUR, value, text};
    return rb_bars_svg(a, &(rb_bars){.label = rb_text_format(a, "Pictures by class. %s", reading),
                                     .value = {.label = "pictures of all parts"},
                                     .category = run->classes,
                                     .count = run->class_count,
                                     .groups = &group,
                                     .group_count = 1});
}

static const char *read_balance(rb_arena *a, const rb_past *run, const int *all)
{
    int rare = 0, often = 0;
    double whole = sum_of(all, run->class_count);
    for (int k = 1; k < run->class_count; k++) {
        if (all[k] <= all[rare]) rare = k;
        if (all[k] > all[often]) often = k;
    }
    const char *share = rb_percent(a, whole > 0 ? all[rare] / whole : 0);
    double times = all[rare] ? (double)all[often] / all[rare] : 0;
    if (run->class_count == 2)
        return rb_text_format(a, "Class %s is the rarer one: %s of %.0f pictures, one for every %.1f of the other.",
                              run->classes[rare], share, whole, times);
    return rb_text_format(a, "Class %s is the rarest: %s of %.0f pictures, one for every %.1f of class %s.",
                          run->classes[rare], share, whole, times, run->classes[often]);
}

static void show_balance(rb_page *p, const rb_past *run)
{
    enum { FEW = 4 };
    rb_arena *a = p->arena;
    const int *counts = count_classes(a, run);
    int *all = RB_NEW(a, int, run->class_count);
    for (int i = 0; i < RB_PAST_PARTS * run->class_count; i++) all[i % run->class_count] += counts[i];
    const char *reading = read_balance(a, run, all);
    bool few = run->class_count <= FEW;
    rb_page_figure(p, "Classes", reading,
                   few ? bars_by_part(a, run, counts, reading) : bars_by_class(a, run, all, reading));
}

static void show_bad(rb_page *p, const rb_past *run)
{
    const rb_column columns[] = {{"picture", false}, {"why", false}};
    int found = 0;
    for (int i = 0; i < run->log.event.count; i++) {
        const json_t *e = run->log.event.at[i];
        const char *what = rb_past_text(e, "event");
        if (!what || strcmp(what, "bad_image") || ++found > BAD_SHOWN) continue;
        if (found == 1) rb_page_table(p, "Pictures that could not be read", NULL, columns, 2);
        rb_page_row(p, (const char *const[]){rb_past_text(e, "path"), rb_past_text(e, "reason")});
    }
    if (found > BAD_SHOWN) rb_page_text(p, "%d more are named in log.jsonl.", found - BAD_SHOWN);
}

void rb_report_data(rb_page *p, const rb_past *run)
{
    const char *root = rb_setting_find(&run->settings, "manifest"),
               *print = rb_past_text(run->log.run, "data_fingerprint");
    if (!root) root = rb_setting_find(&run->settings, "root_dir");
    rb_page_section(p, "Data");
    rb_page_text(p, "%s, fingerprint %s: another set of names, labels or parts would have another.",
                 root ? root : "unknown", print ? print : "unknown");
    show_balance(p, run);
    show_bad(p, run);
}

// ---- settings -----------------------------------------------------------------------------------------------------

static bool all_equal(const rb_past *runs, int count, const char *key)
{
    const char *first = rb_setting_find(&runs[0].settings, key);
    for (int i = 1; i < count; i++) {
        const char *other = rb_setting_find(&runs[i].settings, key);
        if (!first != !other || (first && strcmp(first, other))) return false;
    }
    return true;
}

void rb_report_differences(rb_page *p, const rb_past *runs, int count)
{
    rb_arena *a = p->arena;
    rb_column *columns = RB_NEW(a, rb_column, count + 1);
    const char **cells = RB_NEW(a, const char *, count + 1);
    columns[0] = (rb_column){"key", false};
    for (int i = 0; i < count; i++) columns[i + 1] = (rb_column){runs[i].short_name, false};
    int differ = 0;
    for (int k = 0; k < runs[0].settings.count; k++) {
        const char *key = runs[0].settings.at[k].key;
        if (all_equal(runs, count, key)) continue;
        if (!differ++) rb_page_table(p, "Settings that differ", NULL, columns, count + 1);
        cells[0] = key;
        for (int i = 0; i < count; i++) cells[i + 1] = rb_setting_find(&runs[i].settings, key);
        rb_page_row(p, cells);
    }
    if (!differ) rb_page_text(p, "All keys have the same values in all runs.");
}

void rb_report_settings(rb_page *p, const rb_past *runs, int count)
{
    rb_page_section(p, "Settings");
    for (int i = 0; i < count; i++)
        rb_page_code(p, rb_text_format(p->arena, "config.yaml of %s", runs[i].name), runs[i].config);
}
