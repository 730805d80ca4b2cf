// SPDX-License-Identifier: Apache-2.0
// synth_face.c - draws one synthetic picture: a face before a wall, and a pair of glasses worn or lying elsewhere.
//
// Everything but the place of the glasses is drawn before the label is looked at, so that the two labels of one index
// show the same person in the same light.
#include "data/synth.h"

#include "base/rng.h"
#include "data/synth_shape.h"

#include <math.h>

// Each part of a picture has random numbers of its own: a change of one leaves the others as they are.
enum { OP_SCENE, OP_FACE, OP_GLASSES, OP_PLACE, OP_NOISE };

// ---- colours ------------------------------------------------------------------------------------------------------

static rb_colour colour_between(rb_rng *r, rb_colour a, rb_colour b)
{
    float t = (float)rb_rng_unit(r);
    return (rb_colour){a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

static rb_colour any_colour(rb_rng *r, double low, double high)
{
    float red = (float)rb_rng_between(r, low, high), green = (float)rb_rng_between(r, low, high);
    return (rb_colour){red, green, (float)rb_rng_between(r, low, high)};
}

static rb_colour times(rb_colour c, double k)
{
    return (rb_colour){(float)(c.r * k), (float)(c.g * k), (float)(c.b * k)};
}

// ---- the scene ----------------------------------------------------------------------------------------------------

#define SPOTS 5

static void draw_wall(const rb_canvas *c, rb_rng *r)
{
    rb_frame whole = {0, 0, 1, 0};
    rb_colour wall = any_colour(r, 0.25, 0.95);
    rb_shape_draw(c, whole, (rb_shape){RB_BOX, wall, .x = 0.5, .y = 0.5, .rx = 1, .ry = 1, .relief = 0.3});
    for (int i = 0; i < SPOTS; i++) {
        rb_shape spot = {.kind = rb_rng_unit(r) < 0.5 ? RB_OVAL : RB_BOX};
        spot.colour = any_colour(r, 0.1, 0.95);
        spot.x = rb_rng_unit(r), spot.y = rb_rng_unit(r), spot.angle = rb_rng_between(r, 0, 3);
        spot.rx = rb_rng_between(r, 0.04, 0.3), spot.ry = rb_rng_between(r, 0.02, 0.2);
        spot.clear = rb_rng_between(r, 0.3, 0.8), spot.soft = rb_rng_between(r, 0, 0.1);
        rb_shape_draw(c, whole, spot);
    }
}

static rb_canvas new_canvas(rb_arena *a, int size, rb_rng *r)
{
    double light = rb_rng_between(r, 0, 2 * M_PI);
    return (rb_canvas){.rgb = RB_NEW(a, float, (ptrdiff_t)size *size * 3),
                       .size = size,
                       .blur = rb_rng_between(r, 0, 0.02),
                       .light_x = cos(light),
                       .light_y = sin(light)};
}

// ---- the face -----------------------------------------------------------------------------------------------------
//
// Its frame: the origin between the eyes, one unit from there to the chin.

static rb_frame pose(rb_rng *r)
{
    double x = rb_rng_between(r, 0.34, 0.66), y = rb_rng_between(r, 0.32, 0.55);
    double scale = rb_rng_between(r, 0.24, 0.34);
    return (rb_frame){x, y, scale, rb_rng_between(r, -0.5, 0.5)};
}

static void draw_head(const rb_canvas *c, rb_frame f, rb_rng *r)
{
    static const rb_colour pale = {0.98f, 0.84f, 0.72f}, dark = {0.36f, 0.22f, 0.15f};
    static const rb_colour blond = {0.85f, 0.70f, 0.40f}, black = {0.08f, 0.06f, 0.06f};
    rb_colour skin = colour_between(r, pale, dark), hair = colour_between(r, blond, black);
    rb_colour shirt = any_colour(r, 0.1, 0.9);
    double width = rb_rng_between(r, 0.68, 0.82), crown = rb_rng_between(r, 0.75, 0.95);
    double mouth = rb_rng_between(r, 0.15, 0.26), iris = rb_rng_between(r, 0.05, 0.3);

    rb_shape shapes[] = {
        {RB_OVAL, hair, .y = -0.2, .rx = width * 1.12, .ry = crown},
        {RB_OVAL, shirt, .y = 1.75, .rx = 1.35, .ry = 0.75, .relief = 0.2},
        {RB_BOX, times(skin, 0.85), .y = 1, .rx = 0.28, .ry = 0.35, .corner = 0.1},
        {RB_OVAL, skin, .y = 0.12, .rx = width, .ry = 0.92, .relief = 0.25},
        {RB_OVAL, times(skin, 0.8), .y = 0.28, .rx = 0.1, .ry = 0.16, .soft = 0.05},
        {RB_ARC, {0.6f, 0.15f, 0.15f}, .y = 0.42, .rx = mouth, .ry = 0.9, .stroke = 0.04},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) rb_shape_draw(c, f, shapes[i]);
    for (int side = -1; side <= 1; side += 2) {
        rb_colour eye = {(float)iris, (float)(iris * 0.9), (float)(iris * 0.8)};
        rb_shape_draw(c, f, (rb_shape){RB_OVAL, {0.95f, 0.95f, 0.95f}, .x = side * 0.33, .rx = 0.15, .ry = 0.09});
        rb_shape_draw(c, f, (rb_shape){RB_OVAL, eye, .x = side * 0.33, .rx = 0.07, .ry = 0.08});
        rb_shape_draw(c, f,
                      (rb_shape){RB_BOX, hair, .x = side * 0.33, .y = -0.22, .angle = side * 0.15, .rx = 0.17,
                                 .ry = 0.03, .corner = 0.02});
    }
}

// ---- the glasses --------------------------------------------------------------------------------------------------

// Rims and lenses are darker or brighter than what is behind them, so that no average of pixels shows them.
static void draw_glasses(const rb_canvas *c, rb_frame f, rb_rng *r)
{
    bool bright = rb_rng_unit(r) < 0.5;
    rb_colour rim = bright ? any_colour(r, 0.75, 1) : any_colour(r, 0.02, 0.3), glass = any_colour(r, 0, 1);
    bool round = rb_rng_unit(r) < 0.5;
    double rx = rb_rng_between(r, 0.21, 0.26), ry = round ? rx : rx * rb_rng_between(r, 0.65, 0.9);
    double stroke = rb_rng_between(r, 0.045, 0.065), clear = rb_rng_between(r, 0.6, 0.9);
    for (int side = -1; side <= 1; side += 2) {
        rb_shape lens = {round ? RB_OVAL : RB_BOX, glass, .x = side * 0.33, .rx = rx, .ry = ry, .corner = 0.06};
        lens.clear = clear;
        rb_shape_draw(c, f, lens);
        lens.clear = 0, lens.colour = rim, lens.stroke = stroke;
        rb_shape_draw(c, f, lens);
        double arm = (0.33 + rx + 0.78) / 2;
        rb_shape_draw(c, f, (rb_shape){RB_BOX, rim, .x = side * arm, .y = -0.04, .rx = arm - 0.33 - rx, .ry = stroke});
    }
    rb_shape_draw(c, f, (rb_shape){RB_BOX, rim, .y = -0.03, .rx = 0.33 - rx, .ry = stroke});
}

// Where glasses are when nobody looks through them: in the hair, at the collar, on the wall, or nowhere. With two
// classes chance decides where, with more the label does.
static bool elsewhere(rb_frame face, rb_rng *r, int classes, int label, rb_frame *out)
{
    static const double kinds[RB_SYNTH_CLASSES] = {0, 0.9, 0.1, 0.5, 0.7};
    double drawn = rb_rng_unit(r), kind = classes > 2 ? kinds[label] : drawn, tilt = rb_rng_between(r, -0.3, 0.3),
           size = rb_rng_between(r, 0.75, 1.05);
    double x = rb_rng_between(r, 0.15, 0.85), along = rb_rng_between(r, -0.15, 0.15);
    double up = cos(face.angle) * face.scale, side = sin(face.angle) * face.scale;
    double y = kind < 0.35 ? -0.68 + along : 1.3 + along; // hair or collar, in the face's units
    *out = (rb_frame){face.x - side * y, face.y + up * y, face.scale * size, face.angle + tilt};
    if (kind >= 0.6) *out = (rb_frame){x, x < 0.5 ? 0.1 : 0.9, face.scale * size, 3 * tilt};
    return kind < 0.85;
}

// ---- the picture --------------------------------------------------------------------------------------------------

// Exposure and grain of the camera.
static void expose(const rb_canvas *c, rb_rng *r, rb_image *out)
{
    double exposure = rb_rng_between(r, 0.7, 1.15), grain = rb_rng_between(r, 0.01, 0.03);
    ptrdiff_t count = (ptrdiff_t)c->size * c->size * 3;
    for (ptrdiff_t i = 0; i < count; i++) {
        double v = c->rgb[i] * exposure + grain * rb_rng_normal(r);
        out->pixels[i] = (uint8_t)lround(255 * fmin(fmax(v, 0), 1));
    }
}

void rb_synth_draw(rb_arena *a, const rb_synth_settings *s, uint32_t index, int label, rb_image *out)
{
    rb_rng random[OP_NOISE + 1];
    for (int op = 0; op <= OP_NOISE; op++)
        random[op] = rb_rng_at((uint32_t)s->seed, RB_STREAM_SYNTH, index, 0, (uint32_t)op);
    rb_canvas canvas = new_canvas(a, s->image_size, &random[OP_SCENE]);
    draw_wall(&canvas, &random[OP_SCENE]);
    rb_frame face = pose(&random[OP_FACE]), aside;
    bool lies_aside = elsewhere(face, &random[OP_PLACE], s->classes, label, &aside);
    draw_head(&canvas, face, &random[OP_FACE]);
    if (label == 0)
        draw_glasses(&canvas, face, &random[OP_GLASSES]);
    else if (lies_aside)
        draw_glasses(&canvas, aside, &random[OP_GLASSES]);
    *out =
        (rb_image){RB_NEW(a, uint8_t, (ptrdiff_t)s->image_size * s->image_size * 3), s->image_size, s->image_size, 3};
    expose(&canvas, &random[OP_NOISE], out);
}
