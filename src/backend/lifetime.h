// SPDX-License-Identifier: Apache-2.0
// lifetime.h - places in one block for buffers that live from one step to another: two may share bytes when no step
// needs both.
#ifndef RB_BACKEND_LIFETIME_H
#define RB_BACKEND_LIFETIME_H

#include "base/arena.h"

typedef struct rb_lifetime {
    ptrdiff_t bytes;
    int first, last; // steps, both included; first > last: no step needs it
    ptrdiff_t place; // in the block, a multiple of RB_ALIGNMENT: what is found
} rb_lifetime;

bool rb_lifetimes_meet(const rb_lifetime *a, const rb_lifetime *b);

// Finds a place for each and returns the size of the block.
ptrdiff_t rb_lifetimes_place(rb_arena *scratch, rb_lifetime *of, int count);

// The most that is alive at any step, each rounded up to RB_ALIGNMENT: no block can be smaller.
ptrdiff_t rb_lifetimes_bound(const rb_lifetime *of, int count);

#endif
