// SPDX-License-Identifier: Apache-2.0
// affine.c - scales, turns, shears and shifts a picture about its centre.
//
//     out place - centre - (tx W, ty H) = [1, tan(shx); tan(shy), 1] R(a) diag(sx, sy) (in place - centre)
//
// with R(a) counter-clockwise. What is not given is left alone; if nothing is, Albumentations takes a recipe of its
// own: scale 0.9..1.1, translation -0.1..0.1, rotation -15..15 and shear -10..10 degrees.
//
// Draws: tx, ty; sx, sy (not the second with keep_ratio); shx, shy; a.
// Source: Albumentations 1.4, Affine (1.3 sheared by skimage's matrix, which also narrows)
#include "augment/affine_map.h"
#include "augment/augment.h"
#include "augment/draw.h"

typedef struct affine {
    rb_range scale, translate, rotate, shear;
    bool keep_ratio;
} affine;

#define STEEPEST 44 // degrees: two shears of 45 leave a line

static const rb_field fields[] = {
    {"scale", RB_RANGE, offsetof(affine, scale), .preset = 1, .preset_high = 1, .min = 0.01, .max = 100,
     .help = "factors of the width and the height"},
    {"translate_percent", RB_RANGE, offsetof(affine, translate), .preset = 0, .preset_high = 0, .min = -10, .max = 10,
     .unit = "of the side", .help = "shift to the right, and down; 0.1 is a tenth"},
    {"rotate", RB_RANGE, offsetof(affine, rotate), .preset = 0, .preset_high = 0, .min = -360, .max = 360,
     .unit = "degrees", .help = "the angle, over 0 counter-clockwise"},
    {"shear", RB_RANGE, offsetof(affine, shear), .preset = 0, .preset_high = 0, .min = -STEEPEST, .max = STEEPEST,
     .unit = "degrees", .help = "slant of columns, and of rows"},
    {"keep_ratio", RB_BOOL, offsetof(affine, keep_ratio), .preset = false, .help = "one factor for both sides"},
    {0},
};

static const affine recipe = {{0.9, 1.1}, {-0.1, 0.1}, {-15, 15}, {-10, 10}, false};

static bool only(rb_range r, double value)
{
    return r.low >= value && r.high <= value;
}

// What the settings mean.
static affine meant(const affine *c)
{
    bool given = !only(c->scale, 1) || !only(c->translate, 0) || !only(c->rotate, 0) || !only(c->shear, 0);
    affine out = given ? *c : recipe;
    out.keep_ratio = c->keep_ratio;
    return out;
}

static double radians(double degrees)
{
    return degrees * (3.14159265358979323846 / 180);
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    const affine c = meant(cfg);
    double right = rb_draw(random, c.translate) * w, down = rb_draw(random, c.translate) * h;
    double sx = rb_draw(random, c.scale), sy = c.keep_ratio ? sx : rb_draw(random, c.scale);
    double p = tan(radians(rb_draw(random, c.shear))), q = tan(radians(rb_draw(random, c.shear)));
    double angle = radians(rb_draw(random, c.rotate)), cosine = cos(angle), sine = sin(angle);

    // [m n; o k] = [1 p; q 1] [cos sin; -sin cos] diag(sx, sy), y pointing down; the warp goes the other way.
    double m = (cosine - p * sine) * sx, n = (sine + p * cosine) * sy;
    double o = (q * cosine - sine) * sx, k = (q * sine + cosine) * sy, det = m * k - n * o;
    return rb_affine_warp(scratch, rb_affine_about_centre(k / det, -n / det, -o / det, m / det, h, w, right, down));
}

const rb_augment rb_augment_affine = {
    .name = "Affine",
    .help = "scale, turn, shear and shift",
    .p = 0.5,
    .cfg_bytes = sizeof(affine),
    .fields = fields,
    .warp = warp,
};
