// SPDX-License-Identifier: Apache-2.0
// folder.h - what a run folder holds beside its log, as trackers show it; private to the track module.
#ifndef RB_TRACK_FOLDER_H
#define RB_TRACK_FOLDER_H

#include "base/arena.h"
#include "data/csv.h"
#include "metric/classes.h"

#include <jansson.h>

// The keys of config.yaml in its order, nested values as one line of YAML.
typedef struct rb_setting {
    const char *key, *text;
    bool plain; // without quotes: a number or a truth value may stand for itself
} rb_setting;
typedef struct rb_setting_list {
    const rb_setting *at;
    int count;
} rb_setting_list;
bool rb_folder_settings(rb_arena *a, const char *folder, rb_setting_list *out, rb_error *err) RB_CHECKED;
const char *rb_setting_find(const rb_setting_list *s, const char *key); // NULL: there is none, or it is null

// What the best checkpoint said of one part ("train", "val", "test") at the end: NAME.proba beside split.csv.
typedef struct rb_part_results {
    rb_scores scores;      // n = 0: no such part, or more than two classes
    rb_class_scores many;  // n = 0: no such part, or two classes
    const char **path;     // of each picture, as split.csv has it
    double threshold;      // metrics.json's
    const int64_t *matrix; // [classes classes] rows are labels, columns decisions
    int classes;
} rb_part_results;
extern const char *const rb_results_parts[]; // NULL-ended

static inline int rb_part_count(const rb_part_results *r)
{
    return r->scores.n ? r->scores.n : r->many.n;
}

static inline const int *rb_part_labels(const rb_part_results *r)
{
    return r->scores.n ? r->scores.label : r->many.label;
}

// What label k of `count` is called: by the log's record of the run (NULL: there is none), or by its number, as logs of
// old runs do not say. In `a`.
const char *const *rb_class_names(rb_arena *a, const json_t *run, int count);
int rb_class_names_count(const json_t *run); // 0: it names none

// The log's record of the run; lives in `a`. NULL: there is none yet.
const json_t *rb_folder_run(rb_arena *a, const char *folder);

// A label as split.csv has it, in the row that was read last.
// Errors: DATA with "FILE:LINE: " (none, or one of more classes than anybody has)
bool rb_split_label(const rb_csv *csv, const char *text, int *out, rb_error *err) RB_CHECKED;

// Errors: IO; DATA (numbers that are no probabilities, other rows than split.csv's, labels of other classes)
bool rb_folder_results(rb_arena *a, const char *folder, const char *part, rb_part_results *out,
                       rb_error *err) RB_CHECKED;

// Files of the folder worth keeping elsewhere, in the order of their worth per byte; NULL-ended. They may be missing.
extern const char *const rb_folder_files[];
#define RB_FOLDER_BEST "best.safetensors"

// ROC (x: false positives, y: true positives) or precision over recall, thinned to at most `most` points.
rb_line rb_curve_roc(rb_arena *a, rb_scores s, int most);
rb_line rb_curve_pr(rb_arena *a, rb_scores s, int most);

// The commit, branch and origin of the git work tree around the working directory; texts are NULL where there is none.
// No program is run. A login within the origin is left out.
typedef struct rb_git {
    const char *root, *commit, *branch, *origin;
} rb_git;
rb_git rb_git_here(rb_arena *a);

#endif
