// SPDX-License-Identifier: Apache-2.0
// run.h - the folder of one training run and its log.jsonl, the record that everything else reads.
//
// One JSON object a line: `type` (run, step, epoch, eval, event, end), `step`, `epoch`, metrics. An eval's step and
// epoch are those of the weights it judges; the end's are the last, beside best_step and best_epoch. Fields that begin
// with t_ hold clock values; two runs are the same when their logs are equal without them.
//
// Errors: IO, with path and cause
#ifndef RB_TRAIN_RUN_H
#define RB_TRAIN_RUN_H

#include "base/file.h"
#include "base/json.h"

#include <stdint.h>
#include <stdio.h>

typedef struct rb_run {
    rb_arena *arena;
    const char *folder;
    FILE *log;
    int64_t *lines; // of the log so far
    double start_s;
} rb_run;

// Makes "<checkpoint_dir>/<model>_<UTC time>" and begins its log. Closed with `a`. A lock on the log keeps other runs
// out of the folder.
bool rb_run_open(rb_arena *a, const char *checkpoint_dir, const char *model, rb_run *out, rb_error *err) RB_CHECKED;

// The folder of a run that is to go on, locked; nothing is changed yet.
bool rb_run_lock(rb_arena *a, const char *folder, rb_run *out, rb_error *err) RB_CHECKED;

// Cuts the log of a locked run to the lines that it had when its checkpoint was written (bytes would differ with the
// clock), and removes files that were being written when it ended.
bool rb_run_resume(const rb_run *r, int64_t log_lines, rb_error *err) RB_CHECKED;

// "<folder>/<name>", in `a`.
const char *rb_run_path(rb_arena *a, const rb_run *r, const char *name);

// An open JSON object {"type":..., "step":..., "epoch":..., "t_s":...}; epoch < 0 and step < 0 are left out.
rb_json *rb_run_record(rb_arena *scratch, const rb_run *r, const char *type, int64_t step, int epoch);

// Closes the object and appends it as one line.
bool rb_run_write(const rb_run *r, rb_json *record, rb_error *err) RB_CHECKED;

#endif
