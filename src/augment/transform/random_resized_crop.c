// SPDX-License-Identifier: Apache-2.0
// random_resized_crop.c - cuts a part out of a picture and stretches it to the picture's size.
//
// The part has a share U(scale) of the area and an aspect w / h whose logarithm is uniform within `ratio`. One that
// does not fit is drawn again, ten times in all; then the largest part in the middle whose aspect is allowed is taken.
//
// Draws: area, aspect, until one fits; top, left.
// Source: Albumentations 1.x, RandomResizedCrop; Szegedy et al., "Going deeper with convolutions", 2014
#include "augment/augment.h"
#include "augment/draw.h"

#include <string.h>

#define TRIES 10

typedef struct random_resized_crop {
    rb_range scale, ratio;
} random_resized_crop;

static const rb_field fields[] = {
    {"scale", RB_RANGE, offsetof(random_resized_crop, scale), .preset = 0.08, .preset_high = 1, .min = 1e-4, .max = 1,
     .unit = "of the area", .help = "size of the part"},
    {"ratio", RB_RANGE, offsetof(random_resized_crop, ratio), .preset = 0.75, .preset_high = 4.0 / 3, .min = 0.01,
     .max = 100, .help = "width of the part over its height"},
    {0},
};

typedef struct part {
    int top, left, h, w;
} part;

static int at_least_1(double side)
{
    int pixels = (int)lrint(side);
    return pixels > 1 ? pixels : 1;
}

static part middle_part(rb_range ratio, int h, int w)
{
    double aspect = (double)w / h;
    part p = {.h = aspect < ratio.low ? at_least_1(w / ratio.low) : h,
              .w = aspect > ratio.high ? at_least_1(h * ratio.high) : w};
    p.top = (h - p.h) / 2;
    p.left = (w - p.w) / 2;
    return p;
}

static part draw_part(const random_resized_crop *c, rb_rng *random, int h, int w)
{
    const rb_range aspects = {log(c->ratio.low), log(c->ratio.high)};
    for (int i = 0; i < TRIES; i++) {
        double area = rb_draw(random, c->scale) * h * w, aspect = exp(rb_draw(random, aspects));
        part p = {.h = (int)lrint(sqrt(area / aspect)), .w = (int)lrint(sqrt(area * aspect))};
        if (p.h < 1 || p.h > h || p.w < 1 || p.w > w) continue;
        p.top = rb_rng_below(random, h - p.h + 1);
        p.left = rb_rng_below(random, w - p.w + 1);
        return p;
    }
    return middle_part(c->ratio, h, w);
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    part p = draw_part(cfg, random, image->h, image->w);
    ptrdiff_t c = image->c, row = p.w * c;
    rb_image cut = {RB_NEW(scratch, uint8_t, p.h * row), p.h, p.w, image->c};
    for (int y = 0; y < p.h; y++)
        memcpy(cut.pixels + y * row, image->pixels + ((ptrdiff_t)(p.top + y) * image->w + p.left) * c, (size_t)row);
    rb_image_resize(scratch, &cut, RB_BILINEAR, image);
}

// ---- composed with other steps -------------------------------------------------------------------------------------

static float held(double at, int n)
{
    return (float)(at < 0 ? 0 : at > n - 1 ? n - 1 : at);
}

typedef struct stretch {
    part part;
    int h, w;
} stretch;

// A place is (j + 1/2) scaled, - 1/2; outside the centres of the part's pixels it falls to the outermost.
static void row(const void *context, int i, int width, float *x, float *y)
{
    const stretch *s = context;
    const part p = s->part;
    float down = (float)p.top + held((i + 0.5) * p.h / s->h - 0.5, p.h);
    for (int j = 0; j < width; j++) {
        x[j] = (float)p.left + held((j + 0.5) * p.w / s->w - 0.5, p.w);
        y[j] = down;
    }
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    stretch *s = RB_NEW(scratch, stretch, 1);
    *s = (stretch){draw_part(cfg, random, h, w), h, w};
    return (rb_warp){row, s};
}

const rb_augment rb_augment_random_resized_crop = {
    .name = "RandomResizedCrop",
    .help = "cut a part out and stretch it to the whole",
    .p = 1,
    .cfg_bytes = sizeof(random_resized_crop),
    .fields = fields,
    .apply = apply,
    .warp = warp,
};
