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

static int rising(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at); // ties in the order of split.csv
}

// One gallery: which pictures belong to it, and what is said of them.
typedef struct gallery {
    const char *order;
    bool (*belongs)(const rb_part_results *r, int i, double *rank);
    const char *(*title)(rb_arena *a, const rb_past *run);
    const char *(*caption)(rb_arena *a, const rb_past *run, const rb_part_results *r, int i);
} gallery;

static ranked *rank(rb_arena *a, const rb_part_results *r, const gallery *g, int *count)
{
    ranked *all = RB_NEW(a, ranked, rb_part_count(r));
    *count = 0;
    for (int i = 0; i < rb_part_count(r); i++)
        if (g->belongs(r, i, &all[*count].rank)) all[(*count)++].at = i;
    qsort(all, (size_t)*count, sizeof *all, rising);
    return all;
}

// ---- of two classes -----------------------------------------------------------------------------------------------

static bool is_accepted(const rb_part_results *r, int i)
{
    return r->scores.score[i] >= r->threshold;
}

static bool wrongly_accepted(const rb_part_results *r, int i, double *rank)
{
    *rank = -r->scores.score[i];
    return is_accepted(r, i) && !r->scores.label[i];
}

static bool wrongly_rejected(const rb_part_results *r, int i, double *rank)
{
    *rank = r->scores.score[i];
    return !is_accepted(r, i) && r->scores.label[i];
}

// On the scale of logits, where far and near mean the same on both sides.
static bool near_threshold(const rb_part_results *r, int i, double *rank)
{
    const double tiny = 1e-7;
    double s = fmin(fmax(r->scores.score[i], tiny), 1 - tiny), t = fmin(fmax(r->threshold, tiny), 1 - tiny);
    *rank = fabs(log(s / (1 - s)) - log(t / (1 - t)));
    return true;
}

static const char *title_accepted(rb_arena *a, const rb_past *run)
{
    return rb_text_format(a, "Wrongly accepted: class %s taken for %s", run->classes[0], run->classes[1]);
}

static const char *title_rejected(rb_arena *a, const rb_past *run)
{
    return rb_text_format(a, "Wrongly rejected: class %s taken for %s", run->classes[1], run->classes[0]);
}

static const char *title_near(rb_arena *a, const rb_past *run)
{
    (void)a, (void)run;
    return "Least sure: nearest to the threshold";
}

static const char *say_score(rb_arena *a, const rb_past *run, const rb_part_results *r, int i)
{
    char score[RB_NUMBER_TEXT];
    return rb_text_format(a, "class %s · %s", run->classes[r->scores.label[i]],
                          rb_number_text(r->scores.score[i], 3, score));
}

static const gallery of_two[] = {{"the highest score first", wrongly_accepted, title_accepted, say_score},
                                 {"the lowest score first", wrongly_rejected, title_rejected, say_score},
                                 {"the nearest first", near_threshold, title_near, say_score},
                                 {0}};

// ---- of more ------------------------------------------------------------------------------------------------------

static const double *row_of(const rb_part_results *r, int i)
{
    return r->many.p + (ptrdiff_t)i * r->many.k;
}

// The most probable class but the one taken.
static int second(const rb_part_results *r, int i)
{
    const double *p = row_of(r, i);
    int taken = rb_past_taken(r, i), next = taken == 0;
    for (int c = 0; c < r->many.k; c++)
        if (c != taken && p[c] > p[next]) next = c;
    return next;
}

static bool wrongly_taken(const rb_part_results *r, int i, double *rank)
{
    *rank = row_of(r, i)[r->many.label[i]];
    return rb_past_taken(r, i) != r->many.label[i];
}

static bool by_lead(const rb_part_results *r, int i, double *rank)
{
    const double *p = row_of(r, i);
    *rank = p[rb_past_taken(r, i)] - p[second(r, i)];
    return true;
}

static const char *title_wrong(rb_arena *a, const rb_past *run)
{
    (void)a, (void)run;
    return "Most wrong: the least probability of the true class";
}

static const char *title_lead(rb_arena *a, const rb_past *run)
{
    (void)a, (void)run;
    return "Least sure: the least lead of the class taken";
}

static const char *say_taken(rb_arena *a, const rb_past *run, const rb_part_results *r, int i)
{
    char own[RB_NUMBER_TEXT];
    int label = r->many.label[i];
    return rb_text_format(a, "class %s · %s, taken for %s", run->classes[label],
                          rb_number_text(row_of(r, i)[label], 3, own), run->classes[rb_past_taken(r, i)]);
}

static const char *say_lead(rb_arena *a, const rb_past *run, const rb_part_results *r, int i)
{
    char most[RB_NUMBER_TEXT], next[RB_NUMBER_TEXT];
    int taken = rb_past_taken(r, i), other = second(r, i);
    return rb_text_format(a, "class %s · %s for %s, %s for %s", run->classes[r->many.label[i]],
                          rb_number_text(row_of(r, i)[taken], 3, most), run->classes[taken],
                          rb_number_text(row_of(r, i)[other], 3, next), run->classes[other]);
}

static const gallery of_many[] = {{"the lowest first", wrongly_taken, title_wrong, say_taken},
                                  {"the least first", by_lead, title_lead, say_lead},
                                  {0}};

// ---- galleries -----------------------------------------------------------------------------------------------------

static bool read_picture(rb_arena *a, const rb_past *run, const char *name, rb_image *out)
{
    rb_error ignored;
    rb_bytes file;
    return rb_file_read(a, rb_past_path(a, run, name), RB_IMAGE_MAX_FILE, &file, &ignored) &&
           rb_image_decode(a, file, 3, out, &ignored);
}

// What is shown of how many, and what is not there any more.
static const char *describe(rb_arena *a, const rb_past *run, const gallery *g, int all, int shown, int missing)
{
    const char *lost = "";
    if (missing)
        lost = rb_text_format(a, " %s cannot be read any more where the run found them (%s).",
                              rb_counted(a, missing, "picture", "pictures"), rb_past_path(a, run, "…"));
    if (!all) return "There is none.";
    return rb_text_format(a, "%d of %d, %s.%s", shown, all, g->order, lost);
}

// Pictures of one gallery that can be read, by their places in the part's scores.
typedef struct shown {
    int *at;
    rb_image *picture;
    rb_shot *shot;
    int count;
} shown;

static shown read_pictures(rb_arena *a, const galleries *g, const gallery *kind, const ranked *order, int count)
{
    shown s = {RB_NEW(a, int, count), RB_NEW(a, rb_image, count), RB_NEW(a, rb_shot, count), 0};
    for (int i = 0; i < count; i++) {
        int at = order[i].at;
        rb_image *picture = &s.picture[s.count];
        if (!read_picture(a, g->run, g->part->path[at], picture)) continue;
        s.shot[s.count] = (rb_shot){.picture = picture,
                                    .name = g->part->path[at],
                                    .caption = rb_text_format(a, "%s\n%s", kind->caption(a, g->run, g->part, at),
                                                              rb_path_name(g->part->path[at])),
                                    .colour = rb_part_labels(g->part)[at]};
        s.at[s.count++] = at;
    }
    return s;
}

// ---- heat maps ----------------------------------------------------------------------------------------------------

static int decision_of(const rb_part_results *r, int i)
{
    return r->many.n ? rb_past_taken(r, i) : is_accepted(r, i);
}

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
        asks[i] = (rb_cam_ask){rb_past_path(a, g->run, g->part->path[s->at[i]]), decision_of(g->part, s->at[i])};
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

static bool show(rb_arena *scratch, galleries *g, const gallery *kind, int most, rb_error *err)
{
    int all;
    const ranked *order = rank(scratch, g->part, kind, &all);
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
    for (const gallery *kind = run->class_count == 2 ? of_two : of_many; done && kind->order; kind++) {
        rb_arena *scratch = rb_arena_open();
        done = show(scratch, &g, kind, spec->pictures, err);
        rb_arena_close(scratch);
    }
    return done;
}
