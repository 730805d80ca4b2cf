// SPDX-License-Identifier: Apache-2.0
// gauss_noise.c - adds independent normal noise to every value.
//
// Values are whole, so x + N(0, sigma) rounded is x plus a whole number of known distribution. A table of 65536
// equally likely outcomes gives that number from 16 random bits, half of a word: no logarithm and no cosine a pixel.
// It is exactly symmetric; what it lacks are the outcomes rarer than 1 in 131072, beyond some 4.3 sigma.
//
// Draws: the variance, then a word for every two values.
// Source: Albumentations 1.x, GaussNoise (var_limit in squared grey levels; 2.x has std_range instead)
#include "augment/filter.h"

#include <math.h>
#include <string.h>

#define OUTCOMES 65536
#define WORDS    256 // drawn at once
#define FARTHEST 255 // more noise than this cannot be told from it
#define LOUD     40  // grey levels of deviation that hide most of a picture

typedef struct gauss_noise {
    rb_range var_limit;
} gauss_noise;

// How many outcomes are at most `level`, which is negative: 65536 * P(N(0, sigma) < level + 1/2).
static int outcomes_below(int level, double sigma)
{
    return (int)lrint(OUTCOMES * 0.5 * erfc(-(level + 0.5) / (sigma * sqrt(2))));
}

static void fill(double sigma, int16_t *table)
{
    int begin = 0;
    for (int level = -FARTHEST; level < 0; level++) {
        int end = outcomes_below(level, sigma);
        for (; begin < end; begin++) {
            table[begin] = (int16_t)level;
            table[OUTCOMES - 1 - begin] = (int16_t)-level;
        }
    }
    memset(table + begin, 0, (size_t)(OUTCOMES - 2 * begin) * sizeof *table);
}

static inline uint8_t clipped(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    double variance = rb_draw(random, ((const gauss_noise *)cfg)->var_limit);
    if (variance <= 0) return;
    int16_t *table = RB_NEW(scratch, int16_t, OUTCOMES);
    fill(sqrt(variance), table);
    uint8_t *at = image->pixels;
    uint32_t words[WORDS];
    for (ptrdiff_t left = rb_value_count(image); left > 0; left -= 2 * WORDS, at += 2 * WORDS) {
        ptrdiff_t count = left < 2 * WORDS ? left : 2 * WORDS;
        rb_rng_fill(random, words, (count + 1) / 2);
        for (ptrdiff_t i = 0; i < count; i++)
            at[i] = clipped(at[i] + table[i % 2 ? words[i / 2] >> 16 : words[i / 2] & 0xFFFF]);
    }
}

static const char *surprise(const void *cfg)
{
    double variance = ((const gauss_noise *)cfg)->var_limit.high;
    return variance <= LOUD * LOUD ? NULL
                                   : "noise of more than 40 grey levels hides most of a picture; var_limit counts "
                                     "squared levels, while std_range of Albumentations 2 is a share of 255";
}

static const rb_field fields[] = {
    {"var_limit", RB_RANGE, offsetof(gauss_noise, var_limit), .preset = 10, .preset_high = 50, .min = 0, .max = 65025,
     .pair = RB_PAIR_FROM_MIN, .unit = "squared grey levels", .help = "variance of the noise"},
    {0},
};

const rb_augment rb_augment_gauss_noise = {
    .name = "GaussNoise",
    .help = "add normal noise to every value",
    .p = 0.5,
    .cfg_bytes = sizeof(gauss_noise),
    .fields = fields,
    .surprise = surprise,
    .apply = apply,
};
