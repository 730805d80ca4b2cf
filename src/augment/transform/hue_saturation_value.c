// SPDX-License-Identifier: Apache-2.0
// hue_saturation_value.c - shifts hue, saturation and value by numbers of their own.
//
// Units are those of OpenCV's 8-bit HSV: hue 0..180, saturation and value 0..255; between, nothing is rounded, so that
// shifts of 0 change nothing. A grey pixel has hue 0: more saturation makes it reddish, as there. Of grey pictures the
// value alone is shifted.
//
// Draws: hue, saturation, value.
// Source: Albumentations 1.x, HueSaturationValue
#include "augment/filter.h"

#define BLOCK 256 // pixels in work at once

typedef struct hue_saturation_value {
    rb_range hue, saturation, value;
} hue_saturation_value;

typedef struct hsv {
    float h, s, v; // 0..180, 0..255, 0..255
} hsv;

static inline float least(float a, float b)
{
    return a < b ? a : b;
}

static inline float most(float a, float b)
{
    return a < b ? b : a;
}

// h = 30 (g - b) / d where red is largest, 60 + 30 (b - r) / d for green, 120 + 30 (r - g) / d for blue. All three are
// computed, so that nothing branches; where d is 0, what comes of it is not used.
static inline hsv hsv_of(float r, float g, float b)
{
    float v = most(most(r, g), b), d = v - least(least(r, g), b);
    float red = 30 * (g - b) / d, green = 60 + 30 * (b - r) / d, blue = 120 + 30 * (r - g) / d, s = 255 * d / v;
    float h = v == r ? red : v == g ? green : blue, round = h + 180;
    h = h < 0 ? round : h;
    return (hsv){d > 0 ? h : 0, d > 0 ? s : 0, v};
}

// A channel is v (1 - s t), where t rises from 0 to 1 and falls again along the circle of hues, by an offset of
// 150 for red, 90 for green, 30 for blue.
static inline float channel(hsv p, float offset)
{
    float on = p.h + offset, round = on - 180, at = (on >= 180 ? round : on) / 30;
    float t = most(0, least(1, least(at, 4 - at)));
    return p.v - p.v * (p.s / 255) * t;
}

typedef struct planes {
    float r[BLOCK], g[BLOCK], b[BLOCK];
} planes;

static void shift_block(float dh, float ds, float dv, int n, planes *restrict at)
{
    for (int i = 0; i < n; i++) {
        hsv p = hsv_of(at->r[i], at->g[i], at->b[i]);
        float h = p.h + dh, up = h + 180, down = h - 180;
        p.h = h < 0 ? up : h >= 180 ? down : h;
        p.s = most(0, least(255, p.s + ds));
        p.v = most(0, least(255, p.v + dv));
        at->r[i] = channel(p, 150);
        at->g[i] = channel(p, 90);
        at->b[i] = channel(p, 30);
    }
}

static void shift_colour(float dh, float ds, float dv, rb_image *image)
{
    planes p;
    ptrdiff_t count = (ptrdiff_t)image->h * image->w;
    for (ptrdiff_t i = 0; i < count; i += BLOCK) {
        int n = (int)(count - i < BLOCK ? count - i : BLOCK);
        uint8_t *restrict at = image->pixels + 3 * i;
        for (int k = 0; k < n; k++) p.r[k] = at[3 * k], p.g[k] = at[3 * k + 1], p.b[k] = at[3 * k + 2];
        shift_block(dh, ds, dv, n, &p);
        for (int k = 0; k < n; k++) {
            at[3 * k] = rb_level(p.r[k]);
            at[3 * k + 1] = rb_level(p.g[k]);
            at[3 * k + 2] = rb_level(p.b[k]);
        }
    }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)scratch;
    const hue_saturation_value *h = cfg;
    double dh = rb_draw(random, h->hue), ds = rb_draw(random, h->saturation), dv = rb_draw(random, h->value);
    if (image->c == 3) {
        shift_colour((float)dh, (float)ds, (float)dv, image);
        return;
    }
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = rb_level((float)(i + dv));
    rb_table_apply(table, image);
}

static const rb_field fields[] = {
    {"hue_shift_limit", RB_RANGE, offsetof(hue_saturation_value, hue), .preset = -20, .preset_high = 20, .min = -180,
     .max = 180, .pair = RB_PAIR_SYMMETRIC, .unit = "of 180", .help = "added to the hue, around the circle"},
    {"sat_shift_limit", RB_RANGE, offsetof(hue_saturation_value, saturation), .preset = -30, .preset_high = 30,
     .min = -255, .max = 255, .pair = RB_PAIR_SYMMETRIC, .unit = "of 255", .help = "added to the saturation"},
    {"val_shift_limit", RB_RANGE, offsetof(hue_saturation_value, value), .preset = -20, .preset_high = 20, .min = -255,
     .max = 255, .pair = RB_PAIR_SYMMETRIC, .unit = "of 255", .help = "added to the value"},
    {0},
};

const rb_augment rb_augment_hue_saturation_value = {
    .name = "HueSaturationValue",
    .help = "shift hue, saturation and value",
    .p = 0.5,
    .cfg_bytes = sizeof(hue_saturation_value),
    .fields = fields,
    .apply = apply,
};
