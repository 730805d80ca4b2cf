// SPDX-License-Identifier: Apache-2.0
// coarse_dropout.c - paints rectangles over a picture.
//
// Sides of holes are whole pixels, or below 1 shares of the picture's side; none is longer than that side, nor shorter
// than a pixel. A hole lies within the picture, every place as likely.
//
// Draws: how many; then of each its height, width, top and left.
// Source: Albumentations 1.4, CoarseDropout; DeVries & Taylor, "Improved regularization of convolutional neural
//         networks with cutout", 2017
#include "augment/augment.h"
#include "augment/draw.h"

#include <string.h>

#define HOLES_MAX 10000
#define SIDE_MAX  10000

typedef struct coarse_dropout {
    rb_range holes, height, width;
    int fill;
} coarse_dropout;

static const rb_field fields[] = {
    {"num_holes_range", RB_RANGE, offsetof(coarse_dropout, holes), .preset = 8, .preset_high = 8, .min = 1,
     .max = HOLES_MAX, .help = "how many holes"},
    {"hole_height_range", RB_RANGE, offsetof(coarse_dropout, height), .preset = 8, .preset_high = 8, .min = 0,
     .max = SIDE_MAX, .unit = "pixels", .help = "height of a hole; below 1 as a share of the picture's"},
    {"hole_width_range", RB_RANGE, offsetof(coarse_dropout, width), .preset = 8, .preset_high = 8, .min = 0,
     .max = SIDE_MAX, .unit = "pixels", .help = "width of a hole; below 1 as a share of the picture's"},
    {"fill", RB_INT, offsetof(coarse_dropout, fill), .preset = 0, .min = 0, .max = 255, .unit = "grey level",
     .help = "what holes are painted with"},
    {0},
};

static bool sides_sound(rb_range side, const char *key, const char *where, rb_error *err)
{
    if (side.high < 1) return true;
    if (side.low >= 1) return rb_whole_ends(side, key, where, err);
    return rb_fail(err, RB_ERR_USAGE, "%s: %s: %g is a share, but %g are pixels", where, key, side.low, side.high);
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    const coarse_dropout *c = cfg;
    return rb_whole_ends(c->holes, "num_holes_range", where, err) &&
           sides_sound(c->height, "hole_height_range", where, err) &&
           sides_sound(c->width, "hole_width_range", where, err);
}

static int draw_side(rb_rng *random, rb_range side, int whole)
{
    int pixels = side.high < 1 ? (int)(rb_draw(random, side) * whole) : rb_draw_whole(random, side);
    return pixels < 1 ? 1 : pixels < whole ? pixels : whole;
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)scratch;
    const coarse_dropout *d = cfg;
    int c = image->c;
    for (int left = rb_draw_whole(random, d->holes); left > 0; left--) {
        int h = draw_side(random, d->height, image->h), w = draw_side(random, d->width, image->w);
        int top = rb_rng_below(random, image->h - h + 1), first = rb_rng_below(random, image->w - w + 1);
        for (int y = top; y < top + h; y++)
            memset(image->pixels + ((ptrdiff_t)y * image->w + first) * c, d->fill, (size_t)w * (size_t)c);
    }
}

const rb_augment rb_augment_coarse_dropout = {
    .name = "CoarseDropout",
    .help = "paint rectangles over the picture",
    .p = 0.5,
    .cfg_bytes = sizeof(coarse_dropout),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
