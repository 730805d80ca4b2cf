// SPDX-License-Identifier: Apache-2.0
// explore.h - data sets of a few drawn pictures, for tests of the exploration. Include after folder.h.
#ifndef RB_TESTS_EXPLORE_H
#define RB_TESTS_EXPLORE_H

#include <string.h>

#include "data/synth.h"
#include "explore/survey.h"

// A data set that grows file by file, two classes, without parts.
typedef struct album {
    const place *place;
    rb_dataset data;
    int room;
} album;

static inline album album_new(const place *p, int room)
{
    static const char *classes[] = {"0", "1"};
    rb_dataset d = {RB_NEW(p->arena, rb_sample, room), 0, classes, 2};
    return (album){p, d, room};
}

// Returns the sample's index.
static inline int album_add(album *a, const char *name, int label, rb_bytes file)
{
    assert_true(a->data.count < a->room);
    const char *path = place_bytes(a->place, name, file.data, file.size);
    a->data.samples[a->data.count] =
        (rb_sample){.path = path, .name = rb_text_copy(a->place->arena, name), .label = label, .part = RB_NO_PART};
    return a->data.count++;
}

static inline rb_image drawn(const place *p, int index)
{
    rb_synth_settings s = {.image_size = 64};
    rb_image image;
    rb_synth_draw(p->arena, &s, (uint32_t)index, index % 2, &image);
    return image;
}

// 64x64 of one grey level.
static inline rb_image flat(const place *p, int level)
{
    rb_image image = {RB_NEW(p->arena, uint8_t, 64 * 64 * 3), 64, 64, 3};
    memset(image.pixels, level, 64 * 64 * 3);
    return image;
}

static inline rb_bytes as_jpeg(const place *p, const rb_image *image, int quality)
{
    rb_bytes file;
    rb_error err;
    check_done(rb_image_encode_jpeg(p->arena, image, quality, &file, &err), err);
    return file;
}

static inline rb_bytes as_png(const place *p, const rb_image *image)
{
    rb_bytes file;
    rb_error err;
    check_done(rb_image_encode_png(p->arena, image, &file, &err), err);
    return file;
}

static inline rb_image resized(const place *p, const rb_image *in, int h, int w)
{
    rb_image out = {RB_NEW(p->arena, uint8_t, (ptrdiff_t)h * w * in->c), h, w, in->c};
    rb_image_resize(p->arena, in, RB_AREA, &out);
    return out;
}

// As rb_view_turn: transposed, then mirrored, then upside down.
static inline rb_image turned(const place *p, const rb_image *in, int view)
{
    bool transpose = view & 4;
    rb_image out = {NULL, transpose ? in->w : in->h, transpose ? in->h : in->w, in->c};
    out.pixels = RB_NEW(p->arena, uint8_t, (ptrdiff_t)out.h * out.w * out.c);
    for (int y = 0; y < out.h; y++)
        for (int x = 0; x < out.w; x++) {
            int from_y = view & 2 ? out.h - 1 - y : y, from_x = view & 1 ? out.w - 1 - x : x;
            ptrdiff_t at = transpose ? (ptrdiff_t)from_x * in->w + from_y : (ptrdiff_t)from_y * in->w + from_x;
            memcpy(out.pixels + ((ptrdiff_t)y * out.w + x) * out.c, in->pixels + at * in->c, (size_t)in->c);
        }
    return out;
}

static inline rb_survey surveyed(const place *p, const rb_dataset *d)
{
    rb_survey s;
    rb_error err;
    check_done(rb_survey_run(p->arena, d, NULL, NULL, &s, &err), err);
    return s;
}

#endif
