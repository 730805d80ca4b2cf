// SPDX-License-Identifier: Apache-2.0
// synth.c - writes a synthetic data set in the original's layout. What is drawn is in synth_face.c.
#include "data/synth.h"

#include "base/file.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#define QUALITY 90

// Random numbers that belong to the set, not to a picture; synth_face.c has its own numbers.
enum { OP_TRAIN_LABELS = 16, OP_VAL_LABELS };

#define AT(member) offsetof(rb_synth_settings, member)

const rb_field rb_synth_fields[] = {
    {"output_dir", RB_TEXT, AT(output_dir), .optional = true, .help = "folder to write to, new or empty"},
    {"count", RB_INT, AT(count), .preset = 2500, .min = 20, .max = 999999, .help = "labelled pictures"},
    {"unlabelled", RB_INT, AT(unlabelled), .preset = 400, .min = 0, .max = 999999,
     .help = "pictures without label, their truth beside them"},
    {"image_size", RB_INT, AT(image_size), .preset = 64, .min = 32, .max = 512, .unit = "px",
     .help = "height and width of the pictures"},
    {"minority", RB_REAL, AT(minority), .preset = 0.12, .min = 0.01, .max = 0.5, .unit = "of all pictures",
     .help = "share of label 0"},
    {"classes", RB_INT, AT(classes), .preset = 2, .min = 2, .max = RB_SYNTH_CLASSES,
     .help = "2: glasses worn or not; more: where they are, each label from 1 on more frequent than the one before"},
    {"label_noise", RB_REAL, AT(label_noise), .preset = 0.03, .min = 0, .max = 0.5, .unit = "of label 0",
     .help = "share with the wrong label, the next one; as many of each other label have it too"},
    {"seed", RB_INT, AT(seed), .preset = 0, .min = 0, .max = INT32_MAX, .help = "fixes every pixel and label"},
    {0},
};

// ---- labels ----------------------------------------------------------------------------------------------------

typedef struct labels {
    int *clean, *noisy;
    int count;
} labels;

static int *shuffled(rb_arena *a, int n, rb_rng random)
{
    int *order = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) {
        int j = rb_rng_below(&random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

// How many of `count` pictures have a label up to k.
static int up_to(const rb_synth_settings *s, int count, int k)
{
    double parts = s->classes * (s->classes - 1) / 2.0, share = (k + 1) * k / 2.0 / parts;
    return (int)lround((s->minority + (1 - s->minority) * share) * count);
}

// Exact counts in a random order: the first of the shuffled pictures are label 0, and the first of each label are the
// mistaken ones, taken for the next label.
static labels draw_labels(rb_arena *a, const rb_synth_settings *s, int count, uint32_t op)
{
    labels l = {RB_NEW(a, int, count), RB_NEW(a, int, count), count};
    const int *order = shuffled(a, count, rb_rng_at((uint32_t)s->seed, RB_STREAM_SYNTH, 0, 0, op));
    int wrong = (int)lround(s->label_noise * up_to(s, count, 0)), first = 0;
    for (int k = 0; k < s->classes; k++) {
        int end = up_to(s, count, k);
        for (int i = first; i < end; i++) {
            l.clean[order[i]] = k;
            l.noisy[order[i]] = i - first < wrong ? (k + 1) % s->classes : k;
        }
        first = end;
    }
    return l;
}

static bool write_labels(rb_arena *scratch, const char *path, const int *label, int count, rb_error *err)
{
    char *text = RB_NEW(scratch, char, 2 * (ptrdiff_t)count);
    for (int i = 0; i < count; i++) {
        text[2 * i] = (char)('0' + label[i]);
        text[2 * i + 1] = '\n';
    }
    return rb_file_write(path, text, 2 * (ptrdiff_t)count, err);
}

// ---- pictures --------------------------------------------------------------------------------------------------

// Without the fsync of rb_file_write, thousands of times: the labels, written last, tell that a set is whole.
static bool write_quickly(const char *path, rb_bytes data, rb_error *err)
{
    FILE *f = fopen(path, "wb");
    if (!f) return rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
    bool written = fwrite(data.data, 1, (size_t)data.size, f) == (size_t)data.size;
    bool closed = !fclose(f);
    return (written && closed) || rb_fail_errno(err, RB_ERR_IO, errno, "%s", path);
}

static bool write_picture(rb_arena *scratch, const rb_synth_settings *s, uint32_t index, int label, const char *path,
                          rb_error *err)
{
    rb_image image;
    rb_bytes file;
    rb_synth_draw(scratch, s, index, label, &image);
    return rb_image_encode_jpeg(scratch, &image, QUALITY, &file, err) && write_quickly(path, file, err);
}

static bool write_pictures(rb_arena *scratch, const rb_synth_settings *s, const char *folder, const labels *l,
                           uint32_t first, rb_error *err)
{
    if (!rb_folder_make(folder, err)) return false;
    for (int i = 0; i < l->count; i++) {
        const char *path = rb_text_format(scratch, "%s/%06d.jpg", folder, i + 1);
        if (!write_picture(scratch, s, first + (uint32_t)i, l->clean[i], path, err)) return false;
        rb_arena_reset(scratch);
    }
    return true;
}

// ---- the set ---------------------------------------------------------------------------------------------------

static bool is_free(rb_arena *a, const char *folder, rb_error *err)
{
    rb_names there;
    if (!rb_folder_make(folder, err) || !rb_folder_list(a, folder, &there, err)) return false;
    if (!there.count) return true;
    return rb_fail(err, RB_ERR_USAGE, "output_dir: %s has %s and more in it; name a new or empty folder", folder,
                   there.name[0]);
}

static bool write_set(rb_arena *a, rb_arena *scratch, const rb_synth_settings *s, rb_error *err)
{
    const char *to = s->output_dir;
    if (!to || !*to) return rb_fail(err, RB_ERR_USAGE, "output_dir is missing; name the folder to write to");
    if (!is_free(a, to, err)) return false;
    labels train = draw_labels(a, s, s->count, OP_TRAIN_LABELS), val = draw_labels(a, s, s->unlabelled, OP_VAL_LABELS);
    return write_pictures(scratch, s, rb_path_join(a, to, "train_img"), &train, 0, err) &&
           write_pictures(scratch, s, rb_path_join(a, to, "val_img"), &val, (uint32_t)s->count, err) &&
           write_labels(scratch, rb_path_join(a, to, "val_truth.txt"), val.clean, val.count, err) &&
           write_labels(scratch, rb_path_join(a, to, "label_train.txt"), train.noisy, train.count, err);
}

bool rb_synth_write(const rb_synth_settings *s, rb_error *err)
{
    rb_arena *a = rb_arena_open(), *scratch = rb_arena_open();
    bool done = write_set(a, scratch, s, err);
    rb_arena_close(scratch);
    rb_arena_close(a);
    return done;
}
