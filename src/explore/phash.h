// SPDX-License-Identifier: Apache-2.0
// phash.h - a perceptual hash of 64 bits, of a picture and of the seven other ways to see it.
//
// The 8x8 lowest coefficients of the 2-D DCT-II of a 32x32 grey picture; a bit is set where a coefficient is over the
// median of the 63 that are not the mean. Mirroring changes the sign of every second column or row of coefficients and
// transposing swaps them, so that the eight hashes cost one transform.
//
// Source: Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010; the bits of the imagehash
//         package's phash(), which takes the median of all 64: the same bits where the mean is the largest
#ifndef RB_EXPLORE_PHASH_H
#define RB_EXPLORE_PHASH_H

#include "explore/survey.h"

// A view turns a picture as its bits say: transpose first (4), then mirror left and right (1), then up and down (2).
enum { RB_VIEW_MIRROR = 1, RB_VIEW_FLIP = 2, RB_VIEW_TRANSPOSE = 4 };
extern const char *const rb_view_names[RB_VIEWS];

// Bit 8 u + v, from the lowest, is that of row u and column v of the coefficients.
void rb_phash(const uint8_t thumb[RB_THUMB * RB_THUMB], uint64_t out[RB_VIEWS]);

// A thumb as the view shows it.
void rb_view_turn(const uint8_t in[RB_THUMB * RB_THUMB], int view, uint8_t out[RB_THUMB * RB_THUMB]);

#endif
