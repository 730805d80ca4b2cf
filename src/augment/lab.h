// SPDX-License-Identifier: Apache-2.0
// lab.h - colour pictures as 8-bit CIE Lab planes and back.
//
// Source: OpenCV 4.6, color_lab.cpp, 8-bit RGB2Lab (its integer arithmetic) and Lab2RGB (in float, within 1 level)
#ifndef RB_AUGMENT_LAB_H
#define RB_AUGMENT_LAB_H

#include "image/image.h"

#define RB_LAB_LINEAR 2040              // 255 * 8: linear light as whole numbers
#define RB_LAB_ROOTS  (256 * 3 / 2 * 8) // room for sums of rounded weights a little over 1
#define RB_LAB_BITS   15                // of a root
#define RB_LAB_STEPS  16384             // of linear light on the way back

extern const uint16_t rb_lab_light[256];         // of an sRGB level, 0..RB_LAB_LINEAR
extern const uint16_t rb_lab_root[RB_LAB_ROOTS]; // f(i / RB_LAB_LINEAR): the cube root, or a line near 0
extern const uint16_t rb_lab_begin[256];         // the first of RB_LAB_STEPS that is an sRGB level

typedef struct rb_lab {
    uint8_t *l, *a, *b; // [h w] each: L * 255/100, a + 128, b + 128
} rb_lab;

// Owner: the planes live in `arena`
rb_lab rb_lab_from(rb_arena *arena, const rb_image *rgb);
void rb_lab_to(rb_arena *scratch, const rb_lab *lab, rb_image *rgb);

#endif
