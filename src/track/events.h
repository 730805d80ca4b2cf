// SPDX-License-Identifier: Apache-2.0
// events.h - TensorBoard's event files: records with check sums, and the events in them; private to the track module.
//
// Source: TFRecord as tensorboard's record_writer.py has it; event.proto, summary.proto, tensor.proto and the plugins'
//         plugin_data.proto of tensorboard (compat/proto, plugins/*)
#ifndef RB_TRACK_EVENTS_H
#define RB_TRACK_EVENTS_H

#include "track/protobuf.h"

#include <stdio.h>

uint32_t rb_crc32c(const void *data, ptrdiff_t size);        // Castagnoli's polynomial
uint32_t rb_crc32c_masked(const void *data, ptrdiff_t size); // as records hold it

typedef struct rb_events {
    FILE *file;
    const char *path;
} rb_events;

// Makes "<folder>/events.out.tfevents.<time>.rarebit.<process>.0" and hides what earlier files of the folder say.
// Closed with `a`. Errors: IO
bool rb_events_open(rb_arena *a, const char *folder, double time_s, rb_events *out, rb_error *err) RB_CHECKED;

// What an event shows at one step.
typedef struct rb_moment {
    double time_s;
    int64_t step;
} rb_moment;

// A histogram: bucket i holds count[i] values up to edge[i].
typedef struct rb_histogram {
    double min, max, number, sum, squares;
    const double *edge, *count;
    int buckets;
} rb_histogram;

// TP, FP, TN, FN, precision and recall at thresholds i / (n - 1), rows of n.
#define RB_PR_THRESHOLDS 127
#define RB_PR_ROWS       6

// Summaries gather values and go out as one event.
typedef struct rb_summary_event {
    rb_proto values;
} rb_summary_event;
rb_summary_event rb_summary_new(rb_arena *a);
void rb_summary_scalar(rb_summary_event *s, const char *tag, double value);
void rb_summary_text(rb_summary_event *s, const char *tag, const char *markdown);
void rb_summary_histogram(rb_summary_event *s, const char *tag, const rb_histogram *h);
void rb_summary_png(rb_summary_event *s, const char *tag, int h, int w, int c, rb_bytes png);
void rb_summary_pr_curve(rb_summary_event *s, const char *tag, const float *rows);
// Of the HPARAMS tab: `field` 3 begins a session, 4 ends it; see SessionStartInfo and SessionEndInfo.
void rb_summary_hparams(rb_summary_event *s, const char *tag, int field, const rb_proto *info);
bool rb_events_put(rb_arena *scratch, rb_events *e, rb_moment at, const rb_summary_event *s, rb_error *err) RB_CHECKED;

#endif
