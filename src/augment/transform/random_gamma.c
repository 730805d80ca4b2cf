// SPDX-License-Identifier: Apache-2.0
// random_gamma.c - y = 255 (x / 255)^gamma, gamma given in hundredths.
//
// Draws: gamma.
// Source: Albumentations 1.x, RandomGamma; rounded where it truncates
#include "augment/filter.h"

#include <math.h>

typedef struct random_gamma {
    rb_range limit;
} random_gamma;

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)scratch;
    double gamma = rb_draw(random, ((const random_gamma *)cfg)->limit) / 100;
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = rb_level((float)(255 * pow(i / 255.0, gamma)));
    rb_table_apply(table, image);
}

static const rb_field fields[] = {
    {"gamma_limit", RB_RANGE, offsetof(random_gamma, limit), .preset = 80, .preset_high = 120, .min = 1, .max = 1000,
     .unit = "hundredths", .help = "the power; over 100 darkens"},
    {0},
};

const rb_augment rb_augment_random_gamma = {
    .name = "RandomGamma",
    .help = "bend the curve of brightness",
    .p = 0.5,
    .cfg_bytes = sizeof(random_gamma),
    .fields = fields,
    .apply = apply,
};
