// SPDX-License-Identifier: Apache-2.0
// schedule.h - learning-rate schedules: pure functions of the step, one file each.
#ifndef RB_SCHEDULE_SCHEDULE_H
#define RB_SCHEDULE_SCHEDULE_H

#include "config/config.h"

typedef struct rb_progress {
    int64_t step;  // of the update that is about to be made, from 0
    int64_t total; // updates of the whole run
    int64_t steps_per_epoch;
    double lr; // the base rate: key `lr`
} rb_progress;

typedef struct rb_rate {
    double lr;
    double momentum; // NAN: the schedule leaves it to the optimiser
} rb_rate;

typedef struct rb_schedule {
    const char *name;
    const char *help;
    size_t cfg_bytes;
    const rb_field *fields; // keys <name>_<field>
    rb_rate (*rate)(const void *cfg, rb_progress at);
} rb_schedule;
extern const rb_schedule *const rb_schedules[]; // NULL-ended

const rb_schedule *rb_schedule_find(const char *name, rb_error *err); // NULL: USAGE, naming the nearest

#endif
