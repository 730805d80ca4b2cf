// SPDX-License-Identifier: Apache-2.0
// augments.h - what tests of augmentation share: a transform by name with parameters, pictures, a pass over both.
#ifndef RB_TESTS_AUGMENTS_H
#define RB_TESTS_AUGMENTS_H

#include "check.h"

#include "augment/augment.h"

#include <string.h>

static inline int arena_open(void **state)
{
    *state = rb_arena_open();
    return 0;
}

static inline int arena_close(void **state)
{
    rb_arena_close(*state);
    return 0;
}

// One transform that always fires, with parameters as in a pipeline's row.
static inline const rb_augment_step *one_step(rb_arena *a, const char *name, const char *with)
{
    rb_step_row rows[] = {{.name = name, .with = rb_text_format(a, "p=1 %s", with ? with : "")}, {0}};
    rb_pipeline p;
    rb_error err;
    check_done(rb_pipeline_build(a, rows, "test", &p, &err), err);
    return p.steps;
}

static inline rb_image picture_like(rb_arena *a, rb_image like)
{
    ptrdiff_t bytes = (ptrdiff_t)like.h * like.w * like.c;
    like.pixels = memcpy(RB_NEW(a, uint8_t, bytes), like.pixels, (size_t)bytes);
    return like;
}

// A pipeline of one step that always fires, on a copy; and the numbers that it draws.
#define SEED 5
static inline rb_rng numbers_of(uint32_t draw)
{
    return rb_rng_at(SEED, RB_STREAM_AUGMENT, draw, 0, 0);
}

static inline rb_image run_step(rb_arena *a, const rb_augment_step *step, uint32_t draw, rb_image in)
{
    rb_image image = picture_like(a, in);
    rb_pipeline_run(&(rb_pipeline){.steps = step, .count = 1}, SEED, draw, 0, a, &image);
    assert_true(image.h == in.h && image.w == in.w && image.c == in.c);
    return image;
}

// Every pixel any value: the hardest case for sampling.
static inline rb_image noise_picture(rb_arena *a, int h, int w, int c)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * c), h, w, c};
    rb_rng random = rb_rng_at(99, RB_STREAM_SYNTH, (uint32_t)h, (uint32_t)w, (uint32_t)c);
    for (int i = 0; i < h * w * c; i++) out.pixels[i] = (uint8_t)rb_rng_below(&random, 256);
    return out;
}

// Smooth in both directions, channels apart.
static inline rb_image gradient_picture(rb_arena *a, int h, int w, int c)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * c), h, w, c};
    for (int i = 0; i < h; i++)
        for (int j = 0; j < w; j++)
            for (int k = 0; k < c; k++)
                out.pixels[(i * w + j) * c + k] = (uint8_t)((j * 255 / w + i * 128 / h * (k + 1)) % 256);
    return out;
}

// FNV-1a over the pixels, going on from `hash`.
static inline uint64_t hash_picture(uint64_t hash, const rb_image *image)
{
    for (ptrdiff_t i = 0; i < (ptrdiff_t)image->h * image->w * image->c; i++)
        hash = (hash ^ image->pixels[i]) * 0x100000001b3u;
    return hash;
}
#define HASH_BEGIN 0xcbf29ce484222325u

#endif
