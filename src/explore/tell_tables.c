// SPDX-License-Identifier: Apache-2.0
// tell_tables.c - classes and files: counts.
#include "explore/telling.h"

#include <stdio.h>

#define MOST_ROWS 50 // of a table

// ---- classes ------------------------------------------------------------------------------------------------------

static rb_svg class_bars(const rb_telling *t)
{
    rb_arena *a = t->arena;
    int k = t->data->class_count;
    struct rb_bar_group *groups = RB_NEW(a, struct rb_bar_group, RB_PARTS);
    int count = t->f->split ? RB_PARTS : 1;
    for (int p = 0; p < count; p++) {
        double *value = RB_NEW(a, double, k);
        for (int c = 0; c < k; c++) value[c] = t->f->split ? t->f->classes[c].part[p] : t->f->classes[c].all;
        groups[p] = (struct rb_bar_group){t->f->split ? rb_part_names[p] : NULL, RB_RUN_COLOUR + p, value, NULL};
    }
    return rb_bars_svg(a, &(rb_bars){.label = "Pictures of each class, by part of the split",
                                     .value = {.label = "pictures", .whole = true},
                                     .category = t->data->classes,
                                     .count = k,
                                     .groups = groups,
                                     .group_count = count});
}

static void class_table(const rb_telling *t)
{
    static const rb_column columns[] = {{"class", false}, {"label", true}, {"pictures", true}, {"share, %", true},
                                        {"train", true},  {"val", true},   {"test", true},     {"unreadable", true}};
    rb_arena *a = t->arena;
    rb_page_table(t->page, "Pictures of each class", NULL, columns, (int)(sizeof columns / sizeof *columns));
    for (int k = 0; k < t->data->class_count; k++) {
        const rb_class_count *c = &t->f->classes[k];
        const char *cells[] = {t->data->classes[k],
                               rb_text_format(a, "%d", k),
                               rb_text_format(a, "%d", c->all),
                               rb_text_format(a, "%.1f", 100.0 * c->all / t->data->count),
                               NULL,
                               NULL,
                               NULL,
                               rb_text_format(a, "%d", c->unreadable)};
        for (int p = 0; p < RB_PARTS && t->f->split; p++) cells[4 + p] = rb_text_format(a, "%d", c->part[p]);
        rb_page_row(t->page, cells);
    }
}

void rb_tell_classes(const rb_telling *t)
{
    int rarest = rb_tell_rarest(t), most = 0;
    for (int k = 1; k < t->data->class_count; k++)
        if (t->f->classes[k].all > t->f->classes[most].all) most = k;
    rb_page_section(t->page, "Classes");
    rb_page_figure(t->page, "Balance",
                   rb_text_format(t->arena, "For each picture of class %s there are %.1f of class %s.",
                                  t->data->classes[rarest], (double)t->f->classes[most].all / t->f->classes[rarest].all,
                                  t->data->classes[most]),
                   class_bars(t));
    class_table(t);
}

// ---- files --------------------------------------------------------------------------------------------------------

static void unreadable_table(const rb_telling *t)
{
    static const rb_column columns[] = {{"picture", false}, {"class", false}, {"part", false}, {"why", false}};
    int all = t->data->count - t->survey->readable, shown = 0;
    if (!all) return;
    rb_page_table(t->page, "Pictures that cannot be read",
                  all > MOST_ROWS ? rb_text_format(t->arena, "The first %d of %d.", MOST_ROWS, all) : NULL, columns, 4);
    for (int i = 0; i < t->data->count && shown < MOST_ROWS; i++) {
        if (!t->survey->facts[i].reason) continue;
        const rb_sample *s = &t->data->samples[i];
        rb_page_row(t->page, (const char *[]){s->name, t->data->classes[s->label],
                                              s->part == RB_NO_PART ? NULL : rb_part_names[s->part],
                                              t->survey->facts[i].reason});
        shown++;
    }
}

static const char *channels_text(int channels)
{
    static const char *const names[] = {"unknown", "grey", "grey and alpha", "colour", "colour and alpha, or CMYK"};
    return channels >= 0 && channels < (int)(sizeof names / sizeof *names) ? names[channels] : names[0];
}

static void format_table(const rb_telling *t)
{
    static const rb_column columns[] = {{"format", false}, {"channels", false}, {"bits", true}, {"pictures", true}};
    rb_page_table(t->page, "Formats",
                  rb_text_format(t->arena, "%.1f MiB in all, %.1f KiB a picture.", (double)t->f->bytes / 0x1p20,
                                 (double)t->f->bytes / t->survey->readable / 0x1p10),
                  columns, 4);
    for (int i = 0; i < t->f->kind_count; i++) {
        const rb_kind_tally *k = &t->f->kinds[i];
        rb_page_row(t->page, (const char *[]){k->kind.format, channels_text(k->kind.channels),
                                              rb_text_format(t->arena, "%d", k->kind.bits),
                                              rb_text_format(t->arena, "%d", k->count)});
    }
}

static void size_table(const rb_telling *t)
{
    static const rb_column columns[] = {{"width x height", false}, {"pictures", true}, {"share, %", true}};
    int shown = t->f->size_count < MOST_ROWS ? t->f->size_count : MOST_ROWS;
    const char *reading = t->f->size_count == 1
                              ? "All pictures have one size."
                              : rb_text_format(t->arena, "%d sizes; the %d most frequent.", t->f->size_count, shown);
    rb_page_table(t->page, "Sizes", reading, columns, 3);
    for (int i = 0; i < shown; i++) {
        const rb_size_tally *s = &t->f->sizes[i];
        rb_page_row(t->page,
                    (const char *[]){rb_text_format(t->arena, "%d x %d", s->w, s->h),
                                     rb_text_format(t->arena, "%d", s->count),
                                     rb_text_format(t->arena, "%.1f", 100.0 * s->count / t->survey->readable)});
    }
}

static void channel_table(const rb_telling *t)
{
    static const rb_column columns[] = {{"", false}, {"red", true}, {"green", true}, {"blue", true}};
    static const char *const names[] = {"mean", "std"};
    const double *values[] = {t->f->mean, t->f->std};
    rb_page_table(t->page, "Channels",
                  rb_text_format(t->arena, "Of pixels in 0..1 of %s pictures, each picture counting the same.",
                                 t->f->split ? "the training" : "all"),
                  columns, 4);
    for (int i = 0; i < 2; i++) {
        const char *cells[4] = {names[i]};
        for (int c = 0; c < 3; c++) cells[1 + c] = rb_text_format(t->arena, "%.4f", values[i][c]);
        rb_page_row(t->page, cells);
    }
}

void rb_tell_files(const rb_telling *t)
{
    rb_page_section(t->page, "Files and pixels");
    unreadable_table(t);
    format_table(t);
    size_table(t);
    channel_table(t);
}
