// SPDX-License-Identifier: Apache-2.0
// overlay.h - a heat map over a picture: colours where there is heat, the picture in grey where there is none.
#ifndef RB_REPORT_OVERLAY_H
#define RB_REPORT_OVERLAY_H

#include "image/image.h"

// Where a network found in a picture what it decided by: the whole picture in h x w cells, more is hotter, nothing is
// negative. `at` NULL: nobody can tell.
typedef struct rb_cam {
    const float *at;
    int h, w;
} rb_cam;

// The colours from no heat to the most, evenly apart; brighter is hotter, so that grey printers and those who cannot
// tell colours apart see the same order.
#define RB_HEAT_COLOURS 4
extern const uint8_t rb_heat_colours[RB_HEAT_COLOURS][3];

// The picture under its map, which is stretched to it bilinearly and measured by its own maximum; of the picture's
// size. A map of zeros leaves the picture grey.
//
// Owner: the pixels live in `a`; `picture` is [h w 3]
rb_image rb_overlay(rb_arena *a, const rb_image *picture, rb_cam cam);

#endif
