// SPDX-License-Identifier: Apache-2.0
// scale.h - from values to pixels, and where the ticks are; private to the report module.
#ifndef RB_REPORT_SCALE_H
#define RB_REPORT_SCALE_H

#include "report/figure.h"

#define RB_TICKS 24 // at most

typedef struct rb_scale {
    rb_scale_kind kind;
    bool percent, whole;
    double low, high;     // of the values
    double begin, length; // pixels, length < 0 for y
} rb_scale;

// The span of the values lies within the scale; of none, 0..1.
typedef struct rb_span {
    double low, high;
} rb_span;
#define RB_SPAN_EMPTY ((rb_span){INFINITY, -INFINITY})
void rb_span_take(rb_span *s, double value);

rb_scale rb_scale_of(const rb_axis *axis, rb_span data, double begin, double length);
bool rb_scale_has(const rb_scale *s, double value); // finite, and on a log or probit scale at all
double rb_scale_at(const rb_scale *s, double value);

// Ticks within the scale, ascending, and the words at them. Returns how many.
typedef struct rb_tick {
    double value;
    char text[RB_NUMBER_TEXT];
} rb_tick;
int rb_scale_ticks(const rb_scale *s, rb_tick out[RB_TICKS]);

// The standard normal quantile.
double rb_probit(double share);

#endif
