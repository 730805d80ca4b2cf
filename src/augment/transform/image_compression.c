// SPDX-License-Identifier: Apache-2.0
// image_compression.c - what is left of a picture after it was stored as JPEG.
//
// Draws: the quality.
// Source: Albumentations 1.x, ImageCompression (JPEG, 4:2:0 as OpenCV writes it)
#include "augment/augment.h"
#include "augment/draw.h"

#define HARMLESS 99 // a quality from which on few could tell

typedef struct image_compression {
    rb_range quality;
} image_compression;

static const rb_field fields[] = {
    {"quality_range", RB_RANGE, offsetof(image_compression, quality), .preset = 99, .preset_high = 100, .min = 1,
     .max = 100, .help = "quality of the JPEG, 1 to 100"},
    {0},
};

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    return rb_whole_ends(((const image_compression *)cfg)->quality, "quality_range", where, err);
}

static const char *surprise(const void *cfg)
{
    return ((const image_compression *)cfg)->quality.low < HARMLESS
               ? NULL
               : "a JPEG of quality 99 or 100 hardly differs from its picture; 50,95 is what pictures are stored with";
}

// The codec can refuse what no camera makes, a side of 70000 pixels: such a picture stays as it is.
static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    int quality = rb_draw_whole(random, ((const image_compression *)cfg)->quality);
    rb_error ignored;
    rb_bytes file;
    rb_image stored;
    bool done = rb_image_encode_jpeg(scratch, image, quality, &file, &ignored) &&
                rb_image_decode(scratch, file, image->c, &stored, &ignored);
    if (done) image->pixels = stored.pixels;
}

const rb_augment rb_augment_image_compression = {
    .name = "ImageCompression",
    .help = "lose what JPEG loses",
    .p = 0.5,
    .cfg_bytes = sizeof(image_compression),
    .fields = fields,
    .sound = sound,
    .surprise = surprise,
    .apply = apply,
};
