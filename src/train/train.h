// SPDX-License-Identifier: Apache-2.0
// train.h - one training run from data to judged checkpoint.
#ifndef RB_TRAIN_TRAIN_H
#define RB_TRAIN_TRAIN_H

#include "metric/metric.h"
#include "train/resume.h"
#include "train/settings.h"

typedef struct rb_trained {
    const char *folder;      // of the run
    int best_epoch;          // from 0
    bool stopped_early;      // before num_epochs were done
    rb_summary of[RB_PARTS]; // at the validation's threshold; n = 0: no such part
} rb_trained;

// data -> split -> epochs of draws, steps and validation -> best checkpoint -> evaluation of train, val and test.
// The threshold is chosen on validation alone, by threshold_rule; the best epoch is that of the least HTER at it.
// Progress goes to stderr. s->compute becomes what computes.
//
// `from` is the run that goes on, NULL or without a folder: a new one; its tensors are forgotten here. Signals that ask
// the process to stop are watched from here on.
//
// Owner:  texts of `out` live in `a`
// Errors: all kinds; what the run folder holds stays good
// Source: the loop of PyTorch Lightning's Trainer.fit, step order of torch: update, then schedule
bool rb_train(rb_arena *a, rb_settings *s, rb_resume *from, rb_trained *out, rb_error *err) RB_CHECKED;

#endif
