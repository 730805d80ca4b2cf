// SPDX-License-Identifier: Apache-2.0
// report_pictures.c - galleries of pictures, each with where in it the network found what it decided by.
#include "report/gallery.h"
#include "report/report.h"
#include "report/scores.h"

#include "base/file.h"

#include <string.h>

typedef struct galleries {
    rb_page *page;
    const rb_past *run;
    const rb_part_results *part;
    const rb_cam_maker *cams; // NULL: no heat maps, or no more
    bool explained;           // what they show
} galleries;

// ---- pictures -----------------------------------------------------------------------------------------------------

// Pictures of one gallery that can be read, as small as a page shows them, by their places in the part's scores.
typedef struct shown {
    int *at;
    rb_image *picture;
    rb_shot *shot;
    int count;
} shown;

// What is small already still lives with the file that it came from.
static rb_image fitted_copy(rb_arena *a, const rb_image *from)
{
    rb_image out = rb_shot_fitted(a, from);
    if (out.pixels != from->pixels) return out;
    ptrdiff_t size = (ptrdiff_t)out.h * out.w * out.c;
    out.pixels = memcpy(RB_NEW(a, uint8_t, size), from->pixels, (size_t)size);
    return out;
}

// One picture at a time is held as large as it is: a gallery of photographs would take a gigabyte.
static bool read_picture(rb_arena *a, const rb_past *run, const char *name, rb_image *out, rb_shot *shot)
{
    rb_error ignored;
    rb_bytes file;
    rb_image full;
    rb_arena *scratch = rb_arena_open();
    bool done = rb_file_read(scratch, rb_past_path(scratch, run, name), RB_IMAGE_MAX_FILE, &file, &ignored) &&
                rb_image_decode(scratch, file, 3, &full, &ignored);
    if (done) {
        *out = fitted_copy(a, &full);
        *shot = (rb_shot){.picture = out, .name = name, .h = full.h, .w = full.w};
    }
    rb_arena_close(scratch);
    return done;
}

static shown read_pictures(rb_arena *a, const galleries *g, const rb_gallery *kind, const int *order, int count)
{
    shown s = {RB_NEW(a, int, count), RB_NEW(a, rb_image, count), RB_NEW(a, rb_shot, count), 0};
    for (int i = 0; i < count; i++) {
        int at = order[i];
        const char *name = g->part->path[at];
        rb_shot *shot = &s.shot[s.count];
        if (!read_picture(a, g->run, name, &s.picture[s.count], shot)) continue;
        shot->colour = rb_part_labels(g->part)[at];
        shot->caption = rb_text_format(a, "%s\n%s", kind->caption(a, g->run, g->part, at), rb_path_name(name));
        s.at[s.count++] = at;
    }
    return s;
}

// What is shown of how many, and what is not there any more.
static const char *describe(rb_arena *a, const rb_past *run, const rb_gallery *kind, int all, int there, int missing)
{
    const char *lost = "";
    if (missing)
        lost = rb_text_format(a, " %s cannot be read any more where the run found them (%s).",
                              rb_counted(a, missing, "picture", "pictures"), rb_past_path(a, run, "…"));
    if (!all) return "There is none.";
    return rb_text_format(a, "%d of %d, %s.%s", there, all, kind->order, lost);
}

// ---- heat maps ----------------------------------------------------------------------------------------------------

static void explain(galleries *g, rb_cam cam)
{
    if (!g->explained)
        rb_page_text(g->page,
                     "Heat maps show where in a picture the network found what speaks for its decision, right or wrong "
                     "(Grad-CAM): from violet, a little, to yellow, the most within that picture. What stays grey does "
                     "not speak for it. A map has %d × %d cells, and says nothing finer.",
                     cam.h, cam.w);
    g->explained = true;
}

static void lay_over(rb_arena *a, galleries *g, const shown *s, const rb_cam *cams)
{
    rb_image *overlay = RB_NEW(a, rb_image, s->count);
    for (int i = 0; i < s->count; i++) {
        if (!cams[i].at) continue;
        explain(g, cams[i]);
        overlay[i] = rb_overlay(a, &s->picture[i], cams[i]);
        s->shot[i].overlay = &overlay[i];
    }
}

// Without its maps a page is still one.
static bool add_heat(rb_arena *a, galleries *g, const shown *s, rb_error *err)
{
    rb_error why;
    rb_cam_ask *asks = RB_NEW(a, rb_cam_ask, s->count);
    rb_cam *cams = RB_NEW(a, rb_cam, s->count);
    if (!g->cams || !s->count) return true;
    for (int i = 0; i < s->count; i++)
        asks[i] = (rb_cam_ask){rb_past_path(a, g->run, g->part->path[s->at[i]]), rb_past_taken(g->part, s->at[i])};
    if (g->cams->make(g->cams->context, a, g->run, asks, s->count, cams, &why)) {
        lay_over(a, g, s, cams);
        return true;
    }
    if (why.kind == RB_ERR_STOPPED) return rb_fail(err, why.kind, "%s", why.text);
    rb_page_note(g->page, "There are no heat maps: %s.", why.text);
    g->cams = NULL;
    return true;
}

// ---- the section --------------------------------------------------------------------------------------------------

static bool show(rb_arena *scratch, galleries *g, const rb_gallery *kind, int most, rb_error *err)
{
    int all;
    const int *order = rb_gallery_order(scratch, kind, g->part, &all);
    int looked = all < most ? all : most;
    shown s = read_pictures(scratch, g, kind, order, looked);
    return add_heat(scratch, g, &s, err) &&
           rb_page_gallery(g->page, kind->title(scratch, g->run),
                           describe(scratch, g->run, kind, all, s.count, looked - s.count), s.shot, s.count, err);
}

bool rb_report_pictures(rb_page *p, const rb_past *run, const rb_report_spec *spec, rb_error *err)
{
    int part = rb_past_main_part(run);
    bool done = true;
    if (part < 0 || !spec->pictures) return true;
    galleries g = {p, run, &run->part[part], spec->cams, false};
    rb_page_section(p, "Pictures");
    for (const rb_gallery *kind = rb_galleries(run); done && kind->order; kind++) {
        rb_arena *scratch = rb_arena_open();
        done = show(scratch, &g, kind, spec->pictures, err);
        rb_arena_close(scratch);
    }
    return done;
}
