// SPDX-License-Identifier: Apache-2.0
// folders.c - the layout with one folder of pictures per class.
#include "base/log.h"
#include "data/layout.h"

#include <stdlib.h>
#include <string.h>

typedef struct folder {
    const char *name;
    rb_names pictures;
} folder;

// The sub-folders with pictures, in alphabetical order; returns how many. Hidden ones are left out: tools keep their
// own things there, copies of pictures among them.
static bool find_folders(rb_arena *a, const char *root, folder **found, int *count, rb_error *err)
{
    rb_names names;
    if (!rb_folder_list(a, root, &names, err)) return false;
    *found = RB_NEW(a, folder, names.count);
    *count = 0;
    int left_out = 0;
    for (int i = 0; i < names.count; i++) {
        const char *path = rb_path_join(a, root, names.name[i]);
        if (names.name[i][0] == '.' || !rb_folder_exists(path)) continue;
        folder f = {.name = names.name[i]};
        int others;
        if (!rb_pictures_list(a, path, &f.pictures, &others, err)) return false;
        if (!f.pictures.count) continue;
        left_out += others;
        (*found)[(*count)++] = f;
    }
    if (left_out) rb_note("%s: %d names that are not *.jpg, *.jpeg or *.png are left out", root, left_out);
    return true;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_sample *)x)->name, ((const rb_sample *)y)->name);
}

static void collect(rb_arena *a, const char *root, const folder *f, int count, const int *label, rb_dataset *out)
{
    for (int i = 0; i < count; i++) out->count += f[i].pictures.count;
    out->samples = RB_NEW(a, rb_sample, out->count);
    rb_sample *next = out->samples;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < f[i].pictures.count; k++) {
            *next = rb_sample_new(a, root, rb_text_format(a, "%s/%s", f[i].name, f[i].pictures.name[k]));
            next++->label = label[i];
        }
    qsort(out->samples, (size_t)out->count, sizeof *out->samples, by_name);
}

bool rb_layout_folders(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err)
{
    folder *found;
    rb_names names = {0};
    if (!find_folders(a, s->root_dir, &found, &names.count, err)) return false;
    if (!names.count)
        return rb_fail(err, RB_ERR_DATA, "%s: neither train_img/ with label_train.txt nor folders of pictures in it",
                       s->root_dir);
    names.name = RB_NEW(a, const char *, names.count);
    for (int i = 0; i < names.count; i++) names.name[i] = found[i].name;
    int *label = RB_NEW(a, int, names.count);
    if (!rb_classes_label(a, s->root_dir, names, s->positive_class, out, label, err)) return false;
    collect(a, s->root_dir, found, names.count, label, out);
    return true;
}
