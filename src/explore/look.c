// SPDX-License-Identifier: Apache-2.0
// look.c - reads a picture and measures it.
#include "explore/look.h"

#include "base/file.h"
#include "explore/features.h"
#include "explore/phash.h"

#include <math.h>

#include <xxhash.h>

const char *const rb_statistic_names[RB_STATISTICS] = {"brightness", "contrast",        "sharpness",
                                                       "chroma",     "bytes per pixel", "aspect"};

static rb_digest digest_of(const void *data, ptrdiff_t size, uint64_t seed)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(data, (size_t)size, seed);
    return (rb_digest){h.low64, h.high64};
}

// Sums are of whole numbers: exact, in any order.
static void measure_colour(const rb_image *rgb, rb_facts *f)
{
    const ptrdiff_t n = (ptrdiff_t)rgb->h * rgb->w;
    uint64_t sum[3] = {0}, square[3] = {0}, spread = 0;
    for (const uint8_t *p = rgb->pixels, *end = p + 3 * n; p < end; p += 3) {
        int least = p[0], most = p[0];
        for (int c = 0; c < 3; c++) {
            sum[c] += p[c];
            square[c] += (uint64_t)(p[c] * p[c]);
            least = p[c] < least ? p[c] : least;
            most = p[c] > most ? p[c] : most;
        }
        spread += (uint64_t)(most - least);
    }
    const double pixels = (double)n;
    for (int c = 0; c < 3; c++) {
        f->mean[c] = (double)sum[c] / pixels / 255;
        f->square[c] = (double)square[c] / pixels / (255.0 * 255);
    }
    f->statistic[RB_CHROMA] = (double)spread / pixels / 255;
}

static void measure_grey(const rb_image *grey, rb_facts *f)
{
    const ptrdiff_t n = (ptrdiff_t)grey->h * grey->w;
    uint64_t sum = 0, square = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        sum += grey->pixels[i];
        square += (uint64_t)(grey->pixels[i] * grey->pixels[i]);
    }
    double mean = (double)sum / (double)n, variance = (double)square / (double)n - mean * mean;
    f->statistic[RB_BRIGHTNESS] = mean / 255;
    f->statistic[RB_CONTRAST] = sqrt(fmax(variance, 0)) / 255;
    f->statistic[RB_SHARPNESS] = rb_sharpness(grey);
}

static int mirrored(int i, int n)
{
    return n == 1 ? 0 : i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

double rb_sharpness(const rb_image *grey)
{
    int64_t sum = 0, square = 0;
    for (int y = 0; y < grey->h; y++) {
        const uint8_t *row = grey->pixels + (ptrdiff_t)y * grey->w;
        const uint8_t *over = grey->pixels + (ptrdiff_t)mirrored(y - 1, grey->h) * grey->w;
        const uint8_t *under = grey->pixels + (ptrdiff_t)mirrored(y + 1, grey->h) * grey->w;
        for (int x = 0; x < grey->w; x++) {
            int l = over[x] + under[x] + row[mirrored(x - 1, grey->w)] + row[mirrored(x + 1, grey->w)] - 4 * row[x];
            sum += l;
            square += l * l;
        }
    }
    double n = (double)grey->h * grey->w, mean = (double)sum / n;
    return (double)square / n - mean * mean;
}

static rb_image small(rb_arena *scratch, const rb_image *in, int side)
{
    rb_image out = {RB_NEW(scratch, uint8_t, (ptrdiff_t)side * side * in->c), side, side, in->c};
    rb_image_resize(scratch, in, RB_AREA, &out);
    return out;
}

bool rb_look(rb_arena *scratch, const char *path, rb_facts *f, uint8_t *thumb, float *feature, rb_error *err)
{
    rb_bytes file;
    rb_image image;
    if (!rb_file_read(scratch, path, RB_IMAGE_MAX_FILE, &file, err)) return false;
    f->kind = rb_image_kind_of(file);
    f->bytes = file.size;
    f->file = digest_of(file.data, file.size, 0);
    if (!rb_image_decode(scratch, file, 3, &image, err)) return rb_fail_in(err, "%s", path);

    double pixels = (double)image.h * image.w;
    f->h = image.h, f->w = image.w;
    f->pixels = digest_of(image.pixels, (ptrdiff_t)image.h * image.w * 3, (uint64_t)image.h << 32 | (uint64_t)image.w);
    f->statistic[RB_FILE_BYTES] = (double)file.size / pixels;
    f->statistic[RB_ASPECT] = (double)image.w / image.h;
    measure_colour(&image, f);
    rb_image colour = small(scratch, &image, RB_COLOUR_GRID);
    rb_image_to_grey(&image); // nobody needs its colours any more
    measure_grey(&image, f);
    rb_image grey = {thumb, RB_THUMB, RB_THUMB, 1};
    rb_image_resize(scratch, &image, RB_AREA, &grey);
    rb_phash(thumb, f->hash);
    rb_features(colour.pixels, thumb, f, feature);
    return true;
}
