// SPDX-License-Identifier: Apache-2.0
// report_pictures.c - the pictures that a run is most wrong about, and those it is least sure of.
#include "report/report.h"
#include "report/scores.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double rank; // the least first
    int at;      // in the part's scores
} ranked;

typedef struct galleries {
    rb_page *page;
    const rb_past *run;
    const rb_part_results *part;
    const rb_cam_maker *cams; // NULL: no heat maps, or no more
    bool explained;           // what they show
} galleries;

typedef enum gallery_kind { ACCEPTED, REJECTED, UNSURE, GALLERIES } gallery_kind;

static int rising(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at); // ties in the order of split.csv
}

// Wrongly accepted: the highest score first. Wrongly rejected: the lowest. Unsure: the nearest to the threshold, on the
// scale of logits, where far and near mean the same on both sides.
static bool belongs(const rb_part_results *r, int i, gallery_kind kind, double *rank)
{
    double score = r->scores.score[i], tiny = 1e-7;
    bool accepted = score >= r->threshold;
    double s = fmin(fmax(score, tiny), 1 - tiny), t = fmin(fmax(r->threshold, tiny), 1 - tiny);
    switch (kind) {
    case ACCEPTED:
        *rank = -score;
        return accepted && !r->scores.label[i];
    case REJECTED:
        *rank = score;
        return !accepted && r->scores.label[i];
    case UNSURE:
    case GALLERIES:
        break;
    }
    *rank = fabs(log(s / (1 - s)) - log(t / (1 - t)));
    return true;
}

static ranked *rank(rb_arena *a, const rb_part_results *r, gallery_kind kind, int *count)
{
    ranked *all = RB_NEW(a, ranked, r->scores.n);
    *count = 0;
    for (int i = 0; i < r->scores.n; i++)
        if (belongs(r, i, kind, &all[*count].rank)) all[(*count)++].at = i;
    qsort(all, (size_t)*count, sizeof *all, rising);
    return all;
}

static bool read_picture(rb_arena *a, const rb_past *run, const char *name, rb_image *out)
{
    rb_error ignored;
    rb_bytes file;
    return rb_file_read(a, rb_past_path(a, run, name), RB_IMAGE_MAX_FILE, &file, &ignored) &&
           rb_image_decode(a, file, 3, out, &ignored);
}

static const char *title_of(rb_arena *a, const rb_past *run, gallery_kind kind)
{
    switch (kind) {
    case ACCEPTED:
        return rb_text_format(a, "Wrongly accepted: class %s taken for %s", run->classes[0], run->classes[1]);
    case REJECTED:
        return rb_text_format(a, "Wrongly rejected: class %s taken for %s", run->classes[1], run->classes[0]);
    case UNSURE:
    case GALLERIES:
        break;
    }
    return "Least sure: nearest to the threshold";
}

// What is shown of how many, and what is not there any more.
static const char *describe(rb_arena *a, const rb_past *run, gallery_kind kind, int all, int shown, int missing)
{
    static const char *const order[] = {"the highest score first", "the lowest score first", "the nearest first"};
    const char *lost = "";
    if (missing)
        lost = rb_text_format(a, " %s cannot be read any more where the run found them (%s).",
                              rb_counted(a, missing, "picture", "pictures"), rb_past_path(a, run, "…"));
    if (!all) return "There is none.";
    return rb_text_format(a, "%d of %d, %s.%s", shown, all, order[kind], lost);
}

// ---- galleries ----------------------------------------------------------------------------------------------------

// Pictures of one gallery that can be read, by their places in the part's scores.
typedef struct shown {
    int *at;
    rb_image *picture;
    rb_shot *shot;
    int count;
} shown;

static bool is_accepted(const rb_part_results *r, int i)
{
    return r->scores.score[i] >= r->threshold;
}

static const char *caption_of(rb_arena *a, const galleries *g, int at)
{
    const rb_part_results *r = g->part;
    char score[RB_NUMBER_TEXT];
    return rb_text_format(a, "class %s · %s\n%s", g->run->classes[r->scores.label[at]],
                          rb_number_text(r->scores.score[at], 3, score), rb_path_name(r->path[at]));
}

static shown read_pictures(rb_arena *a, const galleries *g, const ranked *order, int count)
{
    shown s = {RB_NEW(a, int, count), RB_NEW(a, rb_image, count), RB_NEW(a, rb_shot, count), 0};
    for (int i = 0; i < count; i++) {
        int at = order[i].at;
        rb_image *picture = &s.picture[s.count];
        if (!read_picture(a, g->run, g->part->path[at], picture)) continue;
        s.shot[s.count] = (rb_shot){.picture = picture,
                                    .name = g->part->path[at],
                                    .caption = caption_of(a, g, at),
                                    .colour = g->part->scores.label[at]};
        s.at[s.count++] = at;
    }
    return s;
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
        rb_image small = rb_shot_fitted(a, &s->picture[i]);
        overlay[i] = rb_overlay(a, &small, cams[i]);
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
        asks[i] = (rb_cam_ask){rb_past_path(a, g->run, g->part->path[s->at[i]]), is_accepted(g->part, s->at[i])};
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

static bool show(rb_arena *scratch, galleries *g, gallery_kind kind, int most, rb_error *err)
{
    int all;
    const ranked *order = rank(scratch, g->part, kind, &all);
    int looked = all < most ? all : most;
    shown s = read_pictures(scratch, g, order, looked);
    return add_heat(scratch, g, &s, err) &&
           rb_page_gallery(g->page, title_of(scratch, g->run, kind),
                           describe(scratch, g->run, kind, all, s.count, looked - s.count), s.shot, s.count, err);
}

bool rb_report_pictures(rb_page *p, const rb_past *run, const rb_report_spec *spec, rb_error *err)
{
    int part = rb_past_main_part(run);
    bool done = true;
    if (part < 0 || !spec->pictures) return true;
    galleries g = {p, run, &run->part[part], spec->cams, false};
    rb_page_section(p, "Pictures");
    for (int kind = 0; done && kind < GALLERIES; kind++) {
        rb_arena *scratch = rb_arena_open();
        done = show(scratch, &g, (gallery_kind)kind, spec->pictures, err);
        rb_arena_close(scratch);
    }
    return done;
}
