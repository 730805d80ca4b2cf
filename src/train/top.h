// SPDX-License-Identifier: Apache-2.0
// top.h - the checkpoints of the best epochs, beside best.safetensors: "epoch-0007-val_hter-0.1234.safetensors".
//
// A list of them is part of a run's state. A file that falls out of it goes when the state without it is on disk, and
// one that a killed run had made since goes when the run is taken up: at any time the files of the list are there.
#ifndef RB_TRAIN_TOP_H
#define RB_TRAIN_TOP_H

#include "train/monitor.h"
#include "train/run.h"

#define RB_TOP_LIMIT 100

typedef struct rb_top_epoch {
    int epoch; // from 0
    double cost;
} rb_top_epoch;

typedef struct rb_top {
    rb_top_epoch at[RB_TOP_LIMIT]; // best first
    int count;
} rb_top;

#define RB_TOP_NONE ((rb_top_epoch){-1, 0})

// Enters an epoch if it is among the best `most`, and its cost a number; of equals the earlier ones are. Returns
// whether, and in `out_of` which one falls out, or RB_TOP_NONE.
bool rb_top_enter(rb_top *t, int most, rb_top_epoch e, rb_top_epoch *out_of);

const char *rb_top_name(rb_arena *a, const rb_monitor *m, rb_top_epoch e); // of its file

// Removes the file of an epoch that has fallen out; all that the list does not have. Errors: IO
bool rb_top_remove(const rb_run *r, const rb_monitor *m, rb_top_epoch e, rb_error *err) RB_CHECKED;
bool rb_top_clean(const rb_run *r, const rb_monitor *m, const rb_top *t, rb_error *err) RB_CHECKED;

#endif
