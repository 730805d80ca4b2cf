// SPDX-License-Identifier: Apache-2.0
#include "explore/findings.h"
#include "explore/phash.h"

static const char *name_of(const rb_findings *f, int sample)
{
    return f->survey->data->samples[sample].name;
}

static void put_where(rb_json *j, const rb_findings *f, int sample)
{
    const rb_sample *s = &f->survey->data->samples[sample];
    rb_json_string(j, "path", s->name);
    rb_json_string(j, "class", f->survey->data->classes[s->label]);
    if (s->part != RB_NO_PART) rb_json_string(j, "part", rb_part_names[s->part]);
}

static void put_three(rb_json *j, const char *key, const double *x)
{
    rb_json_open(j, key, '[');
    for (int c = 0; c < 3; c++) rb_json_real(j, NULL, x[c]);
    rb_json_close(j);
}

static void put_classes(rb_json *j, const rb_findings *f)
{
    const rb_dataset *d = f->survey->data;
    rb_json_open(j, "classes", '[');
    for (int k = 0; k < d->class_count; k++) {
        const rb_class_count *c = &f->classes[k];
        rb_json_open(j, NULL, '{');
        rb_json_integer(j, "label", k);
        rb_json_string(j, "class", d->classes[k]);
        rb_json_integer(j, "pictures", c->all);
        rb_json_real(j, "share", (double)c->all / d->count);
        for (int p = 0; p < RB_PARTS && f->split; p++) rb_json_integer(j, rb_part_names[p], c->part[p]);
        rb_json_integer(j, "unreadable", c->unreadable);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_unreadable(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "unreadable", '[');
    for (int i = 0; i < f->survey->data->count; i++) {
        if (!f->survey->facts[i].reason) continue;
        rb_json_open(j, NULL, '{');
        put_where(j, f, i);
        rb_json_string(j, "reason", f->survey->facts[i].reason);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_files(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "formats", '[');
    for (int i = 0; i < f->kind_count; i++) {
        rb_json_open(j, NULL, '{');
        rb_json_string(j, "format", f->kinds[i].kind.format);
        rb_json_integer(j, "channels", f->kinds[i].kind.channels);
        rb_json_integer(j, "bits", f->kinds[i].kind.bits);
        rb_json_integer(j, "pictures", f->kinds[i].count);
        rb_json_close(j);
    }
    rb_json_close(j);
    rb_json_open(j, "sizes", '[');
    for (int i = 0; i < f->size_count; i++) {
        rb_json_open(j, NULL, '{');
        rb_json_integer(j, "width", f->sizes[i].w);
        rb_json_integer(j, "height", f->sizes[i].h);
        rb_json_integer(j, "pictures", f->sizes[i].count);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_pixels(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "pixels", '{');
    rb_json_string(j, "of", f->split ? "train" : "all");
    put_three(j, "mean", f->mean);
    put_three(j, "std", f->std);
    rb_json_close(j);
}

static void put_spread(rb_json *j, const char *class, const rb_spread *s)
{
    const struct {
        const char *key;
        double value;
    } values[] = {{"mean", s->mean},     {"std", s->std}, {"p05", s->p05}, {"p25", s->p25},
                  {"median", s->median}, {"p75", s->p75}, {"p95", s->p95}};
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "class", class);
    rb_json_integer(j, "pictures", s->n);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) rb_json_real(j, values[i].key, values[i].value);
    rb_json_close(j);
}

static void put_statistics(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "statistics", '[');
    for (int k = 0; k < RB_STATISTICS; k++) {
        rb_json_open(j, NULL, '{');
        rb_json_string(j, "name", rb_statistic_names[k]);
        rb_json_real(j, "roc_auc", f->auc[k]);
        rb_json_open(j, "classes", '[');
        for (int c = 0; c < f->survey->data->class_count; c++)
            put_spread(j, f->survey->data->classes[c], &f->spread[k][c]);
        rb_json_close(j);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_groups(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "exact", '[');
    for (int g = 0; g < f->twins.group_count; g++) {
        const rb_twin_group *group = &f->twins.groups[g];
        rb_json_open(j, NULL, '{');
        rb_json_bool(j, "same_bytes", group->files == 1);
        rb_json_open(j, "pictures", '[');
        for (int i = 0; i < group->count; i++) {
            rb_json_open(j, NULL, '{');
            put_where(j, f, group->member[i]);
            rb_json_close(j);
        }
        rb_json_close(j);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_pairs(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "near", '[');
    for (int i = 0; i < f->twins.pair_count; i++) {
        const rb_twin_pair *p = &f->twins.pairs[i];
        rb_discord d = rb_pair_discord(f->survey, p);
        rb_json_open(j, NULL, '{');
        rb_json_string(j, "a", name_of(f, p->a));
        rb_json_string(j, "b", name_of(f, p->b));
        rb_json_string(j, "view", rb_view_names[p->view]);
        rb_json_integer(j, "bits", p->distance);
        rb_json_real(j, "likeness", p->likeness);
        rb_json_bool(j, "conflict", d.conflict);
        rb_json_bool(j, "leak", d.leak);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_twins(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "duplicates", '{');
    rb_json_integer(j, "pictures", f->twin_pictures);
    rb_json_integer(j, "clusters", f->twins.cluster_count);
    rb_json_integer(j, "conflicts", f->conflicts);
    rb_json_integer(j, "leaks", f->leaks);
    rb_json_integer(j, "too_flat_to_compare", f->twins.flat);
    put_groups(j, f);
    put_pairs(j, f);
    rb_json_close(j);
}

static void put_outliers(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, "outliers", '[');
    for (int i = 0; i < f->outliers.count; i++) {
        const rb_outlier *o = &f->outliers.at[i];
        rb_json_open(j, NULL, '{');
        put_where(j, f, o->sample);
        rb_json_string(j, "in", rb_outlier_name(o));
        rb_json_real(j, "value", o->value);
        rb_json_real(j, "score", o->score);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static void put_point(rb_json *j, const char *key, const float *xy)
{
    rb_json_open(j, key, '[');
    rb_json_real(j, NULL, (double)xy[0]);
    rb_json_real(j, NULL, (double)xy[1]);
    rb_json_close(j);
}

static void put_map(rb_json *j, const rb_findings *f)
{
    const rb_map *m = &f->map;
    rb_json_open(j, "map", '{');
    rb_json_string(j, "features", m->features.source);
    rb_json_open(j, "pca_share", '[');
    for (int c = 0; c < 2; c++) rb_json_real(j, NULL, m->share[c]);
    rb_json_close(j);
    rb_json_open(j, "kinship", '[');
    for (int k = 0; m->kinship && k < f->survey->data->class_count; k++) rb_json_real(j, NULL, m->kinship[k]);
    rb_json_close(j);
    rb_json_open(j, "points", '[');
    for (int i = 0; m->tsne && i < m->n; i++) {
        rb_json_open(j, NULL, '{');
        put_where(j, f, m->sample[i]);
        put_point(j, "pca", m->pca + 2 * i);
        put_point(j, "tsne", m->tsne + 2 * i);
        rb_json_close(j);
    }
    rb_json_close(j);
    rb_json_close(j);
}

void rb_findings_to_json(rb_json *j, const rb_findings *f)
{
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "pictures", f->survey->data->count);
    rb_json_integer(j, "readable", f->survey->readable);
    rb_json_integer(j, "bytes", f->bytes);
    put_classes(j, f);
    put_unreadable(j, f);
    put_files(j, f);
    put_pixels(j, f);
    put_statistics(j, f);
    put_twins(j, f);
    put_outliers(j, f);
    put_map(j, f);
    rb_json_close(j);
}
