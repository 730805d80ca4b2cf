// SPDX-License-Identifier: Apache-2.0
// evidence.c - labels, scores, groups and species from files, line by line the same picture.
#include "cli/part/evidence.h"

#include "base/log.h"
#include "data/columns.h"

#include <math.h>

#define HALF 0.5 // the threshold where nobody names one

typedef struct files {
    const rb_eval_settings *keys;
    int *label, labels;
    rb_rows proba, other;
    const char **group, **species; // NULL: not named
} files;

rb_scores rb_evidence_scores(const rb_evidence *e)
{
    return (rb_scores){e->score, e->label, e->n};
}

rb_scores rb_evidence_other(const rb_evidence *e)
{
    return (rb_scores){e->other, e->label, e->n};
}

// ---- reading ------------------------------------------------------------------------------------------------------

static bool same_length(const files *f, const char *path, int lines, rb_error *err)
{
    if (lines == f->labels) return true;
    return rb_fail(err, RB_ERR_DATA, "%s has %d lines, %s has %d; line N of both must be the same picture",
                   f->keys->labels, f->labels, path, lines);
}

static bool read_words(rb_arena *a, const files *f, const char *path, const char ***out, rb_error *err)
{
    int count;
    return !path || (rb_words_read(a, path, out, &count, err) && same_length(f, path, count, err));
}

static bool same_columns(const files *f, const char *path, int columns, rb_error *err)
{
    if (f->proba.columns == 1) return rb_rows_of_two(path, columns, err);
    return columns == f->proba.columns ||
           rb_fail(err, RB_ERR_DATA, "%s has %d columns, %s has %d; both must be of the same classes", f->keys->proba,
                   f->proba.columns, path, columns);
}

static bool read_other(rb_arena *a, files *f, rb_error *err)
{
    const char *path = f->keys->against;
    return !path || (rb_rows_read(a, path, &f->other, err) && same_columns(f, path, f->other.columns, err) &&
                     same_length(f, path, f->other.rows, err));
}

static int classes_of(const files *f)
{
    return f->proba.columns == 1 ? 2 : f->proba.columns;
}

static bool labels_fit(const files *f, rb_error *err)
{
    const rb_eval_settings *e = f->keys;
    int most = 0, k = classes_of(f);
    for (int i = 0; i < f->labels; i++)
        if (f->label[i] > most) most = f->label[i];
    if (k == 2 || most > 1) return true;
    return rb_fail(
        err, RB_ERR_DATA,
        "%s has %d columns, but %s has no label above 1; of two classes give the probability of label 1 alone",
        e->proba, k, e->labels);
}

// What eval does with two classes alone.
static bool suits_classes(const files *f, double val_threshold, rb_error *err)
{
    const rb_eval_settings *e = f->keys;
    const char *key = e->species ? "species" : e->pick_threshold ? "pick_threshold" : NULL;
    if (!isnan(val_threshold)) key = "val_threshold";
    if (!isnan(e->against_threshold)) key = "against_threshold";
    return classes_of(f) == 2 || !key ||
           rb_fail(err, RB_ERR_USAGE, "%s is for two classes, and %s has %d columns", key, e->proba, f->proba.columns);
}

static bool read_files(rb_arena *a, const rb_settings *s, files *f, rb_error *err)
{
    const rb_eval_settings *e = f->keys = &s->eval;
    if (!e->labels || !e->proba)
        return rb_fail(err, RB_ERR_USAGE, "labels and proba belong together: %s is missing",
                       e->labels ? "proba" : "labels");
    if (!rb_rows_read(a, e->proba, &f->proba, err)) return false;
    if (f->proba.columns == 2) return rb_rows_of_two(e->proba, 2, err);
    return suits_classes(f, s->decision.val_threshold, err) &&
           rb_class_labels_read(a, e->labels, classes_of(f), &f->label, &f->labels, err) &&
           same_length(f, e->proba, f->proba.rows, err) && labels_fit(f, err) && read_other(a, f, err) &&
           read_words(a, f, e->groups, &f->group, err) && read_words(a, f, e->species, &f->species, err);
}

// ---- rows that can be judged --------------------------------------------------------------------------------------

// What decides with a threshold is compared as floats.
static void keep_row(const double *row, int columns, double *out)
{
    for (int c = 0; c < columns; c++) out[c] = columns == 1 ? (double)(float)row[c] : row[c];
}

static void keep(const files *f, int line, rb_evidence *out)
{
    int at = out->n++, columns = rb_evidence_columns(out);
    ptrdiff_t to = (ptrdiff_t)at * columns;
    out->label[at] = f->label[line];
    keep_row(f->proba.row[line], columns, (out->k == 2 ? out->score : out->shares) + to);
    if (out->other) keep_row(f->other.row[line], columns, out->other + to);
    if (f->group) f->group[at] = f->group[line];
    if (f->species) f->species[at] = f->species[line];
}

static bool keep_readable(const files *f, rb_evidence *out, rb_error *err)
{
    const rb_eval_settings *e = f->keys;
    int odd = 0;
    for (int i = 0; i < f->labels; i++) {
        if (!f->proba.row[i] || (out->other && !f->other.row[i])) continue;
        if (out->k > 2 && !rb_row_is_probable(e->proba, i + 1, f->proba.row[i], out->k, err)) return false;
        if (out->k > 2 && out->other && !rb_row_is_probable(e->against, i + 1, f->other.row[i], out->k, err))
            return false;
        keep(f, i, out);
        if (!odd && out->k == 2 && !(out->score[out->n - 1] >= 0 && out->score[out->n - 1] <= 1)) odd = i + 1;
    }
    if (!out->n) return rb_fail(err, RB_ERR_DATA, "%s: no line has a number: there is nothing to judge", e->proba);
    if (out->n < f->labels) rb_note("%s: %d lines are nan and left out", e->proba, f->labels - out->n);
    if (odd)
        rb_warn("%s:%d: outside 0..1, no probability: log loss, Brier score and calibration error are left out",
                e->proba, odd);
    return true;
}

static void choose_thresholds(const rb_settings *s, rb_evidence *out)
{
    double given = s->decision.val_threshold, other = s->eval.against_threshold;
    out->threshold_from = isnan(given) ? "as none was given" : "given";
    out->threshold = isnan(given) ? HALF : given;
    out->other_threshold = isnan(other) ? out->threshold : other;
}

bool rb_evidence_read(rb_arena *a, const rb_settings *s, rb_evidence *out, rb_error *err)
{
    files f = {0};
    if (!read_files(a, s, &f, err)) return false;
    *out = (rb_evidence){.k = classes_of(&f), .label = RB_NEW(a, int, f.labels), .rule = s->threshold, .name = "all"};
    ptrdiff_t room = (ptrdiff_t)f.labels * rb_evidence_columns(out);
    *(out->k == 2 ? &out->score : &out->shares) = RB_NEW(a, double, room);
    if (s->eval.against) out->other = RB_NEW(a, double, room);
    if (!keep_readable(&f, out, err)) return false;
    out->group = f.group;
    out->species = f.species;
    choose_thresholds(s, out);
    return true;
}
