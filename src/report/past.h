// SPDX-License-Identifier: Apache-2.0
// past.h - a training run as its folder tells it: log.jsonl, config.yaml, split.csv and what the best checkpoint said.
#ifndef RB_REPORT_PAST_H
#define RB_REPORT_PAST_H

#include "metric/compare.h"
#include "track/folder.h"

#include <jansson.h>

typedef struct rb_past_step {
    double step, epoch; // from 1; from 0
    double loss, lr, grad_norm, t_s;
} rb_past_step;

// Records of one type, in their order.
typedef struct rb_past_records {
    const json_t **at;
    int count;
} rb_past_records;

typedef struct rb_past_log {
    const json_t *run; // what the run began with; NULL: not even that
    const json_t *end; // NULL: it has not ended
    rb_past_step *step;
    int steps;
    rb_past_records epoch, eval, event;
} rb_past_log;

enum { RB_PAST_TRAIN, RB_PAST_VAL, RB_PAST_TEST, RB_PAST_PARTS }; // in the order of rb_results_parts

// One picture of split.csv.
typedef struct rb_past_picture {
    const char *name, *group; // group NULL: none
    int label, part;          // part: RB_PAST_PARTS for a picture that was left out
} rb_past_picture;

// What the best weights are worth on one part.
typedef struct rb_verdict {
    rb_summary summary;     // n = 0: not judged, or more than two classes
    rb_class_summary many;  // n = 0: not judged, or two classes
    rb_intervals intervals; // by group where there are groups
    const int *group;       // [n]; NULL: none
    int resamples;
} rb_verdict;

// 0: the part was not judged.
static inline int rb_verdict_n(const rb_verdict *v)
{
    return v->summary.n ? v->summary.n : v->many.n;
}

typedef struct rb_past {
    const char *folder, *name;
    const char *short_name; // beside others "B resnet18", alone as `name`
    rb_setting_list settings;
    const char *config; // config.yaml as it is
    rb_past_log log;
    rb_past_picture *picture;
    int pictures;
    rb_part_results part[RB_PAST_PARTS]; // scores.n 0: not judged
    rb_verdict verdict[RB_PAST_PARTS];
    const char *const *classes; // by label
    int class_count;
    bool has_names; // of its classes; otherwise they are called by their label

    // Against the best of the runs beside it. NULL: it is that, or stands alone, or was judged on other pictures, or
    // not.
    const rb_comparison *behind;
} rb_past;

// Owner:  everything lives in `a`
// Errors: IO (no such folder, or it has no log.jsonl: not a run folder); DATA with "FILE:LINE: " for what is damaged. A
//         run that was stopped is no error: what it has not written is not there. A last line without an end is passed
//         over.
bool rb_past_read(rb_arena *a, const char *folder, rb_past *out, rb_error *err) RB_CHECKED;

// A number of a record, NAN where it is missing or null; a whole one, or -1; a text, or NULL.
double rb_past_number(const json_t *record, const char *key);
int rb_past_integer(const json_t *record, const char *key);
const char *rb_past_text(const json_t *record, const char *key);

// The same number of all records. Lives in `a`.
double *rb_past_column(rb_arena *a, rb_past_records records, const char *key);

// The record of the epoch whose weights are the best; NULL: there is none.
const json_t *rb_past_best(const rb_past *p);

// The interval of a figure by its name in intervals.c ("hter"); NAN, NAN: there is none.
rb_interval rb_verdict_at(const rb_verdict *v, const char *figure);

const char *rb_past_calibration(const rb_past *p); // its method; NULL: none

double rb_verdict_hter(const rb_verdict *v); // NAN: not judged

// The class taken for one row of a part.
int rb_past_taken(const rb_part_results *r, int row);

// Where the picture of this name lies: "<root_dir or the manifest's folder>/<name>".
const char *rb_past_path(rb_arena *a, const rb_past *p, const char *name);

// The part that the run is judged by: test, or val where there is no test; -1: none was judged.
int rb_past_main_part(const rb_past *p);

#endif
