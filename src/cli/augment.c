// SPDX-License-Identifier: Apache-2.0
// augment.c - shows what augmentation does: a contact sheet with the cost of each step, or a folder of changed
// pictures.
#include "cli/command.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/part/sheet.h"
#include "train/settings.h"

#include <stdio.h>
#include <string.h>

typedef struct augment_settings {
    const char *output, *output_dir, *class;
    int samples;
} augment_settings;

#define AT(member) offsetof(augment_settings, member)
static const rb_field fields[] = {
    {"output", RB_TEXT, AT(output), .optional = true, .help = "contact sheet to write, a PNG file"},
    {"samples", RB_INT, AT(samples), .preset = 3, .min = 1, .max = 64, .unit = "pictures",
     .help = "rows of each class on the contact sheet"},
    {"output_dir", RB_TEXT, AT(output_dir), .optional = true,
     .help = "folder for the changed pictures of input_dir: as PNG, at their own size, under their own names"},
    {"class", RB_TEXT, AT(class), .preset_text = "minority",
     .help = "whose steps the pictures of input_dir go through: minority, majority, or a class that has its own"},
    {0},
};
#undef AT

typedef struct augment {
    rb_arena *arena;
    rb_settings *settings;
    augment_settings own;
    rb_config config; // the settings' sections and ours
} augment;

static augment *augment_new(rb_arena *a)
{
    augment *g = RB_NEW(a, augment, 1);
    g->arena = a;
    g->settings = rb_settings_new(a, RB_FOR_AUGMENT);
    g->config = rb_config_with(a, &g->settings->config, (rb_section){"augmentation", NULL, fields, &g->own, true});
    return g;
}

static rb_config config(rb_arena *a)
{
    return augment_new(a)->config;
}

static bool read_picture(rb_arena *a, const augment *g, const char *path, rb_image *out, rb_error *err)
{
    rb_bytes file;
    if (!rb_file_read(a, path, RB_IMAGE_MAX_FILE, &file, err)) return false;
    return rb_image_decode(a, file, g->settings->data.channels, out, err) || rb_fail_in(err, "%s", path);
}

// ---- a folder of pictures ------------------------------------------------------------------------------------------

static bool find_pipeline(const augment *g, const rb_pipeline **out, rb_error *err)
{
    const rb_augmentation *all = &g->settings->augmentation;
    const char *name = g->own.class;
    *out = !strcmp(name, "minority") ? &all->minority : !strcmp(name, "majority") ? &all->majority : NULL;
    for (int i = 0; !*out && i < all->class_count; i++)
        if (!strcmp(name, all->classes[i].name)) *out = &all->classes[i].pipeline;
    return *out ||
           rb_fail(err, RB_ERR_USAGE,
                   "class: '%s' is neither minority nor majority, and the key augment has no steps for a class of "
                   "that name",
                   name);
}

static bool change_one(rb_arena *scratch, const augment *g, const rb_pipeline *p, const rb_sample *s, int draw,
                       rb_error *err)
{
    rb_image image;
    rb_bytes png;
    const char *path =
        rb_path_join(scratch, g->own.output_dir, rb_path_with_suffix(scratch, rb_path_name(s->path), ".png"));
    if (rb_file_exists(path))
        return rb_fail(err, RB_ERR_USAGE, "%s: is there already; name an empty folder as output_dir", path);
    if (!read_picture(scratch, g, s->path, &image, err)) return false;
    rb_pipeline_run(p, (uint32_t)g->settings->training.seed, (uint32_t)draw, 0, scratch, &image);
    return rb_image_encode_png(scratch, &image, &png, err) && rb_file_write(path, png.data, png.size, err);
}

static bool change_folder(const augment *g, rb_error *err)
{
    rb_dataset d;
    const rb_pipeline *p;
    if (!find_pipeline(g, &p, err) || !rb_dataset_from_folder(g->arena, g->settings->output.input_dir, &d, err) ||
        !rb_folder_make(g->own.output_dir, err))
        return false;
    rb_arena *scratch = rb_arena_open();
    bool done = true;
    for (int i = 0; done && i < d.count; i++) {
        done = change_one(scratch, g, p, &d.samples[i], i, err);
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
    if (done) rb_note("%s: %d pictures", g->own.output_dir, d.count);
    return done;
}

// ---- the contact sheet ---------------------------------------------------------------------------------------------

static bool read_samples(const augment *g, const rb_dataset *d, int label, int in_class, rb_sheet_class *out,
                         rb_error *err)
{
    int count = g->own.samples < in_class ? g->own.samples : in_class, side = g->settings->data.image_size, seen = 0;
    rb_image *pictures = RB_NEW(g->arena, rb_image, count);
    out->pictures = pictures;
    rb_arena *scratch = rb_arena_open();
    bool done = true;
    for (int i = 0; done && i < d->count && out->count < count; i++) {
        if (d->samples[i].label != label || seen++ < out->count * in_class / count) continue; // spread over the class
        rb_image read, *to = &pictures[out->count++];
        done = read_picture(scratch, g, d->samples[i].path, &read, err);
        if (!done) break;
        *to = (rb_image){RB_NEW(g->arena, uint8_t, (ptrdiff_t)side * side * read.c), side, side, read.c};
        rb_image_resize(scratch, &read, (rb_interpolation)g->settings->data.interpolation, to);
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
    return done;
}

static bool read_classes(const augment *g, const rb_dataset *d, rb_sheet_class *out, rb_error *err)
{
    rb_arena *a = g->arena;
    int *counts = RB_NEW(a, int, d->class_count);
    bool *minority = RB_NEW(a, bool, d->class_count);
    const rb_pipeline *pipelines;
    rb_dataset_counts(d, rb_dataset_part(a, d, RB_NO_PART), counts);
    for (int k = 0; k < d->class_count; k++) minority[k] = rb_is_minority(counts, d->class_count, k);
    if (!rb_augmentation_by_label(a, &g->settings->augmentation, d->classes, minority, d->class_count, &pipelines, err))
        return false;
    for (int k = 0; k < d->class_count; k++) {
        out[k] = (rb_sheet_class){.pipeline = pipelines[k]};
        out[k].title = rb_text_format(a, "class %s, %d of %d pictures%s", d->classes[k], counts[k], d->count,
                                      minority[k] ? ", the minority" : "");
        if (!read_samples(g, d, k, counts[k], &out[k], err)) return false;
    }
    return true;
}

// The least of several rounds, since what disturbs a measurement only adds to it.
static double microseconds(const rb_pipeline *p, const rb_image *picture)
{
    enum { ROUNDS = 5 };
    const double round_s = 0.02;
    rb_arena *scratch = rb_arena_open();
    double least = 1e9;
    uint32_t draw = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double begin_s = rb_clock_now_s(), spent_s;
        int runs = 0;
        do {
            rb_image image = *picture;
            ptrdiff_t bytes = (ptrdiff_t)image.h * image.w * image.c;
            image.pixels = memcpy(RB_NEW(scratch, uint8_t, bytes), picture->pixels, (size_t)bytes);
            rb_pipeline_run(p, 0, draw++, 0, scratch, &image);
            rb_arena_reset(scratch);
            runs++;
            spent_s = rb_clock_now_s() - begin_s;
        } while (spent_s < round_s);
        if (spent_s / runs < least) least = spent_s / runs;
    }
    rb_arena_close(scratch);
    return 1e6 * least;
}

static void print_costs(rb_arena *a, const rb_sheet_class *c)
{
    const rb_image *picture = &c->pictures[0];
    printf("%s, us a picture of %dx%dx%d, one thread\n", c->title, picture->h, picture->w, picture->c);
    for (int i = 0; i < c->pipeline.count; i++) {
        const rb_augment_step *step = &c->pipeline.steps[i];
        if (!step->augment) continue;
        rb_pipeline alone = rb_sheet_alone(a, step);
        printf("  %-26s %10.1f\n", step->augment->name, microseconds(&alone, picture));
    }
    printf("  %-26s %10.1f\n", "whole pipeline", microseconds(&c->pipeline, picture));
}

static bool write_sheet(const augment *g, rb_error *err)
{
    rb_arena *a = g->arena;
    rb_dataset d;
    rb_bytes png;
    if (!rb_dataset_open(a, &g->settings->data, &d, err)) return false;
    rb_sheet_class *classes = RB_NEW(a, rb_sheet_class, d.class_count);
    if (!read_classes(g, &d, classes, err)) return false;
    rb_image sheet = rb_sheet(a, classes, d.class_count, (uint32_t)g->settings->training.seed);
    if (!rb_image_encode_png(a, &sheet, &png, err) || !rb_file_write(g->own.output, png.data, png.size, err))
        return false;
    for (int k = 0; k < d.class_count; k++) print_costs(a, &classes[k]);
    return true;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    augment *g = augment_new(a);
    rb_words operands;
    if (!rb_config_flags(a, &g->config, argc, argv, &operands, err) || !rb_no_operands(operands, err)) return false;
    rb_settings_speak(g->settings);
    if (!rb_settings_resolve(a, g->settings, err)) return false;
    bool folder = g->settings->output.input_dir && g->own.output_dir;
    if (!folder == !g->own.output || !g->settings->output.input_dir != !g->own.output_dir)
        return rb_fail(err, RB_ERR_USAGE,
                       "name either --output SHEET.png, or both --input_dir and --output_dir; `rarebit help augment`");
    return folder ? change_folder(g, err) : write_sheet(g, err);
}

const rb_command rb_command_augment = {
    .name = "augment",
    .operands = "",
    .help = "show what augmentation does: a contact sheet with the cost of each step, or a folder of changed pictures",
    .config = config,
    .run = run,
};
