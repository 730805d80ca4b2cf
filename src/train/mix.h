// SPDX-License-Identifier: Apache-2.0
// mix.h - mixup and CutMix: each picture of a batch takes something of another, and as much of its label.
//
// As timm's Mixup in mode batch: row i meets row n-1-i, one draw holds for the whole batch, and a rectangle that the
// border cuts counts for what is left of it. Works on augmented bytes and rounds a blend to the nearest, half to even.
//
// Source: Zhang et al., "mixup", arXiv:1710.09412; Yun et al., "CutMix", arXiv:1905.04899; timm's data/mixup.py
#ifndef RB_TRAIN_MIX_H
#define RB_TRAIN_MIX_H

#include "config/config.h"

typedef struct rb_mix_settings {
    double mixup_alpha, cutmix_alpha; // 0: not this one
    double prob, switch_prob;
} rb_mix_settings;
extern const rb_field rb_mix_fields[];

// What is done to a batch.
typedef struct rb_mix {
    double own;                   // share that is left of a picture and of its label; 1: nothing is mixed
    bool cut;                     // a rectangle of the other, not a blend of both
    int top, bottom, left, right; // of it; bottom and right are outside
} rb_mix;

// A batch of pictures [n h w c]; `bad` ones have no pixels, and are mixed with nothing.
typedef struct rb_mixed_batch {
    int n, h, w, c;
    const uint8_t *pixels;
    const bool *bad; // [n]
} rb_mixed_batch;

bool rb_mix_wanted(const rb_mix_settings *s);

// The draw for the batch that begins with `draw`, a function of its arguments alone.
rb_mix rb_mix_draw(const rb_mix_settings *s, uint32_t seed, uint32_t epoch, uint32_t draw, int h, int w);

// CutMix with about 1 - own of the picture taken by a rectangle around (y, x).
rb_mix rb_mix_rectangle(double own, int y, int x, int h, int w);

// out [n h w c], other memory than the batch's.
void rb_mix_pixels(const rb_mix *m, const rb_mixed_batch *b, uint8_t *out);

// targets [n k], in place.
void rb_mix_targets(const rb_mix *m, const rb_mixed_batch *b, int k, float *targets);

#endif
