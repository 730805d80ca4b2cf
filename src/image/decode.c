// SPDX-License-Identifier: Apache-2.0
// Which decoder a file is for: its first bytes decide, never its name.
#include "image/codec.h"

#include <inttypes.h>
#include <string.h>

typedef struct decoder {
    const char *magic;
    ptrdiff_t magic_bytes;
    bool (*decode)(rb_arena *a, rb_bytes file, int channels, rb_image *out, int *orientation, rb_error *err);
} decoder;

static const decoder decoders[] = {
    {"\xff\xd8\xff", 3, rb_jpeg_decode},
    {"\x89PNG\r\n\x1a\n", 8, rb_png_decode},
    {0},
};

static const decoder *decoder_for(rb_bytes file)
{
    for (const decoder *d = decoders; d->magic; d++)
        if (file.size >= d->magic_bytes && !memcmp(file.data, d->magic, (size_t)d->magic_bytes)) return d;
    return NULL;
}

bool rb_image_fits(int64_t w, int64_t h, int64_t least_bytes, rb_bytes file, rb_error *err)
{
    // Both libraries keep w and h within 31 bits.
    if (w * h > RB_IMAGE_MAX_PIXELS)
        return rb_fail(err, RB_ERR_DATA, "%" PRId64 "x%" PRId64 " pixels, over the limit of %" PRId64 " in all", w, h,
                       RB_IMAGE_MAX_PIXELS);
    if (file.size >= least_bytes) return true;
    return rb_fail(err, RB_ERR_DATA, "truncated or damaged: %td bytes cannot hold %" PRId64 "x%" PRId64 " pixels",
                   file.size, w, h);
}

bool rb_image_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, rb_error *err)
{
    if (!file.size) return rb_fail(err, RB_ERR_DATA, "empty, not a picture");
    const decoder *d = decoder_for(file);
    if (!d) return rb_fail(err, RB_ERR_DATA, "neither JPEG nor PNG, whatever its name; convert it first");

    int orientation = 1;
    if (!d->decode(a, file, channels, out, &orientation, err)) return false;
    rb_image_orient(a, out, orientation);
    return true;
}
