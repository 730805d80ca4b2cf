// SPDX-License-Identifier: Apache-2.0
// tell_pictures.c - galleries: samples of each class, twins, outliers.
#include "base/file.h"
#include "explore/phash.h"
#include "explore/telling.h"
#include "report/canvas.h"
#include "report/scores.h"

#include <math.h>

#define MOST_SHOTS 24  // of a gallery of findings
#define SIDE       128 // pixels that the longer side of a picture has here, at most
#define GAP        4   // pixels between two pictures of a pair
#define NAMED      4   // members of a group that are named

// The size that an h x w picture is shown at: as it is or smaller, SIDE on its longer side; `filling`: SIDE wide, be it
// larger, but at most twice as high.
static rb_image frame_of(const rb_image *picture, bool filling)
{
    int longer = picture->h > picture->w ? picture->h : picture->w;
    double scale = filling ? fmin((double)SIDE / picture->w, 2.0 * SIDE / picture->h) : fmin((double)SIDE / longer, 1);
    rb_image out = {.h = (int)lround(picture->h * scale), .w = (int)lround(picture->w * scale), .c = 3};
    out.h += !out.h, out.w += !out.w;
    return out;
}

// A gallery shows all as wide as each other: what is narrow stands in the middle of a wider one, not to become a tower.
static void widen(rb_arena *a, rb_image *picture, int width)
{
    rb_image canvas = rb_canvas(a, picture->h, width);
    rb_canvas_put(&canvas, picture, (width - picture->w) / 2, 0);
    *picture = canvas;
}

static bool read_small(rb_arena *a, const rb_telling *t, int sample, bool filling, rb_image *out, rb_error *err)
{
    const char *path = t->data->samples[sample].path;
    rb_arena *scratch = rb_arena_open();
    rb_bytes file;
    rb_image image;
    bool done = rb_file_read(scratch, path, RB_IMAGE_MAX_FILE, &file, err) &&
                (rb_image_decode(scratch, file, 3, &image, err) || rb_fail_in(err, "%s", path));
    if (done) {
        *out = frame_of(&image, filling);
        out->pixels = RB_NEW(a, uint8_t, (ptrdiff_t)out->h * out->w * 3);
        rb_image_resize(scratch, &image, RB_AREA, out);
        int least = filling ? SIDE : out->h / 2;
        if (out->w < least) widen(a, out, least);
    }
    rb_arena_close(scratch);
    return done;
}

// ---- samples of each class ----------------------------------------------------------------------------------------

// Spread evenly over the readable pictures of the class.
static int pick(const rb_telling *t, int label, int most, int *out)
{
    int in_class = t->f->classes[label].all - t->f->classes[label].unreadable, seen = 0, count = 0;
    if (most > in_class) most = in_class;
    for (int i = 0; i < t->data->count && count < most; i++) {
        if (t->survey->facts[i].reason || t->data->samples[i].label != label) continue;
        if ((int64_t)seen++ >= (int64_t)count * in_class / most) out[count++] = i;
    }
    return count;
}

static bool tell_class(const rb_telling *t, int label, int most, rb_error *err)
{
    int *which = RB_NEW(t->arena, int, most), count = pick(t, label, most, which);
    rb_shot *shots = RB_NEW(t->arena, rb_shot, count);
    for (int i = 0; i < count; i++) {
        rb_image *picture = RB_NEW(t->arena, rb_image, 1);
        if (!read_small(t->arena, t, which[i], false, picture, err)) return false;
        shots[i] = (rb_shot){.picture = picture,
                             .name = rb_tell_where(t, which[i]),
                             .caption = rb_path_name(t->data->samples[which[i]].name),
                             .colour = label};
    }
    return rb_page_gallery(
        t->page, rb_text_format(t->arena, "Class %s", t->data->classes[label]),
        rb_text_format(t->arena, "%d of %d pictures, spread evenly over the class.", count, t->f->classes[label].all),
        shots, count, err);
}

// With many classes fewer of each: a page has room for some hundred.
bool rb_tell_samples(const rb_telling *t, rb_error *err)
{
    enum { MOST_ALL = 240, LEAST = 2 };
    int room = MOST_ALL / t->data->class_count, most = t->spec->samples < room ? t->spec->samples : room;
    rb_page_section(t->page, "Pictures");
    for (int k = 0; k < t->data->class_count; k++)
        if (!tell_class(t, k, most < LEAST ? LEAST : most, err)) return false;
    return true;
}

// ---- twins --------------------------------------------------------------------------------------------------------

static const char *group_caption(const rb_telling *t, const rb_twin_group *g)
{
    const char *text = g->files == 1 ? "the same file:" : "the same pixels:";
    for (int i = 0; i < g->count && i < NAMED; i++)
        text = rb_text_format(t->arena, "%s\n%s", text, rb_tell_where(t, g->member[i]));
    return g->count > NAMED ? rb_text_format(t->arena, "%s\nand %d more", text, g->count - NAMED) : text;
}

static bool tell_groups(const rb_telling *t, rb_error *err)
{
    const rb_twins *w = &t->f->twins;
    int count = w->group_count < MOST_SHOTS ? w->group_count : MOST_SHOTS;
    rb_shot *shots = RB_NEW(t->arena, rb_shot, count);
    for (int i = 0; i < count; i++) {
        int first = w->groups[i].member[0];
        rb_image *picture = RB_NEW(t->arena, rb_image, 1);
        if (!read_small(t->arena, t, first, false, picture, err)) return false;
        const char *caption = group_caption(t, &w->groups[i]);
        shots[i] =
            (rb_shot){.picture = picture, .name = caption, .caption = caption, .colour = t->data->samples[first].label};
    }
    return !count || rb_page_gallery(t->page, "Exact duplicates",
                                     rb_text_format(t->arena, "%s; %d shown.",
                                                    rb_counted(t->arena, w->group_count, "group", "groups"), count),
                                     shots, count, err);
}

// How much there is to say of a pair: both troubles, a leak, a conflict, none.
static int weight_of(const rb_telling *t, const rb_twin_pair *p)
{
    rb_discord d = rb_pair_discord(t->survey, p);
    return 2 * d.leak + d.conflict;
}

// The pairs worth most, in their own order where equal.
static int choose_pairs(const rb_telling *t, int *out)
{
    int count = 0;
    for (int weight = 3; weight >= 0; weight--)
        for (int i = 0; i < t->f->twins.pair_count && count < MOST_SHOTS; i++)
            if (weight_of(t, &t->f->twins.pairs[i]) == weight) out[count++] = i;
    return count;
}

static bool pair_shot(const rb_telling *t, const rb_twin_pair *p, rb_shot *out, rb_error *err)
{
    rb_image one, two, *both = RB_NEW(t->arena, rb_image, 1);
    if (!read_small(t->arena, t, p->a, true, &one, err) || !read_small(t->arena, t, p->b, true, &two, err))
        return false;
    *both = rb_canvas(t->arena, one.h + GAP + two.h, SIDE);
    rb_canvas_put(both, &one, 0, 0);
    rb_canvas_put(both, &two, 0, one.h + GAP);
    const char *turn = p->view ? rb_text_format(t->arena, "\nalike once the second is %s", rb_view_names[p->view]) : "";
    const char *caption = rb_text_format(t->arena, "%s\n%s%s\nlikeness %.3f", rb_tell_where(t, p->a),
                                         rb_tell_where(t, p->b), turn, p->likeness);
    *out = (rb_shot){.picture = both, .name = caption, .caption = caption, .colour = t->data->samples[p->a].label};
    return true;
}

static bool tell_pairs(const rb_telling *t, rb_error *err)
{
    int which[MOST_SHOTS], count = choose_pairs(t, which);
    rb_shot *shots = RB_NEW(t->arena, rb_shot, count);
    for (int i = 0; i < count; i++)
        if (!pair_shot(t, &t->f->twins.pairs[which[i]], &shots[i], err)) return false;
    return !count ||
           rb_page_gallery(t->page, "Near duplicates",
                           rb_text_format(t->arena, "%s; %d shown, those across parts or with different labels first.",
                                          rb_counted(t->arena, t->f->twins.pair_count, "pair", "pairs"), count),
                           shots, count, err);
}

bool rb_tell_twins(const rb_telling *t, rb_error *err)
{
    const rb_twins *w = &t->f->twins;
    rb_page_section(t->page, "Duplicates");
    rb_page_text(
        t->page,
        "Exact: the same pixels, whatever the file. Near: alike after resizing, re-encoding, mirroring or "
        "turning by right angles; crops are not looked for.%s",
        w->flat ? rb_text_format(t->arena, " %s too flat to be compared.",
                                 w->flat == 1 ? "1 picture is" : rb_text_format(t->arena, "%d pictures are", w->flat))
                : "");
    if (!w->cluster_count) rb_page_text(t->page, "No picture was found twice.");
    return tell_groups(t, err) && tell_pairs(t, err);
}

// ---- outliers -----------------------------------------------------------------------------------------------------

bool rb_tell_outliers(const rb_telling *t, rb_error *err)
{
    const rb_outliers *o = &t->f->outliers;
    int count = o->count < MOST_SHOTS ? o->count : MOST_SHOTS;
    rb_page_section(t->page, "Outliers");
    if (!count) {
        rb_page_text(t->page, "No picture is far from the others, in a simple statistic or on the map.");
        return true;
    }
    rb_shot *shots = RB_NEW(t->arena, rb_shot, count);
    for (int i = 0; i < count; i++) {
        const rb_outlier *x = &o->at[i];
        rb_image *picture = RB_NEW(t->arena, rb_image, 1);
        if (!read_small(t->arena, t, x->sample, false, picture, err)) return false;
        shots[i] = (rb_shot){.picture = picture,
                             .name = rb_tell_where(t, x->sample),
                             .caption = rb_text_format(t->arena, "%s\n%s %.3g: %.1f off", rb_tell_where(t, x->sample),
                                                       rb_outlier_name(x), x->value, x->score),
                             .colour = t->data->samples[x->sample].label};
    }
    return rb_page_gallery(t->page, "The farthest out",
                           rb_text_format(t->arena, "%s; %d shown. Off: robust standard deviations from the median.",
                                          rb_counted(t->arena, o->count, "picture", "pictures"), count),
                           shots, count, err);
}
