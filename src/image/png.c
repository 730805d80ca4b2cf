// SPDX-License-Identifier: Apache-2.0
// png.c - decodes PNG with libpng.
//
// A wrong CRC anywhere is an error. Chunks that could unpack into much memory and that we have no use for (colour
// profiles, texts) are skipped unread.
//
// Source: libpng 1.6, libpng-manual.txt; RFC 2083
#include "image/codec.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#define MAX_SIDE        1000000
#define MAX_CHUNKS      256                // of the kinds that libpng keeps
#define MAX_CHUNK_BYTES 1000000            // unpacked
#define MOST_AT_ONCE    ((size_t)32 << 20) // a row of MAX_SIDE pixels takes 8 MB
#define SPARE           16384              // compressed bytes that may follow the last row
#define MOST_DEFLATED   1032               // bytes that one byte of deflate can stand for, RFC 1951: 258 from 2 bits

typedef struct session {
    png_structp lib;
    png_infop info;

    rb_arena *arena;
    rb_bytes file;
    ptrdiff_t at;
    int channels;
    rb_image *out;
    int *orientation;
    rb_error *err;

    int64_t rows_left; // of all passes
    size_t spare;      // bytes that may follow once the last row is due
} session;

static _Noreturn void give_up(png_structp lib, png_const_charp text)
{
    session *s = png_get_error_ptr(lib);
    rb_fail(s->err, RB_ERR_DATA, "PNG truncated or damaged: %s", text);
    png_longjmp(lib, 1);
}

static void ignore(png_structp lib, png_const_charp text)
{
    (void)lib, (void)text; // about colour profiles and chunks out of order: the pixels are right
}

// The library takes as much as an eXIf chunk says it is long, before it looks whether the file is.
static png_voidp get_memory(png_structp lib, png_alloc_size_t size)
{
    (void)lib;
    return size > MOST_AT_ONCE ? NULL : malloc(size);
}

static void give_back(png_structp lib, png_voidp memory)
{
    (void)lib;
    free(memory);
}

static void take(png_structp lib, png_bytep to, size_t n)
{
    session *s = png_get_io_ptr(lib);
    if (n > (size_t)(s->file.size - s->at)) png_error(lib, "the file ends too early");
    if (s->rows_left == 1) {
        if (n > s->spare) png_error(lib, "more data than its pixels take");
        s->spare -= n;
    }
    memcpy(to, s->file.data + s->at, n);
    s->at += (ptrdiff_t)n;
}

static void count_row(png_structp lib, png_uint_32 row, int pass)
{
    session *s = png_get_io_ptr(lib);
    (void)row, (void)pass;
    s->rows_left--;
}

static void set_limits(png_structp lib)
{
    static const png_byte skipped[] = "iCCP\0zTXt\0iTXt\0tEXt\0sPLT"; // names of five bytes with their zeros
    png_set_keep_unknown_chunks(lib, PNG_HANDLE_CHUNK_NEVER, skipped, (int)sizeof skipped / 5);
    png_set_crc_action(lib, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(lib, MAX_SIDE, MAX_SIDE);
    png_set_chunk_cache_max(lib, MAX_CHUNKS);
    png_set_chunk_malloc_max(lib, MAX_CHUNK_BYTES);
}

// 8 bits a sample, no palette, no alpha; grey stays grey only where grey is wanted.
static void set_form(const session *s)
{
    png_set_expand(s->lib);
    png_set_scale_16(s->lib);
    png_set_strip_alpha(s->lib);
    if (s->channels == 3) png_set_gray_to_rgb(s->lib);
    png_read_update_info(s->lib, s->info);
}

// libpng unpacks all that is left of the data once it has the last row: a bomb, where that is zeros without end.
static void limit_tail(session *s, png_uint_32 height)
{
    s->rows_left = (int64_t)png_set_interlace_handling(s->lib) * height;
    s->spare = 2 * png_get_rowbytes(s->lib, s->info) + SPARE;
    png_set_read_status_fn(s->lib, count_row);
}

static png_bytepp rows_of(rb_arena *a, const rb_image *image)
{
    png_bytepp rows = RB_NEW(a, png_bytep, image->h);
    for (int y = 0; y < image->h; y++) rows[y] = image->pixels + (ptrdiff_t)y * image->w * image->c;
    return rows;
}

static int orientation_of(const session *s)
{
    png_bytep data = NULL;
    png_uint_32 size = 0;
    return png_get_eXIf_1(s->lib, s->info, &size, &data) ? rb_exif_orientation((rb_bytes){data, (ptrdiff_t)size}) : 1;
}

static bool decode(session *s)
{
    set_limits(s->lib);
    png_read_info(s->lib, s->info);
    png_uint_32 w = png_get_image_width(s->lib, s->info), h = png_get_image_height(s->lib, s->info);
    int64_t least_bytes = (int64_t)png_get_rowbytes(s->lib, s->info) * h / MOST_DEFLATED;
    if (!rb_image_fits(w, h, least_bytes, s->file, s->err)) return false;
    limit_tail(s, h);
    set_form(s);

    rb_image *out = s->out;
    *out = (rb_image){.h = (int)h, .w = (int)w, .c = png_get_channels(s->lib, s->info)};
    out->pixels = RB_NEW(s->arena, uint8_t, (ptrdiff_t)out->h * out->w * out->c);
    png_read_image(s->lib, rows_of(s->arena, out));
    png_read_end(s->lib, s->info);
    *s->orientation = orientation_of(s);
    if (s->channels == 1 && out->c == 3) rb_image_to_grey(out);
    return true;
}

static bool decode_guarded(session *s)
{
    if (setjmp(png_jmpbuf(s->lib))) return false;
    return decode(s);
}

bool rb_png_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, int *orientation, rb_error *err)
{
    session s = {.arena = a, .file = file, .channels = channels, .out = out, .orientation = orientation, .err = err};
    s.lib = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &s, give_up, ignore, NULL, get_memory, give_back);
    s.info = s.lib ? png_create_info_struct(s.lib) : NULL;
    bool done = false;
    if (s.info) {
        png_set_read_fn(s.lib, &s, take);
        done = decode_guarded(&s);
    } else {
        rb_fail(err, RB_ERR_INTERNAL, "libpng cannot start: wrong version or no memory");
    }
    png_destroy_read_struct(&s.lib, &s.info, NULL);
    return done;
}
