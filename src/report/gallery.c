// SPDX-License-Identifier: Apache-2.0
// gallery.c - which pictures of a run are worth a look: those it is most wrong about, and those it is least sure of.
#include "report/gallery.h"
#include "report/scores.h"

#include <stdlib.h>

typedef struct ranked {
    double rank; // the least first
    int at;
} ranked;

static int rising(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at); // ties in the order of split.csv
}

int *rb_gallery_order(rb_arena *a, const rb_gallery *g, const rb_part_results *r, int *count)
{
    int all = rb_part_count(r), *order = RB_NEW(a, int, all);
    ranked *by = RB_NEW(a, ranked, all);
    *count = 0;
    for (int i = 0; i < all; i++)
        if (g->belongs(r, i, &by[*count].rank)) by[(*count)++].at = i;
    qsort(by, (size_t)*count, sizeof *by, rising);
    for (int i = 0; i < *count; i++) order[i] = by[i].at;
    return order;
}

// ---- of two classes -----------------------------------------------------------------------------------------------

static bool wrongly_accepted(const rb_part_results *r, int i, double *rank)
{
    *rank = -r->scores.score[i];
    return rb_past_taken(r, i) && !r->scores.label[i];
}

static bool wrongly_rejected(const rb_part_results *r, int i, double *rank)
{
    *rank = r->scores.score[i];
    return !rb_past_taken(r, i) && r->scores.label[i];
}

static bool near_threshold(const rb_part_results *r, int i, double *rank)
{
    *rank = rb_far_from(r->scores.score[i], r->threshold);
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

static const rb_gallery of_two[] = {{"the highest score first", wrongly_accepted, title_accepted, say_score},
                                    {"the lowest score first", wrongly_rejected, title_rejected, say_score},
                                    {"the nearest first", near_threshold, title_near, say_score},
                                    {0}};

// ---- of more ------------------------------------------------------------------------------------------------------

static const double *row_of(const rb_part_results *r, int i)
{
    return r->many.p + (ptrdiff_t)i * r->many.k;
}

static bool wrongly_taken(const rb_part_results *r, int i, double *rank)
{
    *rank = row_of(r, i)[r->many.label[i]];
    return rb_past_taken(r, i) != r->many.label[i];
}

static bool by_lead(const rb_part_results *r, int i, double *rank)
{
    int second;
    *rank = rb_lead_of(row_of(r, i), r->many.k, rb_past_taken(r, i), &second);
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
    int taken = rb_past_taken(r, i), other;
    (void)rb_lead_of(row_of(r, i), r->many.k, taken, &other);
    return rb_text_format(a, "class %s · %s for %s, %s for %s", run->classes[r->many.label[i]],
                          rb_number_text(row_of(r, i)[taken], 3, most), run->classes[taken],
                          rb_number_text(row_of(r, i)[other], 3, next), run->classes[other]);
}

static const rb_gallery of_many[] = {{"the lowest first", wrongly_taken, title_wrong, say_taken},
                                     {"the least first", by_lead, title_lead, say_lead},
                                     {0}};

const rb_gallery *rb_galleries(const rb_past *run)
{
    return run->class_count == 2 ? of_two : of_many;
}
