// SPDX-License-Identifier: Apache-2.0
// report.c - run folders as a page.
#include "cli/command.h"

#include "base/file.h"
#include "cli/part/heat_maps.h"

#include <stdio.h>

#define RUNS 12 // at most: more lines cannot be told apart

typedef struct report_settings {
    const char *output;
    bool notebook, heatmap;
    int pictures;
} report_settings;

#define AT(member) offsetof(report_settings, member)
static const rb_field fields[] = {
    {"output", RB_TEXT, AT(output), .optional = true,
     .help = "page to write; unset: report.html, in the folder of the run where there is one run"},
    {"notebook", RB_BOOL, AT(notebook), .preset = false, .help = "write a notebook (.ipynb) beside the page, too"},
    {"pictures", RB_INT, AT(pictures), .preset = RB_REPORT_PICTURES, .min = 0, .max = 200, .unit = "pictures",
     .help = "shown in each gallery of wrong and unsure ones, at most; 0: none"},
    {"heatmap", RB_BOOL, AT(heatmap), .preset = true,
     .help = "have the best checkpoint look at those pictures once more, and show where it found what it decided by"},
    {0},
};
#undef AT

static rb_config config(rb_arena *a)
{
    return rb_config_with(
        a, &(rb_config){0},
        (rb_section){.title = "report", .fields = fields, .values = RB_NEW(a, report_settings, 1), .used = true});
}

static bool read_runs(rb_arena *a, rb_words folders, rb_past *runs, rb_error *err)
{
    for (int i = 0; i < folders.count; i++)
        if (!rb_past_read(a, folders.word[i], &runs[i], err)) return false;
    return true;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_config own = config(a);
    const report_settings *s = own.sections[0].values;
    rb_words folders;
    rb_page *page;
    if (!rb_config_flags(a, &own, argc, argv, &folders, err)) return false;
    if (!folders.count || folders.count > RUNS)
        return rb_fail(err, RB_ERR_USAGE, "name 1 to %d run folders, as `rarebit train` prints them", RUNS);
    rb_past *runs = RB_NEW(a, rb_past, folders.count);
    rb_cam_maker cams = rb_heat_maps(a, &(rb_message_settings){0});
    rb_report_spec spec = {rb_command_line(a, "report", argc, argv), s->pictures, s->heatmap ? &cams : NULL};
    const char *path = s->output            ? s->output
                       : folders.count == 1 ? rb_path_join(a, folders.word[0], "report.html")
                                            : "report.html";
    if (!read_runs(a, folders, runs, err) || !rb_report_page(a, runs, folders.count, &spec, &page, err) ||
        !rb_page_save(page, path, s->notebook, err))
        return false;
    printf("%s\n", path);
    if (s->notebook) printf("%s\n", rb_path_with_suffix(a, path, ".ipynb"));
    return true;
}

const rb_command rb_command_report = {
    .name = "report",
    .operands = "RUN...",
    .help = "show one or more run folders as one page: results, training, pictures, settings",
    .config = config,
    .run = run,
};
