// SPDX-License-Identifier: Apache-2.0
// encode_jpeg.c - writes baseline JPEG with libjpeg-turbo.
#include "image/codec.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#define FIRST_ROOM 16384

typedef struct session {
    struct jpeg_compress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr target;
    jmp_buf back;

    const rb_image *in;
    int quality;
    rb_sink sink;
    rb_error *err;
} session;

static _Noreturn void give_up(j_common_ptr lib)
{
    session *s = lib->client_data;
    char text[JMSG_LENGTH_MAX];
    lib->err->format_message(lib, text);
    rb_fail(s->err, RB_ERR_DATA, "%dx%d pixels cannot be written as JPEG: %s", s->in->w, s->in->h, text);
    longjmp(s->back, 1);
}

static void ignore(j_common_ptr lib, int level)
{
    (void)lib, (void)level;
}

// Offers the encoder what is free behind the bytes that are there.
static void offer(session *s)
{
    rb_sink_grow(&s->sink, FIRST_ROOM);
    s->target.next_output_byte = s->sink.data + s->sink.size;
    s->target.free_in_buffer = (size_t)(s->sink.room - s->sink.size);
}

static void start(j_compress_ptr lib)
{
    offer(lib->client_data);
}

static boolean is_full(j_compress_ptr lib)
{
    session *s = lib->client_data;
    s->sink.size = s->sink.room;
    offer(s);
    return TRUE;
}

static void finish(j_compress_ptr lib)
{
    session *s = lib->client_data;
    s->sink.size = s->sink.room - (ptrdiff_t)s->target.free_in_buffer;
}

static void encode(session *s)
{
    struct jpeg_compress_struct *lib = &s->lib;
    const rb_image *in = s->in;
    jpeg_create_compress(lib);
    lib->dest = &s->target;
    lib->image_width = (JDIMENSION)in->w;
    lib->image_height = (JDIMENSION)in->h;
    lib->input_components = in->c;
    lib->in_color_space = in->c == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(lib);
    jpeg_set_quality(lib, s->quality, TRUE);
    jpeg_start_compress(lib, TRUE);
    for (int y = 0; y < in->h; y++) {
        JSAMPROW row = in->pixels + (ptrdiff_t)y * in->w * in->c;
        jpeg_write_scanlines(lib, &row, 1);
    }
    jpeg_finish_compress(lib);
}

static bool encode_guarded(session *s)
{
    if (setjmp(s->back)) return false;
    encode(s);
    return true;
}

bool rb_image_encode_jpeg(rb_arena *a, const rb_image *in, int quality, rb_bytes *out, rb_error *err)
{
    session s = {.in = in, .quality = quality, .sink.arena = a, .err = err};
    s.target = (struct jpeg_destination_mgr){
        .init_destination = start, .empty_output_buffer = is_full, .term_destination = finish};
    s.lib.client_data = &s;
    s.lib.err = jpeg_std_error(&s.errors);
    s.errors.error_exit = give_up;
    s.errors.emit_message = ignore;
    bool done = encode_guarded(&s);
    jpeg_destroy_compress(&s.lib);
    *out = (rb_bytes){s.sink.data, s.sink.size};
    return done;
}
