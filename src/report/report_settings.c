// SPDX-License-Identifier: Apache-2.0
// report_settings.c - what a run was given: pictures and settings; in what several runs differ.
#include "report/report.h"
#include "report/scores.h"

#include <string.h>

#define BAD_SHOWN 20

// ---- data ---------------------------------------------------------------------------------------------------------

static void count_classes(const rb_past *run, int counts[RB_PAST_PARTS + 1][2])
{
    memset(counts, 0, sizeof(int[RB_PAST_PARTS + 1][2]));
    for (int i = 0; i < run->pictures; i++) counts[run->picture[i].part][run->picture[i].label]++;
}

static void show_balance(rb_page *p, const rb_past *run)
{
    rb_arena *a = p->arena;
    int counts[RB_PAST_PARTS + 1][2], all[2] = {0};
    double value[2][RB_PAST_PARTS];
    const char *text[2][RB_PAST_PARTS];
    count_classes(run, counts);
    for (int part = 0; part < RB_PAST_PARTS; part++)
        for (int k = 0; k < 2; k++) {
            double n = counts[part][0] + counts[part][1];
            all[k] += counts[part][k];
            value[k][part] = counts[part][k];
            text[k][part] =
                rb_text_format(a, "%d (%s)", counts[part][k], rb_percent(a, n > 0 ? counts[part][k] / n : 0));
        }
    int rare = all[1] <= all[0], whole = all[0] + all[1];
    const char *reading = rb_text_format(
        a, "Class %s is the rarer one: %s of %d pictures, one for every %.1f of the other.", run->classes[rare],
        rb_percent(a, whole ? (double)all[rare] / whole : 0), whole, all[rare] ? (double)all[!rare] / all[rare] : 0);
    struct rb_bar_group groups[2];
    for (int k = 0; k < 2; k++)
        groups[k] = (struct rb_bar_group){rb_text_format(a, "class %s", run->classes[k]), k, value[k], text[k]};
    rb_bars b = {.label = rb_text_format(a, "Pictures by part and class. %s", reading),
                 .value = {.label = "pictures"},
                 .category = rb_results_parts,
                 .count = RB_PAST_PARTS,
                 .groups = groups,
                 .group_count = 2};
    rb_page_figure(p, "Classes", reading, rb_bars_svg(a, &b));
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
