// SPDX-License-Identifier: Apache-2.0
// synth_shape.h - anti-aliased shapes on a square canvas; private to the synthetic pictures.
//
// Units:  the canvas is 1 wide and 1 high, y points down; angles in radians, clockwise
// Source: coverage from signed distances; the distances after Inigo Quilez, "2D distance functions"
#ifndef RB_DATA_SYNTH_SHAPE_H
#define RB_DATA_SYNTH_SHAPE_H

typedef struct rb_colour {
    float r, g, b; // sRGB, 0..1
} rb_colour;

typedef struct rb_canvas {
    float *rgb; // [size size 3]
    int size;
    double blur;             // added to the width of every edge
    double light_x, light_y; // unit vector towards the light
} rb_canvas;

// Coordinates of their own for what belongs together: `scale` is the length of their unit on the canvas.
typedef struct rb_frame {
    double x, y, scale, angle;
} rb_frame;

typedef enum rb_shape_kind {
    RB_OVAL, // half axes rx, ry
    RB_BOX,  // half sides rx, ry, rounded by `corner`
    RB_ARC,  // radius rx, open upwards, reaching ry radians to either side of its lowest point; needs `stroke`
} rb_shape_kind;

// Zero is the plain choice everywhere: filled, upright, opaque, flat, sharp.
typedef struct rb_shape {
    rb_shape_kind kind;
    rb_colour colour;
    double x, y, angle, rx, ry;
    double corner;
    double stroke; // half the width of the outline
    double clear;  // 1 is invisible
    double relief; // how much brighter the side towards the light is
    double soft;   // width of the edge
} rb_shape;

void rb_shape_draw(const rb_canvas *c, rb_frame within, rb_shape s);

#endif
