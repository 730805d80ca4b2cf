// SPDX-License-Identifier: Apache-2.0
// data.h - labelled pictures: finding them, splitting them, drawing them.
#ifndef RB_DATA_DATA_H
#define RB_DATA_DATA_H

#include "config/config.h"
#include "image/image.h"

// Keys of data, flat in YAML and on the command line. Their tables are apart because commands differ in what they use.
typedef struct rb_data_settings {
    const char *root_dir;       // forms (a) and (b)
    const char *manifest;       // form (c), or NULL
    int data_format;            // rb_data_format
    const char *positive_class; // form (b): the folder that is label 1, or NULL for alphabetical order
    int channels;               // 1 or 3
    int image_size;
    int interpolation; // rb_interpolation
    double test_split, val_split;
    int split_seed;
    int sampler; // rb_sampler
    double sampler_power;
    int on_bad_image;       // rb_on_bad_image
    int workers;            // loader threads
    int cache_mb;           // budget of the cache of resized pictures
    const rb_tree *augment; // a preset, a file, or steps; augment/read.c
    bool augment_compose;
} rb_data_settings;
extern const rb_field rb_data_fields[];     // where labelled pictures are, and their split
extern const rb_field rb_picture_fields[];  // what a picture becomes: channels, image_size, interpolation
extern const rb_field rb_sampling_fields[]; // what training draws: sampler
extern const rb_field rb_augment_fields[];  // how it changes what it draws: augment
extern const rb_field rb_bad_image_fields[];
extern const rb_field rb_loading_fields[]; // threads, memory

typedef enum rb_data_format { RB_DATA_AUTO, RB_DATA_ORIGINAL, RB_DATA_FOLDERS, RB_DATA_MANIFEST } rb_data_format;
typedef enum rb_sampler { RB_SAMPLER_BALANCED, RB_SAMPLER_SHUFFLE } rb_sampler;
typedef enum rb_on_bad_image { RB_BAD_ERROR, RB_BAD_SKIP } rb_on_bad_image;

typedef enum rb_part { RB_TRAIN_PART, RB_VAL_PART, RB_TEST_PART, RB_PARTS, RB_NO_PART = RB_PARTS } rb_part;
extern const char *const rb_part_names[]; // "train" "val" "test", NULL-ended

typedef struct rb_sample {
    const char *path; // as opened
    const char *name; // as written to split.csv: relative to root_dir or to the manifest's folder
    int label;        // class index, -1 unlabelled
    rb_part part;
    const char *group, *species; // NULL unless a manifest gave one
} rb_sample;

typedef struct rb_dataset {
    rb_sample *samples; // bytewise order of name (a manifest: its own order)
    int count;
    const char **classes; // names by label; "0", "1" for the original's layout
    int class_count;
} rb_dataset;

// Finds the labelled pictures by what is there (or by data_format): (a) the original's layout: train_img/ and
// label_train.txt; (b) a folder per class; (c) a manifest `path,label[,split][,group][,species]`. Pictures are listed,
// not opened.
//
// Owner:  everything lives in `a`
// Errors: DATA or IO: no such folder; no pictures; label file shorter or longer than the pictures (both counts, first
//         surplus name or line); a label that is no number of a class (file, line, text); one class only; manifest
//         without its columns. Warns where numeric and bytewise order of the names differ.
bool rb_dataset_open(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err) RB_CHECKED;

// Unlabelled pictures: every JPEG/PNG name of a folder in bytewise order, or the files named.
bool rb_dataset_from_folder(rb_arena *a, const char *folder, rb_dataset *out, rb_error *err) RB_CHECKED;
bool rb_dataset_from_files(rb_arena *a, const char *const *paths, int count, rb_dataset *out, rb_error *err) RB_CHECKED;

// Gives every sample without a part one of the three: stratified, test first, then val of the rest; members of a group
// stay together. Parts given by a manifest are kept, and to such a part nothing is added but members of its groups.
//
// Errors: DATA when a class is too small to be in every part that is asked for
// Source: scikit-learn's StratifiedShuffleSplit quota rule (maths: n_test = ceil(f N), largest remainders; ties go to
//         the smaller label)
bool rb_dataset_split(rb_arena *scratch, const rb_data_settings *s, rb_dataset *d, rb_error *err) RB_CHECKED;

// Indices of the samples of one part, ascending; RB_NO_PART: all.
typedef struct rb_indices {
    int *at;
    int count;
} rb_indices;
rb_indices rb_dataset_part(rb_arena *a, const rb_dataset *d, rb_part part);

// counts[class] over the samples named by `which`; counts has class_count entries, cleared first.
void rb_dataset_counts(const rb_dataset *d, rb_indices which, int *counts);

// The smaller class of a two-class set (tie: 1); with K > 2 a class with n < N / K is a minority.
bool rb_is_minority(const int *counts, int class_count, int label);

// `path,label,split,group` a line with a header, as split.csv of a run folder.
bool rb_dataset_write_csv(const rb_dataset *d, const char *path, rb_error *err) RB_CHECKED;

// XXH3-64 over names, labels and parts: what the run was trained on.
uint64_t rb_dataset_fingerprint(const rb_dataset *d);

// Fills order[0..count) with sample indices for one epoch. BALANCED: independent draws with replacement, w =
// n_class^-power, drawn as a class by its share (power 1: uniformly), then a picture of it uniformly: the same
// distribution, exactly; draw j depends on (seed, epoch, j) alone. SHUFFLE: the first `count` <= from.count of a
// permutation of `from` keyed by (seed, epoch).
typedef struct rb_drawing {
    rb_sampler how;
    double power;
} rb_drawing;
void rb_sampler_order(rb_arena *scratch, const rb_dataset *d, rb_indices from, rb_drawing by, uint32_t seed,
                      uint32_t epoch, int *order, int count);

#endif
