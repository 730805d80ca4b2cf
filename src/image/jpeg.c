// SPDX-License-Identifier: Apache-2.0
// jpeg.c - decodes JPEG with libjpeg-turbo.
//
// The library's errors and its warnings of damage end the decoding: a half-grey picture must not train a model.
// Three limits bound what a hostile file costs: pixels, scans, and memory for the coefficients of progressive files.
//
// Source: libjpeg-turbo 2.1, libjpeg.txt; Adobe TN 5116 for inverted CMYK
#include "image/codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

// A progressive file keeps all coefficients, 3 to 6 bytes a pixel: up to 300 MB at RB_IMAGE_MAX_PIXELS. Real ones spend
// a byte or more on 16 pixels, so that what they may use grows with their size while a bomb of a few bytes gets little.
#define BASE_MEMORY     ((long)56 << 20)
#define MEMORY_PER_BYTE 96

typedef struct session {
    struct jpeg_decompress_struct lib;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;

    rb_arena *arena;
    rb_bytes file;
    int channels;
    rb_image *out;
    int *orientation;
    rb_error *err;
} session;

// Warnings about labels, not about pixels.
static bool is_harmless(int code)
{
    return code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC;
}

static _Noreturn void give_up(j_common_ptr lib)
{
    session *s = lib->client_data;
    char text[JMSG_LENGTH_MAX];
    lib->err->format_message(lib, text);
    if (lib->err->msg_code == JERR_NO_BACKING_STORE)
        rb_fail(s->err, RB_ERR_DATA, "a progressive JPEG of %ux%u pixels in %td bytes: needs over %ld MB to decode",
                s->lib.image_width, s->lib.image_height, s->file.size, lib->mem->max_memory_to_use >> 20);
    else
        rb_fail(s->err, RB_ERR_DATA, "JPEG truncated or damaged: %s", text);
    longjmp(s->back, 1);
}

static void hear(j_common_ptr lib, int level)
{
    if (level >= 0) return; // traces
    lib->err->num_warnings++;
    if (!is_harmless(lib->err->msg_code)) give_up(lib);
}

static void count_scans(j_common_ptr lib)
{
    session *s = lib->client_data;
    if (s->lib.input_scan_number <= RB_IMAGE_MAX_SCANS) return;
    rb_fail(s->err, RB_ERR_DATA, "JPEG of more than %d scans", RB_IMAGE_MAX_SCANS);
    longjmp(s->back, 1);
}

static int orientation_of(const struct jpeg_decompress_struct *lib)
{
    static const char mark[6] = "Exif\0"; // and the zero that ends the literal
    for (jpeg_saved_marker_ptr m = lib->marker_list; m; m = m->next)
        if (m->data_length > sizeof mark && !memcmp(m->data, mark, sizeof mark))
            return rb_exif_orientation((rb_bytes){m->data + sizeof mark, (ptrdiff_t)(m->data_length - sizeof mark)});
    return 1;
}

// A block of 8x8 values takes a code for its mean, which is a bit at the least; all else may be left to runs.
static int64_t least_bytes(const struct jpeg_decompress_struct *lib)
{
    int64_t blocks = 0;
    for (int i = 0; i < lib->num_components; i++)
        blocks += (int64_t)lib->comp_info[i].width_in_blocks * lib->comp_info[i].height_in_blocks;
    return blocks / 8;
}

static bool read_head(session *s)
{
    struct jpeg_decompress_struct *lib = &s->lib;
    jpeg_create_decompress(lib);
    lib->progress = &s->progress;
    jpeg_mem_src(lib, s->file.data, (unsigned long)s->file.size);
    jpeg_save_markers(lib, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(lib, TRUE);
    *s->orientation = orientation_of(lib);
    lib->mem->max_memory_to_use = BASE_MEMORY + MEMORY_PER_BYTE * (long)s->file.size;
    return rb_image_fits(lib->image_width, lib->image_height, least_bytes(lib), s->file, s->err);
}

static bool is_cmyk(const struct jpeg_decompress_struct *lib)
{
    return lib->jpeg_color_space == JCS_CMYK || lib->jpeg_color_space == JCS_YCCK;
}

static void read_row(session *s, uint8_t *row)
{
    jpeg_read_scanlines(&s->lib, &row, 1);
}

static void read_rows(session *s)
{
    rb_image *out = s->out;
    for (int y = 0; y < out->h; y++) read_row(s, out->pixels + (ptrdiff_t)y * out->w * out->c);
}

static void read_cmyk_rows(session *s)
{
    rb_image *out = s->out;
    uint8_t *row = RB_NEW(s->arena, uint8_t, (ptrdiff_t)out->w * 4);
    for (int y = 0; y < out->h; y++) {
        read_row(s, row);
        // Adobe writes light, not ink.
        for (int x = 0; s->lib.saw_Adobe_marker && x < out->w * 4; x++) row[x] = (uint8_t)(255 - row[x]);
        rb_cmyk_to_rgb(row, out->pixels + (ptrdiff_t)y * out->w * 3, out->w);
    }
}

static bool decode(session *s)
{
    if (!read_head(s)) return false;
    struct jpeg_decompress_struct *lib = &s->lib;
    bool cmyk = is_cmyk(lib);
    lib->out_color_space = cmyk ? JCS_CMYK : s->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(lib);

    rb_image *out = s->out;
    *out = (rb_image){.h = (int)lib->output_height, .w = (int)lib->output_width, .c = cmyk ? 3 : s->channels};
    out->pixels = RB_NEW(s->arena, uint8_t, (ptrdiff_t)out->h * out->w * out->c);
    (cmyk ? read_cmyk_rows : read_rows)(s);
    if (cmyk && s->channels == 1) rb_image_to_grey(out);
    return true;
}

static bool decode_guarded(session *s)
{
    if (setjmp(s->back)) return false;
    return decode(s);
}

bool rb_jpeg_decode(rb_arena *a, rb_bytes file, int channels, rb_image *out, int *orientation, rb_error *err)
{
    session s = {.arena = a, .file = file, .channels = channels, .out = out, .orientation = orientation, .err = err};
    s.lib.client_data = &s;
    s.lib.err = jpeg_std_error(&s.errors);
    s.errors.error_exit = give_up;
    s.errors.emit_message = hear;
    s.progress.progress_monitor = count_scans;
    bool done = decode_guarded(&s);
    jpeg_destroy_decompress(&s.lib);
    return done;
}
