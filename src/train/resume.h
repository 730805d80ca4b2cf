// SPDX-License-Identifier: Apache-2.0
// resume.h - a run that goes on where its last.safetensors stands.
#ifndef RB_TRAIN_RESUME_H
#define RB_TRAIN_RESUME_H

#include "train/run.h"
#include "train/settings.h"
#include "train/state.h"
#include "weights/checkpoint.h"

typedef struct rb_resume {
    const char *folder; // of the run; NULL: nothing goes on
    rb_run run;         // its folder, locked
    rb_checkpoint checkpoint;
    rb_state state;
    rb_arena *tensors; // where those of the checkpoint live; rb_resume_forget closes it
} rb_resume;

// Whether `path` names a run: its folder, or a file in it with training state. A last.safetensors that is damaged gives
// way to the one before it, with a warning. Anything else is left to whoever reads weights.
//
// Owner:  texts live in `a`
// Errors: WEIGHTS, IO (the folder of a run, and neither file can be used); USAGE (no run's folder; another process
// holds it)
bool rb_resume_find(rb_arena *a, const char *path, rb_resume *out, rb_error *err) RB_CHECKED;

// Compares the settings that the run has on record with those it is to go on with, and tells each difference.
//
// Errors: USAGE, naming a key that cannot change, with both values
bool rb_resume_agree(rb_arena *scratch, const rb_settings *recorded, const rb_settings *now, rb_error *err) RB_CHECKED;

void rb_resume_forget(rb_resume *r);

#endif
