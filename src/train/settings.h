// SPDX-License-Identifier: Apache-2.0
// settings.h - every key of train, eval, infer, bench, augment and eda in one struct, and which of them each command
// uses.
//
// One file may serve all these commands: keys that a command does not use are checked all the same.
#ifndef RB_TRAIN_SETTINGS_H
#define RB_TRAIN_SETTINGS_H

#include "augment/augment.h"
#include "backend/backend.h"
#include "config/config.h"
#include "data/data.h"
#include "loss/loss.h"
#include "metric/threshold.h"
#include "model/model.h"
#include "optim/optim.h"
#include "schedule/schedule.h"
#include "track/track.h"
#include "train/mix.h"
#include "train/monitor.h"

typedef struct rb_compute_settings {
    int device_index; // -1: the CPU
    const char *backend;
    int precision; // RB_FP32, RB_BF16 or RB_INT8
    int threads;   // 0: all cores
    int batch_size;
} rb_compute_settings;

typedef enum rb_on_nan { RB_NAN_STOP, RB_NAN_SKIP } rb_on_nan;

typedef struct rb_training_settings {
    const char *checkpoint_dir;
    int num_epochs;
    double lr, weight_decay;
    bool weight_decay_all;
    const char *scheduler, *optimizer;
    int shards;            // parts of a batch
    int recompute;         // rb_recompute
    double clip_grad_norm; // 0: no clipping
    double ema_decay;      // 0: no averages
    bool ema_warmup;
    const char *loss;
    double label_smoothing;
    int calibration; // rb_calibration_method
    int on_nan;      // rb_on_nan
    int seed;
    const char *pretrained; // "true", "false", or which weights to begin from; NULL: false
    int unfreeze_epoch;     // from 1; 0: never
    int unfreeze_every;     // epochs from block to block; 0: all at once
    double layer_decay;
    const char *monitor;
    int monitor_mode; // rb_monitor_mode
    int save_top_k;
    int early_stop_patience; // epochs; 0: never stop early
    double early_stop_min_delta;
    int checkpoint_every;                // steps; 0: by time and epoch alone
    double checkpoint_every_s, max_time; // seconds; 0: never
    bool heatmap;                        // in report.html
} rb_training_settings;

typedef struct rb_decision_settings {
    double val_threshold; // NAN: the checkpoint's
} rb_decision_settings;

typedef struct rb_output_settings {
    const char *input_dir;   // of infer and augment; NULL: files are named
    const char *output_file; // NULL: standard output
    int output_format;       // rb_output_format
    bool get_proba, raw;
    rb_range reject_band; // of the probability; empty: none
    int tta;              // rb_tta
    bool adapt_prior;
} rb_output_settings;

typedef enum rb_output_format { RB_OUTPUT_AUTO, RB_OUTPUT_TEXT, RB_OUTPUT_CSV, RB_OUTPUT_JSONL } rb_output_format;
typedef enum rb_tta { RB_TTA_NONE, RB_TTA_HFLIP, RB_TTA_FLIPS } rb_tta;

// What eval judges: a checkpoint on labelled data, or, where these name files, scores that are there already.
typedef struct rb_eval_settings {
    const char *labels, *proba; // one value a line; NULL: none
    const char *groups, *species;
    int part;                 // rb_part; RB_NO_PART: all pictures
    const char *against;      // scores or a checkpoint to compare with; NULL: none
    double against_threshold; // NAN: val_threshold, or that checkpoint's own
    int bootstrap;            // resamples; -1: rb_resamples_for
    bool pick_threshold;      // here, by threshold_rule, on what is judged
} rb_eval_settings;

typedef struct rb_message_settings {
    bool quiet;
    int log_format; // rb_log_format
} rb_message_settings;

typedef enum rb_purpose {
    RB_FOR_TRAIN = 1,
    RB_FOR_EVAL = 2,
    RB_FOR_INFER = 4,
    RB_FOR_BENCH = 8,
    RB_FOR_AUGMENT = 16,
    RB_FOR_TRACK = 32,
    RB_FOR_EDA = 64
} rb_purpose;

typedef struct rb_settings {
    const char *checkpoint_path; // NULL: none
    const char *json;            // where results go beside the table; "-": instead of it, to standard output
    rb_data_settings data;
    rb_model_settings model;
    rb_compute_settings compute;
    rb_training_settings training;
    rb_mix_settings mix;
    rb_bce bce; // plain: for who judges without training
    rb_decision_settings decision;
    rb_output_settings output;
    rb_threshold_keys threshold; // for who chooses one
    rb_eval_settings eval;
    rb_track_settings track;
    rb_message_settings messages;
    bool resolved;
    rb_augmentation augmentation; // what data.augment says, once resolved
    void **schedule_cfg;          // in the order of rb_schedules
    void **optim_cfg;             // in the order of rb_optims
    void **loss_cfg;              // in the order of rb_losses
    void **track_cfg;             // in the order of rb_trackers
    rb_config config;             // the sections around all of it
} rb_settings;

extern const char *const rb_precision_names[]; // by rb_precision, NULL-ended

// All keys at their defaults; those that `purpose` uses are its flags. Lives in `a`.
rb_settings *rb_settings_new(rb_arena *a, rb_purpose purpose);

// Has messages come as the settings want them, from here on: call it when flags are read.
void rb_settings_speak(const rb_settings *s);

// Reads what keys name, so that the settings say all: steps of augmentation come from their file into data.augment.
//
// Errors: those of rb_augmentation_read
bool rb_settings_resolve(rb_arena *a, rb_settings *s, rb_error *err) RB_CHECKED;

// The parameters of the chosen schedule. NULL after writing USAGE: there is no such schedule.
typedef struct rb_chosen_schedule {
    const rb_schedule *schedule;
    const void *cfg;
} rb_chosen_schedule;
rb_chosen_schedule rb_settings_schedule(const rb_settings *s, rb_error *err);

// The same for the optimiser.
typedef struct rb_chosen_optim {
    const rb_optim *optim;
    const void *cfg;
} rb_chosen_optim;
rb_chosen_optim rb_settings_optim(const rb_settings *s, rb_error *err);

// The same for the loss; its texts are read once, so that a mistake in them shows at once and not after the data are
// read.
typedef struct rb_chosen_loss {
    const rb_loss *loss;
    const void *settings; // for loss->prepare
} rb_chosen_loss;
rb_chosen_loss rb_settings_loss(const rb_settings *s, rb_error *err);

// What a network is applied to must be what it was trained on: the keys of model and pictures that shape it.
//
// Errors: WEIGHTS, naming the key, what was asked for and what the checkpoint has
bool rb_settings_agree(rb_arena *scratch, const rb_settings *asked, const rb_settings *trained,
                       rb_error *err) RB_CHECKED;

#endif
