// SPDX-License-Identifier: Apache-2.0
// page.c - the page's beginning, and the order of its parts.
#include "explore/telling.h"
#include "report/scores.h"

const char *rb_tell_where(const rb_telling *t, int sample)
{
    const rb_sample *s = &t->data->samples[sample];
    const char *part = s->part == RB_NO_PART ? "" : rb_part_names[s->part];
    return rb_text_format(t->arena, "%s · class %s%s%s", s->name, t->data->classes[s->label], *part ? " · " : "", part);
}

int rb_tell_rarest(const rb_telling *t)
{
    int rarest = 0;
    for (int k = 1; k < t->data->class_count; k++)
        if (t->f->classes[k].all < t->f->classes[rarest].all) rarest = k;
    return rarest;
}

static double share_of(const rb_telling *t, int label)
{
    return 100.0 * t->f->classes[label].all / t->data->count;
}

// What has to be mended before training, most urgent first.
static const char *trouble(const rb_telling *t)
{
    const rb_findings *f = t->f;
    int unreadable = t->data->count - t->survey->readable;
    const char *text = "";
    if (unreadable) text = rb_text_format(t->arena, " %d cannot be read.", unreadable);
    if (f->leaks)
        text =
            rb_text_format(t->arena, "%s %s of duplicates %s over two parts of the split.", text,
                           rb_counted(t->arena, f->leaks, "cluster", "clusters"), f->leaks == 1 ? "reaches" : "reach");
    if (f->conflicts)
        text = rb_text_format(t->arena, "%s In %s of duplicates labels differ.", text,
                              rb_counted(t->arena, f->conflicts, "cluster", "clusters"));
    if (*text) return text;
    return f->twins.cluster_count ? " All can be read; duplicates agree in label and part."
                                  : " All can be read, and no picture is there twice.";
}

static void tell_answer(const rb_telling *t)
{
    int rarest = rb_tell_rarest(t);
    rb_page_lede(t->page, "%d pictures of %d classes, %.1f %% of them of class %s.%s", t->data->count,
                 t->data->class_count, share_of(t, rarest), t->data->classes[rarest], trouble(t));
}

static void tell_facts(const rb_telling *t)
{
    const rb_findings *f = t->f;
    rb_arena *a = t->arena;
    int rarest = rb_tell_rarest(t), unreadable = t->data->count - t->survey->readable;
    const rb_fact facts[] = {
        {"Pictures", rb_text_format(a, "%d", t->data->count),
         unreadable ? rb_text_format(a, "%d cannot be read", unreadable) : "all can be read"},
        {"Rarest class", rb_text_format(a, "%d", f->classes[rarest].all),
         rb_text_format(a, "%.1f %% are of class %s", share_of(t, rarest), t->data->classes[rarest])},
        {"In duplicates", rb_text_format(a, "%d", f->twin_pictures),
         rb_text_format(a, "pictures in %s", rb_counted(t->arena, f->twins.cluster_count, "cluster", "clusters"))},
        {"Labels differ", rb_text_format(a, "%d", f->conflicts), "clusters of duplicates"},
        {"Parts differ", f->split ? rb_text_format(a, "%d", f->leaks) : "–",
         f->split ? "clusters of duplicates" : "there is no split"},
        {"Outliers", rb_text_format(a, "%d", f->outliers.count),
         rb_text_format(a, "%g or more standard deviations off", RB_OUTLIER_SCORE)},
    };
    rb_page_facts(t->page, facts, (int)(sizeof facts / sizeof *facts));
}

static void tell_advice(const rb_telling *t)
{
    const rb_findings *f = t->f;
    if (f->leaks)
        rb_page_note(t->page,
                     "Duplicates on both sides of a split make a test look better than it is. Give them one group in a "
                     "manifest: members of a group stay in one part.");
    if (f->conflicts)
        rb_page_note(t->page, "At most one of two labels for the same picture is right: look at these by hand.");
    if (t->survey->readable < t->data->count)
        rb_page_note(t->page, "Training stops at a picture that cannot be read, unless on_bad_image says skip.");
}

bool rb_explore_page(rb_arena *a, const rb_findings *f, const rb_explore_page_spec *spec, rb_page **out, rb_error *err)
{
    *out = rb_page_new(a, rb_text_format(a, "Exploration of %s", spec->name), spec->made_by);
    rb_telling t = {a, *out, f, f->survey, f->survey->data, spec};
    tell_answer(&t);
    tell_facts(&t);
    tell_advice(&t);
    rb_tell_classes(&t);
    if (!rb_tell_samples(&t, err)) return false;
    rb_tell_map(&t);
    if (!rb_tell_twins(&t, err) || !rb_tell_outliers(&t, err)) return false;
    rb_tell_statistics(&t);
    rb_tell_files(&t);
    return true;
}
