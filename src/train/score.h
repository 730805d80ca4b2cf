// SPDX-License-Identifier: Apache-2.0
// score.h - what a network says of pictures: probabilities, in the order in which they are asked for.
#ifndef RB_TRAIN_SCORE_H
#define RB_TRAIN_SCORE_H

#include "base/file.h"
#include "data/loader.h"
#include "metric/figures.h"
#include "train/network.h"

// Loader and evaluation plan, ready for any number of passes.
typedef struct rb_scorer {
    const rb_network *network;
    const rb_dataset *data;
    rb_loader *loader;
    rb_plan *plan;
    double *logits; // [batch k]
} rb_scorer;

// The loader is the caller's and reads `data`, `batch` at a time.
bool rb_scorer_open(rb_arena *a, const rb_network *n, int batch, const rb_dataset *data, rb_loader *loader,
                    rb_scorer *out, rb_error *err) RB_CHECKED;

// One picture that has been judged: draw of the pass, its logits [k]; `reason` is NULL, or why it could not be read.
typedef struct rb_judged {
    int draw, sample;
    const double *logits;
    const char *reason;
} rb_judged;

// Calls each(context, picture) for all of order[0..count), in order.
//
// Errors: as the loader; NUMERIC, naming the picture, when a logit is not finite
bool rb_scorer_run(const rb_scorer *s, const int *order, int count, void (*each)(void *context, const rb_judged *j),
                   void *context, rb_error *err) RB_CHECKED;

// The same for the pictures of one batch, which may be any of the size that the network wants.
bool rb_scorer_batch(const rb_scorer *s, const rb_batch *b, void (*each)(void *context, const rb_judged *j),
                     void *context, rb_error *err) RB_CHECKED;

// What `k` logits become, as it is written to files and compared, in rb_columns_of(k) floats: of one or two logits the
// probability of label 1, of more that of each class.
void rb_probabilities_of(const rb_calibration *c, const double *logits, int k, float *p);

// A line of columns as "%.9g", which reads back as the same float; `nan` for NAN.
bool rb_probabilities_print(rb_writer *w, const float *p, int columns, rb_error *err) RB_CHECKED;

// Such a line each. Complete or absent. Errors: IO
bool rb_probabilities_write(rb_arena *scratch, const char *path, const float *p, int columns, int count,
                            rb_error *err) RB_CHECKED;

// Probabilities and labels of labelled pictures.
typedef struct rb_part_scores {
    rb_indices which;
    int columns;
    rb_logits logits;    // of those that could be read, k = columns
    float *probability;  // [which.count columns]; NAN: could not be read
    const char **reason; // [which.count] why not; NULL: it could
    rb_outputs readable; // those that could, for metrics
    double loss;         // mean over the readable, as the loss weighs it; NAN: none
} rb_part_scores;

// The groups of the readable, by name; NULL for one that has none. Lives in `a`.
const char **rb_part_groups(rb_arena *a, const rb_dataset *data, const rb_part_scores *s);

// Probabilities are the network's calibration's. `loss` NULL: none is wanted.
//
// Owner:  everything lives in `a`
// Errors: as rb_scorer_run
bool rb_score_part(rb_arena *a, const rb_scorer *s, rb_indices which, const rb_loss *loss, const void *loss_cfg,
                   rb_part_scores *out, rb_error *err) RB_CHECKED;

// Two passes over the same pictures: leaves out of both those that either could not read, so that rows are pictures of
// both. Losses stay what each pass had. Owner: they live in `a`
void rb_part_scores_pair(rb_arena *a, rb_part_scores *one, rb_part_scores *other);

// Has another calibration say the probabilities. Owner: they live in `a`
void rb_part_calibrate(rb_arena *a, const rb_calibration *c, rb_part_scores *s);

#endif
