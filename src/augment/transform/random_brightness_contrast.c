// SPDX-License-Identifier: Apache-2.0
// random_brightness_contrast.c - y = alpha x + beta, the same for every value.
//
// alpha = 1 + U(contrast_limit), without a pivot; beta = U(brightness_limit) times 255, or times the mean value.
//
// Draws: contrast, brightness.
// Source: Albumentations 1.x, RandomBrightnessContrast; rounded where it truncates
#include "augment/filter.h"

typedef struct brightness_contrast {
    rb_range brightness, contrast;
    bool by_max;
} brightness_contrast;

static double mean(const rb_image *image)
{
    int64_t sum = 0;
    ptrdiff_t count = rb_value_count(image);
    for (ptrdiff_t i = 0; i < count; i++) sum += image->pixels[i];
    return (double)sum / (double)count;
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)scratch;
    const brightness_contrast *b = cfg;
    double alpha = 1 + rb_draw(random, b->contrast);
    double beta = rb_draw(random, b->brightness) * (b->by_max ? 255 : mean(image));
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = rb_level((float)(alpha * i + beta));
    rb_table_apply(table, image);
}

static const rb_field fields[] = {
    {"brightness_limit", RB_RANGE, offsetof(brightness_contrast, brightness), .preset = -0.2, .preset_high = 0.2,
     .min = -10, .max = 10, .pair = RB_PAIR_SYMMETRIC, .help = "what is added, as a share of 255 or of the mean"},
    {"contrast_limit", RB_RANGE, offsetof(brightness_contrast, contrast), .preset = -0.2, .preset_high = 0.2,
     .min = -10, .max = 10, .pair = RB_PAIR_SYMMETRIC, .help = "values are multiplied by 1 plus this"},
    {"brightness_by_max", RB_BOOL, offsetof(brightness_contrast, by_max), .preset = true,
     .help = "brightness is a share of 255, not of the picture's mean"},
    {0},
};

const rb_augment rb_augment_random_brightness_contrast = {
    .name = "RandomBrightnessContrast",
    .help = "change brightness and contrast",
    .p = 0.5,
    .cfg_bytes = sizeof(brightness_contrast),
    .fields = fields,
    .apply = apply,
};
