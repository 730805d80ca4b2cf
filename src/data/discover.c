// SPDX-License-Identifier: Apache-2.0
// discover.c - which layout the data has, and what the layouts share.
#include "data/layout.h"

#include "base/utf8.h"

#include <string.h>

typedef bool layout(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err);

static layout *const layouts[] = {
    [RB_DATA_ORIGINAL] = rb_layout_original,
    [RB_DATA_FOLDERS] = rb_layout_folders,
    [RB_DATA_MANIFEST] = rb_layout_manifest,
};

// Either half of the original's layout counts, so that the missing half is what an error names.
static rb_data_format format_found(rb_arena *a, const rb_data_settings *s)
{
    if (s->data_format != RB_DATA_AUTO) return (rb_data_format)s->data_format;
    if (s->manifest) return RB_DATA_MANIFEST;
    bool original = rb_folder_exists(rb_path_join(a, s->root_dir, "train_img")) ||
                    rb_file_exists(rb_path_join(a, s->root_dir, "label_train.txt"));
    return original ? RB_DATA_ORIGINAL : RB_DATA_FOLDERS;
}

bool rb_dataset_open(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err)
{
    if (s->channels == 2) return rb_fail(err, RB_ERR_USAGE, "channels: 2 is neither 1 (grey) nor 3 (colour)");
    rb_data_format format = format_found(a, s);
    if (format == RB_DATA_MANIFEST && !s->manifest)
        return rb_fail(err, RB_ERR_USAGE, "data_format is manifest, but the key manifest names no file");
    if (format != RB_DATA_MANIFEST && s->manifest)
        return rb_fail(err, RB_ERR_USAGE, "manifest: %s is named, but data_format asks for another layout",
                       s->manifest);
    if (format != RB_DATA_MANIFEST && !rb_folder_exists(s->root_dir))
        return rb_fail(err, RB_ERR_IO, "%s: no such folder (root_dir)", s->root_dir);
    *out = (rb_dataset){0};
    return layouts[format](a, s, out, err);
}

static bool is_picture(const char *name)
{
    static const char *const suffixes[] = {".jpg", ".jpeg", ".png"};
    const char *dot = strrchr(name, '.');
    if (name[0] == '.' || !dot) return false;
    for (int i = 0; i < 3; i++)
        if (!strcasecmp(dot, suffixes[i])) return true;
    return false;
}

bool rb_pictures_list(rb_arena *a, const char *folder, rb_names *out, int *others, rb_error *err)
{
    if (!rb_folder_list(a, folder, out, err)) return false;
    int all = out->count;
    out->count = 0;
    for (int i = 0; i < all; i++)
        if (is_picture(out->name[i])) out->name[out->count++] = out->name[i];
    if (others) *others = all - out->count;
    return true;
}

rb_sample rb_sample_new(rb_arena *a, const char *root, const char *name)
{
    const char *path = name[0] == '/' ? rb_text_copy(a, name) : rb_path_join(a, root, name);
    return (rb_sample){.path = path, .name = path + strlen(path) - strlen(name), .label = -1, .part = RB_NO_PART};
}

static int position(rb_names names, const char *name)
{
    int i = 0;
    while (i < names.count && strcmp(names.name[i], name)) i++;
    return i;
}

// The label of class i of the alphabet where class p is label 1: the others fill 0, 2, 3, ... in their order.
static int label_beside(int i, int p)
{
    if (i == p) return 1;
    int rank = i < p ? i : i - 1;
    return rank == 0 ? 0 : rank + 1;
}

bool rb_classes_label(rb_arena *a, const char *where, rb_names names, const char *positive, rb_dataset *out, int *label,
                      rb_error *err)
{
    if (names.count == 1)
        return rb_fail(err, RB_ERR_DATA, "%s: one class only, '%s'; at least two are needed", where, names.name[0]);
    for (int i = 0; i < names.count; i++)
        if (!rb_utf8_valid(names.name[i]))
            return rb_fail(err, RB_ERR_DATA, "%s: the class name '%s' is not UTF-8; rename it", where, names.name[i]);
    int p = positive ? position(names, positive) : 1;
    if (p == names.count)
        return rb_fail(err, RB_ERR_DATA, "%s: positive_class '%s' is none of the %d classes ('%s', '%s'%s)", where,
                       positive, names.count, names.name[0], names.name[1], names.count > 2 ? ", ..." : "");
    out->class_count = names.count;
    out->classes = RB_NEW(a, const char *, names.count);
    for (int i = 0; i < names.count; i++) {
        label[i] = label_beside(i, p);
        out->classes[label[i]] = names.name[i];
    }
    return true;
}

bool rb_classes_fixed(const rb_data_settings *s, const char *where, rb_error *err)
{
    if (!s->positive_class || !strcmp(s->positive_class, "1")) return true;
    return rb_fail(err, RB_ERR_USAGE,
                   "positive_class: '%s' cannot be chosen, since %s numbers the classes: 1 is the one",
                   s->positive_class, where);
}

bool rb_dataset_from_folder(rb_arena *a, const char *folder, rb_dataset *out, rb_error *err)
{
    rb_names names;
    if (!rb_pictures_list(a, folder, &names, NULL, err)) return false;
    if (!names.count) return rb_fail(err, RB_ERR_DATA, "%s: no pictures (*.jpg, *.jpeg, *.png)", folder);
    *out = (rb_dataset){.samples = RB_NEW(a, rb_sample, names.count), .count = names.count};
    for (int i = 0; i < names.count; i++) out->samples[i] = rb_sample_new(a, folder, names.name[i]);
    return true;
}

bool rb_dataset_from_files(rb_arena *a, const char *const *paths, int count, rb_dataset *out, rb_error *err)
{
    if (count < 1) return rb_fail(err, RB_ERR_USAGE, "no pictures were named");
    *out = (rb_dataset){.samples = RB_NEW(a, rb_sample, count), .count = count};
    for (int i = 0; i < count; i++) out->samples[i] = rb_sample_new(a, "", paths[i]);
    return true;
}
