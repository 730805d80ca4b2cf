// SPDX-License-Identifier: Apache-2.0
// track.h - tells others of a run: TensorBoard, MLflow, Comet.
//
// Trackers are readers of the run's log.jsonl, each on a thread of its own. The run writes its log and knows nothing of
// them: no call of theirs is on its way, and none can slow, stop or change it. The log is their queue, too: on disk, as
// long as the run, and what could not be sent yet is behind a mark in "<run>/track/<name>.json".
#ifndef RB_TRACK_TRACK_H
#define RB_TRACK_TRACK_H

#include "base/json.h"
#include "config/config.h"

typedef struct rb_track_settings {
    const rb_tree *names; // of trackers: a list, or words with commas; NULL: none
    double exit_s;        // how long the end of a run may wait for them
    int histograms;       // every so many epochs the log gets those of weights and gradients; 0: never
} rb_track_settings;
extern const rb_field rb_track_fields[];

// Of n values, as members of a record of the log: n, min, max, sum, squares, and for the finite ones edges (the right
// ends of buckets) and counts.
void rb_histogram_to_json(rb_arena *scratch, rb_json *j, const double *x, ptrdiff_t n);

typedef struct rb_tracker rb_tracker;
extern const rb_tracker *const rb_trackers[]; // NULL-ended

// The keys of rb_trackers[i], <name>_<field>, and its parameters at `cfg`.
rb_section rb_tracker_section(rb_arena *a, int i, bool used, void **cfg);

// Which trackers the settings name. `cfg` holds the parameters in the order of rb_trackers.
//
// Owner:  the list lives in `a`
// Errors: USAGE: there is none of that name (naming the nearest), it is named twice, or a parameter of it will not do
typedef struct rb_chosen_trackers {
    const int *at; // indices into rb_trackers
    int count;
} rb_chosen_trackers;
bool rb_track_chosen(rb_arena *a, const rb_track_settings *s, void *const *cfg, rb_chosen_trackers *out,
                     rb_error *err) RB_CHECKED;

// Follows the run in `folder` from here on: a thread for each chosen tracker, none where none is chosen. `cfg` holds
// the parameters in the order of rb_trackers. When `a` ends they may work for exit_s more; a failure is a warning.
void rb_track_run(rb_arena *a, const rb_track_settings *s, rb_chosen_trackers which, void *const *cfg,
                  const char *folder);

// Sends what one tracker could not send of the run in `folder`, now and here, with some patience.
//
// Errors: IO: not everything could be sent, and why
bool rb_track_send(int tracker, const void *cfg, const char *folder, rb_error *err) RB_CHECKED;

#endif
