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

// h = 30 (g - b) / d where red is largest, 60 + 30 (b - r) / d for green, 120 + 30 (r - g) / d for blue.
static inline hsv hsv_of(float r, float g, float b)
{
    float v = most(most(r, g), b), d = v - least(least(r, g), b);
    if (d <= 0) return (hsv){0, 0, v};
    float h = v == r ? 30 * (g - b) / d : v == g ? 60 + 30 * (b - r) / d : 120 + 30 * (r - g) / d;
    return (hsv){h < 0 ? h + 180 : h, 255 * d / v, v};
}

// A channel is v (1 - s t), where t rises from 0 to 1 and falls again along the circle of hues, by an offset of
// 150 for red, 90 for green, 30 for blue.
static inline uint8_t channel(hsv p, float offset)
{
    float at = p.h + offset;
    at = (at >= 180 ? at - 180 : at) / 30;
    float t = most(0, least(1, least(at, 4 - at)));
    return rb_level(p.v - p.v * (p.s / 255) * t);
}

static void shift_colour(float dh, float ds, float dv, rb_image *image)
{
    ptrdiff_t count = (ptrdiff_t)image->h * image->w;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t *at = image->pixels + 3 * i;
        hsv p = hsv_of(at[0], at[1], at[2]);
        p.h += dh;
        p.h = p.h < 0 ? p.h + 180 : p.h >= 180 ? p.h - 180 : p.h;
        p.s = most(0, least(255, p.s + ds));
        p.v = most(0, least(255, p.v + dv));
        at[0] = channel(p, 150);
        at[1] = channel(p, 90);
        at[2] = channel(p, 30);
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
