// SPDX-License-Identifier: Apache-2.0
// eda.c - explores a data set: what is in it, what is wrong with it, how it looks.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/stop.h"
#include "cli/part/embed.h"
#include "explore/findings.h"
#include "explore/page.h"
#include "report/report.h"
#include "train/bar.h"
#include "train/network.h"

#include <stdio.h>
#include <string.h>

#define RUNS 12 // at most: more lines cannot be told apart

typedef struct eda_settings {
    const char *output, *backbone, *runs;
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
    {"backbone", RB_TEXT, AT(backbone), .optional = true,
     .help = "weights whose network of model_type makes the map's features, where there is no checkpoint_path: true, a "
             "name, a file or a URL, as for the key pretrained of train"},
    {"runs", RB_TEXT, AT(runs), .optional = true,
     .help = "run folder whose results are shown, too; further ones may follow it"},
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
    rb_past *past; // runs whose results are shown
    int past_count;
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

// ---- looking ------------------------------------------------------------------------------------------------------

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

// What pictures are to the map.
static bool choose_features(eda *e, rb_map_features *out, rb_error *err)
{
    *out = rb_map_simple(&e->survey);
    if (!e->settings->checkpoint_path && !e->own.backbone) return true;
    rb_bar bar = rb_bar_begin("computing features", e->data.count, 1);
    bool done = rb_embed(e->arena, e->settings, e->own.backbone, &e->data, show, &bar, out, err);
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

// ---- telling ------------------------------------------------------------------------------------------------------

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

static bool write_json(const eda *e, rb_error *err)
{
    const char *path = e->settings->json;
    if (!path) return true;
    rb_json *j = rb_json_new(e->arena);
    rb_findings_to_json(j, &e->findings);
    const char *text = rb_text_format(e->arena, "%s\n", rb_json_text(j));
    return !strcmp(path, "-") ? rb_print(text) : rb_file_write(path, text, (ptrdiff_t)strlen(text), err);
}

// Results of runs stand after what was found in their data.
static void add_results(const eda *e, rb_page *page)
{
    if (!e->past_count) return;
    rb_report_results(page, e->past, e->past_count);
    rb_report_training(page, e->past, e->past_count);
}

static bool write_page(eda *e, const char *made_by, rb_error *err)
{
    rb_page *page;
    const rb_data_settings *s = &e->settings->data;
    rb_explore_page_spec spec = {s->manifest ? s->manifest : s->root_dir, made_by, e->own.samples};
    if (!rb_explore_page(e->arena, &e->findings, &spec, &page, err)) return false;
    add_results(e, page);
    return rb_page_save(page, e->own.output, true, err);
}

static bool check_call(const eda *e, const char *notebook, rb_error *err)
{
    if (!strcmp(notebook, e->own.output))
        return rb_fail(err, RB_ERR_USAGE, "output: %s is where the notebook goes; give the page another suffix",
                       notebook);
    if (e->own.backbone && e->settings->checkpoint_path)
        return rb_fail(err, RB_ERR_USAGE, "backbone %s and checkpoint_path %s: one of them makes the map's features",
                       e->own.backbone, e->settings->checkpoint_path);
    return true;
}

// --runs A B C: the first is the flag's value, the others follow as operands.
static bool take_runs(eda *e, rb_words operands, rb_words *out, rb_error *err)
{
    *out = (rb_words){0};
    if (!e->own.runs) return rb_no_operands(operands, err);
    out->word = RB_NEW(e->arena, const char *, operands.count + 1);
    out->word[out->count++] = e->own.runs;
    for (int i = 0; i < operands.count; i++) out->word[out->count++] = operands.word[i];
    for (int i = 0; i < out->count; i++)
        if (!rb_folder_exists(out->word[i]))
            return rb_fail(err, RB_ERR_IO, "runs: %s is no folder; name run folders, as `rarebit train` prints them",
                           out->word[i]);
    return out->count <= RUNS || rb_fail(err, RB_ERR_USAGE, "runs: %d folders, at most %d", out->count, RUNS);
}

static bool read_runs(eda *e, rb_words folders, rb_error *err)
{
    e->past = RB_NEW(e->arena, rb_past, folders.count);
    for (int i = 0; i < folders.count; i++)
        if (!rb_past_read(e->arena, folders.word[i], &e->past[i], err)) return false;
    e->past_count = folders.count;
    if (folders.count && !rb_report_agree(e->past, folders.count, err)) return false;
    if (folders.count > 1) rb_report_line_up(e->arena, e->past, folders.count);
    return true;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    eda *e = eda_new(a);
    rb_words operands, runs;
    if (!rb_config_flags(a, &e->config, argc, argv, &operands, err) || !take_runs(e, operands, &runs, err))
        return false;
    const char *notebook = rb_path_with_suffix(a, e->own.output, ".ipynb");
    if (!check_call(e, notebook, err) || !rb_compute_resolve(&e->settings->compute, err)) return false;
    rb_stop_watch();
    rb_parallel_threads(e->settings->compute.threads);
    if (!read_runs(e, runs, err) || !look(e, err) || !place(e, err) ||
        !write_page(e, rb_command_line(a, "eda", argc, argv), err) || !write_json(e, err))
        return false;
    if (!e->settings->json || strcmp(e->settings->json, "-")) print_table(&e->findings);
    rb_note("%s and %s are written", e->own.output, notebook);
    return true;
}

const rb_command rb_command_eda = {
    .name = "eda",
    .operands = "[--runs RUN ...]",
    .help = "explore a data set: classes, broken files, duplicates, leaks, outliers, a map",
    .config = config,
    .run = run,
};
