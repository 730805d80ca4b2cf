// SPDX-License-Identifier: Apache-2.0
// shards.h - one gradient of a batch, computed in fixed parts one after another.
//
// Batch normalisation takes its statistics from each part, gradients are summed in the order of the parts, and the loss
// is that of the whole batch. A batch of n rows has min(shards, n) parts: the first n mod shards of them have a row
// more. One part is the batch itself.
#ifndef RB_TRAIN_SHARDS_H
#define RB_TRAIN_SHARDS_H

#include "backend/backend.h"

#define RB_SHARD_PLANS 4 // sizes of parts: two of a whole batch, two of the last one of an epoch

typedef struct rb_shards {
    int shards;
    rb_plan *plan[RB_SHARD_PLANS]; // the largest first, each for another number of rows
    int count;
} rb_shards;

// More parts than pictures are a mistake. Errors: USAGE
bool rb_shards_check(int shards, int batch, rb_error *err) RB_CHECKED;

// Adds the plans for batches of `batch` rows, as `spec` says but for its number of rows. Begin with {.shards = n}.
bool rb_shards_open(rb_arena *a, rb_store *store, const rb_plan_spec *spec, int batch, rb_shards *s,
                    rb_error *err) RB_CHECKED;

// Forward and backward of all parts: the store then has the gradients of the batch. `feed` is that of the whole batch,
// and so is `loss`.
bool rb_shards_learn(const rb_shards *s, const rb_feed *feed, double *loss, rb_error *err) RB_CHECKED;

#endif
