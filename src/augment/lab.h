// SPDX-License-Identifier: Apache-2.0
// lab.h - colour pictures as 8-bit CIE Lab planes and back.
//
// Source: OpenCV 4.6, color_lab.cpp, 8-bit RGB2Lab (its integer arithmetic) and Lab2RGB (in float, within 1 level)
#ifndef RB_AUGMENT_LAB_H
#define RB_AUGMENT_LAB_H

#include "image/image.h"

typedef struct rb_lab {
    uint8_t *l, *a, *b; // [h w] each: L * 255/100, a + 128, b + 128
} rb_lab;

// Owner: the planes live in `arena`
rb_lab rb_lab_from(rb_arena *arena, const rb_image *rgb);
void rb_lab_to(rb_arena *scratch, const rb_lab *lab, rb_image *rgb);

#endif
