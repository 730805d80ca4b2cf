// SPDX-License-Identifier: Apache-2.0
// rng.h - random numbers as a pure function of where they are used.
//
// Philox4x32-10 with key (seed, stream) and counter (element, draw, epoch, op): no global generator, no
// state to save, nothing that depends on threads or timing.
//
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11; Random123 1.14 as oracle
#ifndef RB_BASE_RNG_H
#define RB_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

// Who draws. Numbers are part of the reproducibility contract: append, never renumber.
typedef enum rb_stream {
    RB_STREAM_INIT = 1,      // initial weights: draw = parameter index
    RB_STREAM_SPLIT = 2,     // the split of a data set
    RB_STREAM_SAMPLE = 3,    // which picture the sampler draws
    RB_STREAM_AUGMENT = 4,   // augmentation parameters
    RB_STREAM_DROPOUT = 5,   // dropout masks
    RB_STREAM_SYNTH = 6,     // synthetic pictures
    RB_STREAM_BOOTSTRAP = 7, // resamples of judged pictures: draw = number of the resample
    RB_STREAM_MIX = 8,       // how a batch is mixed: draw = that of its first picture
    RB_STREAM_EXPLORE = 9,   // which pictures stand for all in an exploration
} rb_stream;

// One Philox block: four independent 32-bit words.
void rb_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

// A sequence that begins at element 0 of (seed, stream, draw, epoch, op).
typedef struct rb_rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int used;
} rb_rng;

rb_rng rb_rng_at(uint32_t seed, rb_stream stream, uint32_t draw, uint32_t epoch, uint32_t op);

uint32_t rb_rng_u32(rb_rng *r);
void rb_rng_fill(rb_rng *r, uint32_t *out, ptrdiff_t count); // the same as so many calls of rb_rng_u32
double rb_rng_unit(rb_rng *r);                               // uniform in [0, 1), 32 bits
double rb_rng_between(rb_rng *r, double from, double to);    // uniform in [from, to)
int rb_rng_below(rb_rng *r, int limit);                      // 0 <= result < limit, exactly uniform
double rb_rng_normal(rb_rng *r);                             // N(0, 1), Box-Muller, two words a number

#endif
