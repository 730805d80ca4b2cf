// SPDX-License-Identifier: Apache-2.0
// curve.h - the course of the learning rate at a glance, before the first step.
#ifndef RB_TRAIN_CURVE_H
#define RB_TRAIN_CURVE_H

#include "schedule/schedule.h"

#define RB_CURVE_COLUMNS 40

typedef struct rb_curve {
    double first, highest, last;         // rates
    char line[RB_CURVE_COLUMNS * 3 + 1]; // a block a column, UTF-8, from 0 to the highest rate; fewer for fewer steps
} rb_curve;

// What the schedule has in mind for steps 0..whole.total, should validation never speak; whole.step is not read.
rb_curve rb_curve_of(const rb_schedule *s, const void *cfg, rb_progress whole);

// A line on stderr: the curve and three rates on a terminal, the rates alone elsewhere.
void rb_curve_show(const rb_schedule *s, const void *cfg, rb_progress whole);

#endif
