// SPDX-License-Identifier: Apache-2.0
// deployed.h - a trained network ready to judge pictures: what eval, infer and eda begin with; private to the commands.
#ifndef RB_CLI_PART_DEPLOYED_H
#define RB_CLI_PART_DEPLOYED_H

#include "train/score.h"

typedef struct rb_deployed {
    rb_settings *settings; // the checkpoint's, with the flags and files of the call over them
    rb_words operands;
    const char *path; // of the checkpoint
    rb_checkpoint checkpoint;
    rb_network network;
    rb_threshold_keys rule;     // by which training chose the checkpoint's threshold, whatever the call's keys say
    double threshold;           // of eval and infer
    bool threshold_given;       // by the call
    const char *threshold_from; // where it is from, for people
} rb_deployed;

// Reads the words of a call, opens the checkpoint they name (or best.safetensors of the run folder they name) and its
// network.
//
// Owner:  everything lives in `a`
// Errors: USAGE (no checkpoint_path), IO, WEIGHTS (no checkpoint of ours, another model than the keys say)
bool rb_deployed_open(rb_arena *a, rb_purpose purpose, int argc, char **argv, rb_deployed *out,
                      rb_error *err) RB_CHECKED;

// All checkpoints that checkpoint_path names, with commas between; a path with a comma in it that is there is one. They
// have the same classes; keys of the call hold for each of them, and its batches are the first one's. The threshold is
// the one given, or the mean of their own; the first has it.
//
// Owner:  everything lives in `a`
// Errors: as rb_deployed_open; WEIGHTS (other classes)
bool rb_deployed_open_all(rb_arena *a, rb_purpose purpose, int argc, char **argv, rb_deployed **out, int *count,
                          rb_error *err) RB_CHECKED;

// The same for the checkpoint that `eval --against` names beside the first: another network perhaps, at a threshold of
// its own; threads, batches and what becomes of bad pictures are the first one's.
bool rb_deployed_open_other(rb_arena *a, const rb_deployed *first, rb_deployed *out, rb_error *err) RB_CHECKED;

// There will be so many pictures (0: not known): batches of more would have rows that nobody fills, and compute them.
void rb_deployed_expect(rb_deployed *d, int count, int pictures);

// A loader of `data` as the checkpoint wants its pictures, and a scorer on it. `data` lives in `a`: threads read it.
bool rb_deployed_scorer(rb_arena *a, const rb_deployed *d, const rb_dataset *data, rb_scorer *out,
                        rb_error *err) RB_CHECKED;

#endif
