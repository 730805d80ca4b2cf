// SPDX-License-Identifier: Apache-2.0
// job.h - everything a training run works with; private to the train module.
#ifndef RB_TRAIN_JOB_H
#define RB_TRAIN_JOB_H

#include "train/early_stop.h"
#include "train/run.h"
#include "train/score.h"
#include "train/train.h"

// The best epoch so far, by val HTER; a tie stays with the earlier one.
typedef struct rb_best {
    int epoch;
    rb_threshold at; // hter INFINITY before the first
} rb_best;

typedef struct rb_job {
    rb_arena *arena;
    const rb_settings *settings;
    rb_dataset data;
    const char **unreadable;         // by sample: why it is left out, or NULL
    rb_indices part[RB_PARTS];       // readable pictures
    const rb_pipeline *augmentation; // by label
    rb_chosen_schedule schedule;
    rb_chosen_trackers trackers;
    rb_network network;
    rb_loader *loader;
    rb_scorer scorer;
    rb_run run;
    int epoch;    // from 0
    int64_t step; // updates made
    double lr;    // of the last update
    rb_best best;
    rb_early_stop early_stop;
} rb_job;

// Opens data, network and loader, reads every picture once (which fills the cache and finds the bad ones), and makes
// the run folder last: bad input leaves none behind. The loader's threads read `out` until `a` ends: it lives in `a`.
bool rb_job_open(rb_arena *a, const rb_settings *s, rb_job *out, rb_error *err) RB_CHECKED;

// Runs the epochs. `stopped_early` says whether early stopping ended them.
bool rb_job_fit(rb_job *job, bool *stopped_early, rb_error *err) RB_CHECKED;

// Writes "<folder>/<name>": weights, threshold and metrics of the present epoch; with `training` what a resume needs.
bool rb_job_save(const rb_job *job, const char *name, const rb_summary *val, bool training, rb_error *err) RB_CHECKED;

// Judges train, val and test with the best checkpoint; writes *.proba and metrics.json.
bool rb_job_judge(rb_job *job, rb_trained *out, rb_error *err) RB_CHECKED;

#endif
