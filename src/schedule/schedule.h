// SPDX-License-Identifier: Apache-2.0
// schedule.h - learning-rate schedules: pure functions of the step and of what validation has said, one file each.
#ifndef RB_SCHEDULE_SCHEDULE_H
#define RB_SCHEDULE_SCHEDULE_H

#include "config/config.h"

// What a schedule that listens remembers from epoch to epoch: plain numbers, so that a checkpoint can carry them.
typedef struct rb_memory {
    double lr;    // in force; NAN: the base rate still
    double best;  // metric so far; NAN: none yet
    int bad;      // epochs in a row that were not better
    int cooldown; // epochs left in which none counts as bad
} rb_memory;
#define RB_MEMORY_FRESH ((rb_memory){.lr = NAN, .best = NAN})

typedef struct rb_progress {
    int64_t step;  // of the update that is about to be made, from 0
    int64_t total; // updates of the whole run
    int64_t steps_per_epoch;
    double lr;               // the base rate: key `lr`
    const rb_memory *memory; // of a schedule that observes; others do not look
} rb_progress;

typedef struct rb_rate {
    double lr;
    double momentum; // NAN: the schedule leaves it to the optimiser
} rb_rate;

typedef struct rb_schedule {
    const char *name;
    const char *prefix; // of its keys, <prefix>_<field>; NULL: the name
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields;
    rb_rate (*rate)(const void *cfg, rb_progress at);
    // For a schedule that listens, else both NULL: which metric of validation it wants ("hter", "loss", "roc_auc"),
    // and what it makes of the value after each epoch. `lr` is the base rate.
    const char *(*monitor)(const void *cfg);
    void (*observe)(const void *cfg, double lr, double metric, rb_memory *memory);
} rb_schedule;
extern const rb_schedule *const rb_schedules[]; // NULL-ended

const rb_schedule *rb_schedule_find(const char *name, rb_error *err); // NULL: USAGE, naming the nearest

#endif
