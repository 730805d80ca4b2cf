// SPDX-License-Identifier: Apache-2.0
// eda.c - explores a data set: what is in it, what is wrong with it, how it looks.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "cli/embed.h"
#include "explore/findings.h"
#include "explore/page.h"
#include "train/bar.h"
#include "train/network.h"

#include <stdio.h>
#include <string.h>

typedef struct eda_settings {
    const char *output;
    int samples, map_pictures;
} eda_settings;

#define AT(member) offsetof(eda_settings, member)
static const rb_field fields[] = {
    {"output", RB_TEXT, AT(output), .preset_text = "eda.html",
     .help = "page to write; beside it the same as a notebook, with the suffix .ipynb"},
    {"samples", RB_INT, AT(samples), .preset = 12, .min = 1, .max = 100, .unit = "pictures",
     .help = "pictures of each class that are shown"},
    {"map_pictures", RB_INT, AT(map_pictures), .preset = 5000, .min = 10, .max = 20000, .unit = "pictures",
     .help = "most pictures on the map; of more, so many are drawn by chance"},
    {0},
};
#undef AT

typedef struct eda {
    rb_arena *arena;
    rb_settings *settings;
    eda_settings own;
    rb_config config; // the settings' sections and ours
    rb_dataset data;
    rb_survey survey;
    rb_findings findings;
} eda;

static eda *eda_new(rb_arena *a)
{
    eda *e = RB_NEW(a, eda, 1);
    e->arena = a;
    e->settings = rb_settings_new(a, RB_FOR_EDA);
    e->config = rb_config_with(a, &e->settings->config, (rb_section){"exploration", NULL, fields, &e->own, true});
    return e;
}

static rb_config config(rb_arena *a)
{
    return eda_new(a)->config;
}

// ---- looking
// ---------------------------------------------------------------------------------------------------------

static void show(void *bar, int done)
{
    rb_bar_show(bar, done, "%s", "");
}

// A set too small to be split can be looked at all the same.
static bool open_data(eda *e, bool *split, rb_error *err)
{
    rb_error why;
    if (!rb_dataset_open(e->arena, &e->settings->data, &e->data, err)) return false;
    *split = rb_dataset_split(e->arena, &e->settings->data, &e->data, &why);
    if (!*split) rb_note("no split into train, val and test: %s", why.text);
    for (int i = 0; i < e->data.count && !*split; i++) e->data.samples[i].part = RB_NO_PART;
    return true;
}

static bool look(eda *e, rb_error *err)
{
    bool split;
    if (!open_data(e, &split, err)) return false;
    rb_bar bar = rb_bar_begin("looking", e->data.count, 1);
    bool done = rb_survey_run(e->arena, &e->data, show, &bar, &e->survey, err);
    rb_bar_clear(&bar);
    if (!done) return false;
    if (!e->survey.readable)
        return rb_fail(err, RB_ERR_DATA, "none of %d pictures can be read; the first, %s: %s", e->data.count,
                       e->data.samples[0].path, e->survey.facts[0].reason);
    rb_findings_gather(e->arena, &e->survey, split, &e->findings);
    return true;
}

// What pictures are to the map. A backbone trained on other pictures would be a third way.
static bool choose_features(eda *e, rb_map_features *out, rb_error *err)
{
    *out = rb_map_simple(&e->survey);
    if (!e->settings->checkpoint_path) return true;
    rb_bar bar = rb_bar_begin("computing features", e->data.count, 1);
    bool done = rb_embed(e->arena, e->settings, &e->data, show, &bar, out, err);
    rb_bar_clear(&bar);
    return done;
}

static bool place(eda *e, rb_error *err)
{
    rb_map_features features;
    rb_map map;
    if (!choose_features(e, &features, err) || !rb_map_make(e->arena, &e->survey, features, e->own.map_pictures,
                                                            (uint32_t)e->settings->training.seed, &map, err))
        return false;
    rb_findings_place(e->arena, &map, &e->findings);
    return true;
}

// ---- telling
// ---------------------------------------------------------------------------------------------------------

static void print_classes(const rb_findings *f)
{
    const rb_dataset *d = f->survey->data;
    printf("%-20s %8s", "class", "pictures");
    for (int p = 0; p < RB_PARTS && f->split; p++) printf(" %8s", rb_part_names[p]);
    printf(" %7s\n", "share");
    for (int k = 0; k < d->class_count; k++) {
        const rb_class_count *c = &f->classes[k];
        printf("%-20s %8d", d->classes[k], c->all);
        for (int p = 0; p < RB_PARTS && f->split; p++) printf(" %8d", c->part[p]);
        printf(" %5.1f %%\n", 100.0 * c->all / d->count);
    }
}

static void print_table(const rb_findings *f)
{
    const rb_twins *t = &f->twins;
    print_classes(f);
    printf("unreadable           %8d of %d\n", f->survey->data->count - f->survey->readable, f->survey->data->count);
    printf("sizes                %8d, most often %dx%d\n", f->size_count, f->sizes[0].w, f->sizes[0].h);
    printf("duplicates           %8d pictures in %d clusters: %d exact groups, %d near pairs\n", f->twin_pictures,
           t->cluster_count, t->group_count, t->pair_count);
    printf("  labels differ      %8d clusters\n", f->conflicts);
    if (f->split) printf("  parts differ       %8d clusters\n", f->leaks);
    printf("outliers             %8d\n", f->outliers.count);
}

static bool write_text(const char *path, const char *text, rb_error *err)
{
    return rb_file_write(path, text, (ptrdiff_t)strlen(text), err);
}

static bool write_json(const eda *e, rb_error *err)
{
    const char *path = e->settings->json;
    if (!path) return true;
    rb_json *j = rb_json_new(e->arena);
    rb_findings_to_json(j, &e->findings);
    const char *text = rb_text_format(e->arena, "%s\n", rb_json_text(j));
    return !strcmp(path, "-") ? rb_print(text) : write_text(path, text, err);
}

static const char *command_line(rb_arena *a, int argc, char **argv)
{
    const char *line = "rarebit eda";
    for (int i = 0; i < argc; i++) line = rb_text_format(a, strchr(argv[i], ' ') ? "%s '%s'" : "%s %s", line, argv[i]);
    return line;
}

static bool write_page(const eda *e, const char *made_by, const char *notebook, rb_error *err)
{
    rb_arena *a = e->arena;
    rb_page *page;
    rb_explore_page_spec spec = {e->settings->data.manifest ? e->settings->data.manifest : e->settings->data.root_dir,
                                 made_by, e->own.samples};
    return rb_explore_page(a, &e->findings, &spec, &page, err) &&
           write_text(e->own.output, rb_page_html(a, page), err) &&
           write_text(notebook, rb_page_notebook(a, page, rb_path_name(e->own.output)), err);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    eda *e = eda_new(a);
    rb_words operands;
    if (!rb_config_flags(a, &e->config, argc, argv, &operands, err) || !rb_no_operands(operands, err) ||
        !rb_compute_resolve(&e->settings->compute, err))
        return false;
    const char *notebook = rb_path_with_suffix(a, e->own.output, ".ipynb");
    if (!strcmp(notebook, e->own.output))
        return rb_fail(err, RB_ERR_USAGE, "output: %s is where the notebook goes; give the page another suffix",
                       notebook);
    rb_stop_watch();
    rb_parallel_threads(e->settings->compute.threads);
    if (!look(e, err) || !place(e, err) || !write_page(e, command_line(a, argc, argv), notebook, err) ||
        !write_json(e, err))
        return false;
    if (!e->settings->json || strcmp(e->settings->json, "-")) print_table(&e->findings);
    rb_note("%s and %s are written", e->own.output, notebook);
    return true;
}

const rb_command rb_command_eda = {
    .name = "eda",
    .operands = "",
    .help = "explore a data set: classes, broken files, duplicates, leaks, outliers, a map",
    .config = config,
    .run = run,
};
