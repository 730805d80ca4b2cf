// SPDX-License-Identifier: Apache-2.0
// job.h - everything a training run works with; private to the train module.
#ifndef RB_TRAIN_JOB_H
#define RB_TRAIN_JOB_H

#include "train/resume.h"
#include "train/run.h"
#include "train/score.h"
#include "train/start.h"
#include "train/state.h"
#include "train/train.h"

typedef struct rb_job {
    rb_arena *arena;
    const rb_settings *settings;
    rb_dataset data;
    uint64_t fingerprint;            // of the whole split, bad pictures too: what eval finds again
    const char **unreadable;         // by sample: why it could not be read once, or NULL
    rb_indices part[RB_PARTS];       // readable pictures
    const rb_pipeline *augmentation; // by label
    rb_chosen_schedule schedule;
    rb_chosen_optim optim;
    rb_chosen_loss loss;
    rb_threshold_rule rule;
    const void *loss_cfg; // prepared for the training part
    // [classes] of each logit beside class 0's, by sampler and loss together, from what the plain loss on all pictures
    // gives it; and of the class where it is largest
    const double *shift;
    double most_shift;
    rb_monitor monitor;
    rb_chosen_trackers trackers;
    rb_network network;
    rb_started started;
    rb_loader *loader;
    rb_scorer scorer;
    rb_run run;
    rb_state at;
    bool resumed;       // the log has its head already
    int64_t saved_step; // of the last save
    double saved_s;     // when that was
} rb_job;

// Opens data, network and loader, reads every picture once (which fills the cache and finds the bad ones), and makes
// the run folder last: bad input leaves none behind. `from`: the run that goes on, its folder is there; NULL: a new
// one. s->compute becomes what computes (rb_compute_resolve). The loader's threads read `out` until `a` ends: it lives
// in `a`.
bool rb_job_open(rb_arena *a, rb_settings *s, const rb_resume *from, rb_job *out, rb_error *err) RB_CHECKED;

// Up to which block the `thaw`-th thaw of the backbone goes, from 0: one further than the one before, or all the way.
int rb_job_thaw_block(const rb_job *job, int thaw);

// A picture was bad after the first look: says so, on stderr and in the log, the first time.
bool rb_job_bad_image(rb_job *job, int sample, const char *reason, rb_error *err) RB_CHECKED;

// Scores one part as the network is now. Errors: as rb_score_part; IO (log)
bool rb_job_score(rb_arena *a, rb_job *job, rb_part part, rb_part_scores *out, rb_error *err) RB_CHECKED;

typedef struct rb_validation {
    rb_calibration calibration;
    rb_figures figures; // of what it says, at the threshold that was chosen on it
    double loss;        // of the logits as they are
    rb_score_record scores;
} rb_validation;

// Validates the network, or its average, as it is now: fits the calibration, then chooses the threshold.
//
// Owner:  lives in `a`
// Errors: as rb_job_score; DATA (a class without a picture that can be read)
bool rb_job_validate(rb_arena *a, rb_job *job, rb_validation *out, rb_error *err) RB_CHECKED;

// Runs the epochs that are left. Errors: STOPPED, once what a resume needs is saved
bool rb_job_fit(rb_job *job, rb_error *err) RB_CHECKED;

// Where the settings want them at the end of this epoch: of every trained tensor its values, and its gradient of the
// last step.
bool rb_job_log_histograms(const rb_job *job, rb_error *err) RB_CHECKED;

// Writes "<folder>/<name>": the weights, threshold and metrics of the last validation; with `training` what a resume
// needs.
bool rb_job_save(rb_job *job, const char *name, bool training, rb_error *err) RB_CHECKED;

// "stopped by <why> after step N; ..." with the command that goes on. Returns false.
bool rb_job_stopped(const rb_job *job, const char *why, rb_error *err);

// Judges train, val and test with the best checkpoint; writes *.proba and metrics.json.
bool rb_job_judge(rb_job *job, rb_trained *out, rb_error *err) RB_CHECKED;

#endif
