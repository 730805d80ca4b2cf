// SPDX-License-Identifier: Apache-2.0
// fields.c - the keys of data: where it is, what a picture becomes, how it is loaded, what training draws.
#include "data/data.h"

static const char *const formats[] = {"auto", "original", "folders", "manifest", NULL};
static const char *const samplers[] = {"balanced", "shuffle", NULL};
static const char *const bad_images[] = {"error", "skip", NULL};

#define AT(member) offsetof(rb_data_settings, member)

const rb_field rb_data_fields[] = {
    {"root_dir", RB_TEXT, AT(root_dir), .preset_text = "data/", .local = true,
     .help = "folder with train_img/ and label_train.txt, or with one folder of pictures per class"},
    {"manifest", RB_TEXT, AT(manifest), .optional = true, .local = true,
     .help = "CSV file with the columns path,label and, if wanted, split,group,species; used instead of root_dir"},
    {"data_format", RB_CHOICE, AT(data_format), .preset = RB_DATA_AUTO, .choices = formats,
     .help = "layout of the data; auto looks at what is there"},
    {"positive_class", RB_TEXT, AT(positive_class), .optional = true,
     .help = "class that is label 1, by name; otherwise the alphabet gives the labels"},
    {"test_split", RB_REAL, AT(test_split), .preset = 0.1, .min = 0, .max = 0.9, .unit = "of all pictures",
     .help = "share set aside for the test"},
    {"val_split", RB_REAL, AT(val_split), .preset = 0.2, .min = 0, .max = 0.9, .unit = "of the rest",
     .help = "share set aside for validation"},
    {"split_seed", RB_INT, AT(split_seed), .preset = 0, .min = 0, .max = INT32_MAX,
     .help = "seed of the split, apart from the seed of the run"},
    {0},
};

const rb_field rb_picture_fields[] = {
    {"channels", RB_INT, AT(channels), .preset = 3, .min = 1, .max = 3, .help = "1 grey or 3 colour"},
    {"image_size", RB_INT, AT(image_size), .preset = 224, .min = 8, .max = 1024, .unit = "px",
     .help = "height and width that pictures are resized to"},
    {"interpolation", RB_CHOICE, AT(interpolation), .preset = RB_BILINEAR, .choices = rb_interpolation_names,
     .help = "how pictures are resized"},
    {0},
};

static const rb_tree light = {.text = "light", .plain = true, .source = "augment"};

const rb_field rb_sampling_fields[] = {
    {"sampler", RB_CHOICE, AT(sampler), .preset = RB_SAMPLER_BALANCED, .choices = samplers,
     .help = "balanced: every class equally often, with replacement; shuffle: every picture once"},
    {"sampler_power", RB_REAL, AT(sampler_power), .preset = 1, .min = 0, .max = 1,
     .help = "with balanced: draw pictures by 1/n^power of their class's n; 1: classes equally often, 0: as they are"},
    {0},
};

const rb_field rb_augment_fields[] = {
    {"augment", RB_TREE, AT(augment), .preset_tree = &light,
     .help = "random changes in training: none, light, original, a file of steps, or steps by class"},
    {"augment_compose", RB_BOOL, AT(augment_compose), .preset = false,
     .help = "sample a picture once for geometric steps that follow each other: sharper, but other pixels"},
    {0},
};

const rb_field rb_bad_image_fields[] = {
    {"on_bad_image", RB_CHOICE, AT(on_bad_image), .preset = RB_BAD_ERROR, .choices = bad_images, .local = true,
     .help = "what a picture that cannot be read does: end the run, or be left out and named"},
    {0},
};

const rb_field rb_loading_fields[] = {
    {"workers", RB_INT, AT(workers), .preset = 2, .min = 1, .max = 64, .unit = "threads", .local = true,
     .help = "threads that read pictures"},
    {"cache_mb", RB_INT, AT(cache_mb), .preset = 1024, .min = 0, .max = 1048576, .unit = "MiB", .local = true,
     .help = "memory for resized pictures"},
    {0},
};
