// SPDX-License-Identifier: Apache-2.0
// cache.h - resized pictures kept in memory, first come first kept, never dropped; private to the data module.
//
// One range of addresses is reserved for all of them; the system gives it memory as pictures come in.
//
// Threads: any number at once
#ifndef RB_DATA_CACHE_H
#define RB_DATA_CACHE_H

#include "base/arena.h"

typedef struct rb_cache rb_cache;

// Room for as many of `samples` pictures of `bytes` bytes as fit into `budget`. Ends with `a`.
// Errors: INTERNAL (not even the addresses can be had)
bool rb_cache_open(rb_arena *a, int samples, ptrdiff_t bytes, int64_t budget, rb_cache **out, rb_error *err) RB_CHECKED;

// The picture of a sample, for as long as the cache lives; NULL if it is not there.
const uint8_t *rb_cache_find(rb_cache *c, int sample);

// Keeps a copy if there is room and nobody has kept it yet.
void rb_cache_keep(rb_cache *c, int sample, const uint8_t *pixels);

int rb_cache_count(rb_cache *c); // pictures kept

#endif
