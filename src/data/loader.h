// SPDX-License-Identifier: Apache-2.0
// loader.h - threads that turn sample indices into batches of pixels, ahead of the consumer.
//
// A picture's way: decode -> orientation -> resize -> uint8 cache within its budget -> augmentation by class.
// Batches come out in order and with the same bytes whatever the number of threads.
#ifndef RB_DATA_LOADER_H
#define RB_DATA_LOADER_H

#include "augment/augment.h"
#include "data/data.h"

typedef struct rb_loader_spec {
    const rb_dataset *data; // outlives the loader
    int channels, image_size;
    rb_interpolation interpolation;
    int batch_size;
    int workers;         // threads, >= 1
    int64_t cache_bytes; // resized pictures kept, first come first kept; shared by all passes
    rb_on_bad_image on_bad_image;
} rb_loader_spec;

// One pass over a list of draws. What it points to stays valid until the pass is over or given up.
typedef struct rb_pass {
    const int *order; // sample index of each draw
    int count;
    int start; // first draw to deliver: a multiple of batch_size, for a resume inside an epoch
    uint32_t seed, epoch;
    const rb_pipeline *augmentation; // by label; NULL at evaluation
} rb_pass;

typedef struct rb_batch {
    int n;                     // rows used; rows n..batch_size-1 are zero
    uint32_t first_draw;       // of row 0, within the epoch
    const uint8_t *pixels;     // [batch_size h w c]
    const int *sample;         // [n] index into the data set
    const bool *bad;           // [n] true: could not be read and is zero (on_bad_image skip)
    const char *const *reason; // [n] why, without the path; NULL where it is good
} rb_batch;

typedef struct rb_loader rb_loader;

// Starts the threads. Ends with `a`, also in the middle of a pass.
// Errors:  INTERNAL (no memory for the cache, no threads)
// Threads: one consumer
bool rb_loader_open(rb_arena *a, const rb_loader_spec *spec, rb_loader **out, rb_error *err) RB_CHECKED;

// Begins a pass; one that has not come to its end is given up first.
void rb_loader_begin(rb_loader *l, const rb_pass *pass);

// The next batch, or NULL after the last one. It stays valid until the next call.
// Errors: DATA or IO with the picture's path (on_bad_image error); the first in order of the draws, again at every
//         further call until the next pass
bool rb_loader_next(rb_loader *l, const rb_batch **out, rb_error *err) RB_CHECKED;

#endif
