// SPDX-License-Identifier: Apache-2.0
// judges.h - one trained network or several, each picture seen in one way or several: the mean of what they say;
// private to the commands.
//
// Pictures come through a window of constant size. Networks with the same preprocessing see the same decoded picture;
// others read it again, with a loader of their own.
#ifndef RB_CLI_PART_JUDGES_H
#define RB_CLI_PART_JUDGES_H

#include "cli/part/deployed.h"
#include "metric/shift.h"

typedef struct rb_judges {
    const rb_deployed *of; // [count]
    int count, columns;    // networks; probabilities of a picture
    const struct rb_views *views;
    rb_dataset *window;  // the caller puts pictures in its samples
    int room;            // for as many
    rb_scorer *scorer;   // [count]
    int *eye;            // [count] the first network with the same preprocessing, whose loader is read
    int *order;          // [room] 0, 1, ...
    double *sum;         // [room columns] of probabilities
    double *bare_sum;    // the same of the logits as they are; NULL: not asked for
    rb_calibration none; // makes them
    float *mean;         // [columns] of one picture
    float *bare_mean;
    const char **reason; // [room]
    uint8_t *turned;     // [a batch] as another view
    rb_arena *turning;   // of one picture
    rb_sketch *plain;    // what the first network says of pictures as they are: what validation's scores were
} rb_judges;

// Errors: as rb_deployed_scorer
bool rb_judges_open(rb_arena *a, const rb_deployed *d, int count, rb_judges *out, rb_error *err) RB_CHECKED;

// What was found about one picture. Where it cannot be read, for the reason, there are no probabilities.
typedef struct rb_finding {
    const rb_sample *sample;
    const float *p;     // [columns], to decide by
    const float *shown; // the same, or with the key raw those of the logits as they are
    const char *reason;
} rb_finding;

// Calls each(context, picture) for the first `count` samples of the window, in order, and goes on while it is true.
// `scratch` is for the window.
//
// Errors: as rb_scorer_run
bool rb_judges_run(rb_arena *scratch, rb_judges *j, int count,
                   bool (*each)(void *context, const rb_finding *f, rb_error *err), void *context,
                   rb_error *err) RB_CHECKED;

#endif
