// SPDX-License-Identifier: Apache-2.0
// monitor.h - which figure of validation says that an epoch is better than another.
#ifndef RB_TRAIN_MONITOR_H
#define RB_TRAIN_MONITOR_H

#include "metric/figures.h"

typedef enum rb_monitor_mode { RB_MONITOR_AUTO, RB_MONITOR_MIN, RB_MONITOR_MAX } rb_monitor_mode;
extern const char *const rb_monitor_modes[]; // NULL-ended

typedef struct rb_monitor {
    const char *name;
    bool rises; // more is better
} rb_monitor;

// Errors: USAGE (nothing of that name is recorded with so many classes), naming the nearest
bool rb_monitor_find(const char *name, rb_monitor_mode mode, int num_classes, rb_monitor *out,
                     rb_error *err) RB_CHECKED;

// What the epoch costs: less is better, for every monitor. INFINITY where its figure is no number.
double rb_monitor_cost(const rb_monitor *m, const rb_logged *l);

// The figure that a cost was made of.
double rb_monitor_value(const rb_monitor *m, double cost);

#endif
