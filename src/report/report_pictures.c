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

static bool show(rb_page *p, rb_arena *scratch, const rb_past *run, const rb_part_results *r, gallery_kind kind,
                 int most, rb_error *err)
{
    int all, shown = 0, missing = 0;
    const ranked *order = rank(scratch, r, kind, &all);
    int looked = all < most ? all : most;
    rb_shot *shots = RB_NEW(scratch, rb_shot, looked);
    rb_image *pictures = RB_NEW(scratch, rb_image, looked);
    for (int i = 0; i < looked; i++) {
        int at = order[i].at;
        char score[RB_NUMBER_TEXT];
        if (!read_picture(scratch, run, r->path[at], &pictures[shown])) {
            missing++;
            continue;
        }
        shots[shown] = (rb_shot){.picture = &pictures[shown], .name = r->path[at], .colour = r->scores.label[at]};
        shots[shown].caption = rb_text_format(scratch, "class %s · %s\n%s", run->classes[r->scores.label[at]],
                                              rb_number_text(r->scores.score[at], 3, score), rb_path_name(r->path[at]));
        shown++;
    }
    return rb_page_gallery(p, title_of(scratch, run, kind), describe(scratch, run, kind, all, shown, missing), shots,
                           shown, err);
}

bool rb_report_pictures(rb_page *p, const rb_past *run, int most, rb_error *err)
{
    int part = rb_past_main_part(run);
    bool done = true;
    if (part < 0 || !most) return true;
    rb_page_section(p, "Pictures");
    for (int kind = 0; done && kind < GALLERIES; kind++) {
        rb_arena *scratch = rb_arena_open();
        done = show(p, scratch, run, &run->part[part], (gallery_kind)kind, most, err);
        rb_arena_close(scratch);
    }
    return done;
}
