// SPDX-License-Identifier: Apache-2.0
// synth_shape.c - draws shapes by their signed distance: below zero inside, coverage falls across the edge.
#include "data/synth_shape.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct point {
    double x, y;
} point;

// First order at the edge, which is all that coverage asks for.
static double oval_distance(point p, double rx, double ry)
{
    double k = hypot(p.x / rx, p.y / ry), slope = hypot(p.x / (rx * rx), p.y / (ry * ry));
    return k * (k - 1) / (slope + 1e-9);
}

static double box_distance(point p, double rx, double ry, double corner)
{
    double x = fabs(p.x) - rx + corner, y = fabs(p.y) - ry + corner;
    return hypot(fmax(x, 0), fmax(y, 0)) + fmin(fmax(x, y), 0) - corner;
}

static double arc_distance(point p, double radius, double reach)
{
    double x = fabs(p.x), end_x = sin(reach), end_y = cos(reach);
    bool beyond = end_y * x > end_x * p.y;
    return beyond ? hypot(x - radius * end_x, p.y - radius * end_y) : fabs(hypot(x, p.y) - radius);
}

static double distance_to(const rb_shape *s, point p)
{
    switch (s->kind) {
    case RB_OVAL:
        return oval_distance(p, s->rx, s->ry);
    case RB_BOX:
        return box_distance(p, s->rx, s->ry, s->corner);
    case RB_ARC:
        return arc_distance(p, s->rx, s->ry);
    }
    return 1;
}

static double coverage(const rb_shape *s, double distance, double edge)
{
    if (s->stroke > 0) distance = (s->kind == RB_ARC ? distance : fabs(distance)) - s->stroke;
    double t = fmin(fmax(0.5 - distance / edge, 0), 1);
    return t * t * (3 - 2 * t);
}

static point turned(double x, double y, double angle)
{
    double c = cos(angle), s = sin(angle);
    return (point){c * x - s * y, s * x + c * y};
}

// From the frame's units to those of the canvas.
static rb_shape placed(rb_frame f, rb_shape s)
{
    point at = turned(s.x, s.y, f.angle);
    s.x = f.x + at.x * f.scale;
    s.y = f.y + at.y * f.scale;
    s.angle += f.angle;
    s.rx *= f.scale;
    s.ry *= s.kind == RB_ARC ? 1 : f.scale;
    s.corner *= f.scale;
    s.stroke *= f.scale;
    s.soft *= f.scale;
    return s;
}

static void blend(float *pixel, rb_colour c, double light, double amount)
{
    const float to[3] = {c.r, c.g, c.b};
    for (int k = 0; k < 3; k++) pixel[k] += (float)amount * ((float)light * to[k] - pixel[k]);
}

void rb_shape_draw(const rb_canvas *c, rb_frame within, rb_shape shape)
{
    const rb_shape s = placed(within, shape);
    const double edge = 1.0 / c->size + c->blur + s.soft;
    const double reach = (s.kind == RB_ARC ? s.rx : hypot(s.rx, s.ry)) + s.stroke + edge;
    const int top = (int)fmax(0, (s.y - reach) * c->size), bottom = (int)fmin(c->size, (s.y + reach) * c->size + 1);
    const int left = (int)fmax(0, (s.x - reach) * c->size), right = (int)fmin(c->size, (s.x + reach) * c->size + 1);
    const double across = cos(s.angle), down = sin(s.angle);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            double dx = (x + 0.5) / c->size - s.x, dy = (y + 0.5) / c->size - s.y;
            point p = {across * dx + down * dy, across * dy - down * dx};
            double amount = (1 - s.clear) * coverage(&s, distance_to(&s, p), edge);
            double light = 1 + s.relief * (dx * c->light_x + dy * c->light_y) / reach;
            if (amount > 0) blend(c->rgb + ((ptrdiff_t)y * c->size + x) * 3, s.colour, light, amount);
        }
}
