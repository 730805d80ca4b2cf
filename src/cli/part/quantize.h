// SPDX-License-Identifier: Apache-2.0
// quantize.h - `weights quantize`: a checkpoint that also computes in int8, and what that costs; private to weights.c.
#ifndef RB_CLI_PART_QUANTIZE_H
#define RB_CLI_PART_QUANTIZE_H

#include "config/config.h"

typedef struct rb_quantize_settings {
    const char *output;              // NULL: beside the checkpoint, best.int8.safetensors
    const char *root_dir, *manifest; // NULL: those of the run
    int pictures;                    // of training that ranges are taken from
    int threads;                     // 0: all cores
} rb_quantize_settings;

// `from`: a checkpoint, or the folder of a run, whose best.safetensors is taken. Prints what validation says of both.
//
// Errors: USAGE, IO, WEIGHTS, DATA; DEVICE (this CPU has no instructions for int8)
bool rb_quantize(rb_arena *a, const rb_quantize_settings *q, const char *from, rb_error *err) RB_CHECKED;

#endif
