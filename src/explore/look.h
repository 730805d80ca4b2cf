// SPDX-License-Identifier: Apache-2.0
// look.h - one picture; private to the exploration.
#ifndef RB_EXPLORE_LOOK_H
#define RB_EXPLORE_LOOK_H

#include "explore/survey.h"

// Fills `facts` (but for `reason`), thumb [RB_THUMB RB_THUMB] and feature [RB_FEATURES].
//
// Errors: IO or DATA, with the path
bool rb_look(rb_arena *scratch, const char *path, rb_facts *facts, uint8_t *thumb, float *feature,
             rb_error *err) RB_CHECKED;

// Variance of the discrete Laplacian [0 1 0; 1 -4 1; 0 1 0] of a grey picture, mirrored at its borders without
// repeating them. Source: OpenCV 4.6, Laplacian(ksize = 1), BORDER_REFLECT_101
double rb_sharpness(const rb_image *grey);

#endif
