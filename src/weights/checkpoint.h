// SPDX-License-Identifier: Apache-2.0
// checkpoint.h - one safetensors file that holds a network and everything prediction needs; for a resume, also the
// state of its training.
//
// Beside the tensors stands one metadata string `rarebit`, JSON with fixed fields. No clock, host or path is in it, so
// that the same run gives the same file. Training state: tensors optim.m.* and optim.v.*, and the object `state`.
#ifndef RB_WEIGHTS_CHECKPOINT_H
#define RB_WEIGHTS_CHECKPOINT_H

#include "graph/graph.h"
#include "weights/weights.h"

// How pixels become the network's input: (p / 255 - mean) / std, by channel, after a resize to image_size squared.
typedef struct rb_preprocessing {
    int image_size, channels;
    const char *interpolation;
    double mean[4], std[4];
} rb_preprocessing;

typedef struct rb_checkpoint {
    const char *model;  // timm's name of the architecture
    const char *config; // the keys that made it, as YAML; none that name a place
    rb_preprocessing preprocessing;
    const char *const *classes; // names by label
    int class_count;
    double threshold;          // score >= threshold is label 1; NAN: none was chosen
    const char *calibration;   // JSON object: how logits become scores (calibrate.h); NULL: as they are
    const char *metrics;       // JSON object of validation; NULL: none
    const char *scores;        // JSON object, what validation's scores were (metric/shift.h); NULL: not known
    uint64_t data_fingerprint; // rb_dataset_fingerprint of what it was trained on
    const char *state;         // JSON object that belongs to the trainer; NULL: weights only
    rb_tensors tensors;
} rb_checkpoint;

// Errors: IO; the file is complete or what it was before
bool rb_checkpoint_write(rb_arena *scratch, const char *path, const rb_checkpoint *c, rb_error *err) RB_CHECKED;

// Reads a checkpoint of ours and checks its content hash.
//
// Owner:  everything lives in `a`
// Errors: IO; WEIGHTS with the path (not safetensors, not of Rarebit, damaged, of a newer format)
bool rb_checkpoint_open(rb_arena *a, const char *path, rb_checkpoint *out, rb_error *err) RB_CHECKED;

// Reads the metadata string `rarebit` alone: every field of `out` but its tensors.
//
// Owner:  everything lives in `a`
// Errors: WEIGHTS (no JSON, a field that is missing or makes no sense, a newer format)
bool rb_checkpoint_describe(rb_arena *a, const char *text, rb_checkpoint *out, rb_error *err) RB_CHECKED;

// The file's tensor for each parameter of the graph, by id; names may carry `prefix` ("" for weights, "optim.m.").
// `trained_only` leaves buffers out (NULL).
//
// Errors: WEIGHTS, naming the first tensor that is missing or has another shape
bool rb_tensors_match(rb_arena *a, const rb_tensors *t, const rb_graph *g, const char *prefix, bool trained_only,
                      const rb_tensor ***out, rb_error *err) RB_CHECKED;

#endif
