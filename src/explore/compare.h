// SPDX-License-Identifier: Apache-2.0
// compare.h - whether two small grey pictures show the same; private to the exploration.
#ifndef RB_EXPLORE_COMPARE_H
#define RB_EXPLORE_COMPARE_H

#include "explore/survey.h"

// How well b is a gain and an offset away from a.
typedef struct rb_agreement {
    double likeness; // correlation, -1..1; 0 where one of them is flat
    double worst;    // over patches: RMS of what is left, in shares of a's standard deviation
} rb_agreement;
rb_agreement rb_thumb_compare(const uint8_t a[RB_THUMB * RB_THUMB], const uint8_t b[RB_THUMB * RB_THUMB]);

double rb_thumb_spread(const uint8_t thumb[RB_THUMB * RB_THUMB]); // standard deviation, grey levels

#endif
