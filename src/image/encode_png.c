// SPDX-License-Identifier: Apache-2.0
// encode_png.c - writes 8-bit grey or RGB PNG with libpng.
#include "image/codec.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

typedef struct session {
    png_structp lib;
    png_infop info;
    const rb_image *in;
    rb_sink sink;
    rb_error *err;
} session;

static _Noreturn void give_up(png_structp lib, png_const_charp text)
{
    session *s = png_get_error_ptr(lib);
    rb_fail(s->err, RB_ERR_DATA, "%dx%d pixels cannot be written as PNG: %s", s->in->w, s->in->h, text);
    png_longjmp(lib, 1);
}

static void ignore(png_structp lib, png_const_charp text)
{
    (void)lib, (void)text;
}

static void put(png_structp lib, png_bytep data, size_t n)
{
    session *s = png_get_io_ptr(lib);
    rb_sink_grow(&s->sink, (ptrdiff_t)n);
    memcpy(s->sink.data + s->sink.size, data, n);
    s->sink.size += (ptrdiff_t)n;
}

static void flush(png_structp lib)
{
    (void)lib; // memory needs none
}

static void encode(session *s)
{
    const rb_image *in = s->in;
    png_set_IHDR(s->lib, s->info, (png_uint_32)in->w, (png_uint_32)in->h, 8,
                 in->c == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(s->lib, s->info);
    for (int y = 0; y < in->h; y++) png_write_row(s->lib, in->pixels + (ptrdiff_t)y * in->w * in->c);
    png_write_end(s->lib, NULL);
}

static bool encode_guarded(session *s)
{
    if (setjmp(png_jmpbuf(s->lib))) return false;
    encode(s);
    return true;
}

bool rb_image_encode_png(rb_arena *a, const rb_image *in, rb_bytes *out, rb_error *err)
{
    session s = {.in = in, .sink.arena = a, .err = err};
    s.lib = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, give_up, ignore);
    s.info = s.lib ? png_create_info_struct(s.lib) : NULL;
    bool done = false;
    if (s.info) {
        png_set_write_fn(s.lib, &s, put, flush);
        done = encode_guarded(&s);
    } else {
        rb_fail(err, RB_ERR_INTERNAL, "libpng cannot start: wrong version or no memory");
    }
    png_destroy_write_struct(&s.lib, &s.info);
    *out = (rb_bytes){s.sink.data, s.sink.size};
    return done;
}
