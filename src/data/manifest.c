// SPDX-License-Identifier: Apache-2.0
// manifest.c - the layout of one CSV file: path,label[,split][,group][,species].
#include "base/log.h"
#include "data/csv.h"
#include "data/layout.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST_LIMIT ((ptrdiff_t)64 << 20)
#define FIELDS_LIMIT   256

typedef enum column { PATH, LABEL, SPLIT, GROUP, SPECIES, COLUMNS } column;
static const char *const column_names[COLUMNS] = {"path", "label", "split", "group", "species"};

typedef struct header {
    int at[COLUMNS]; // index among the fields of a row, -1 absent
    int width;
} header;

typedef struct row {
    const char *field[COLUMNS]; // "" where the column is absent
    int line;
} row;

typedef struct table {
    const char *path;
    row *rows;
    int count;
} table;

// ---- reading -----------------------------------------------------------------------------------------------------

static column column_of(const char *name)
{
    column k = PATH;
    while (k < COLUMNS && strcmp(name, column_names[k])) k++;
    return k;
}

static bool read_header(rb_csv *c, header *h, rb_error *err)
{
    char *name[FIELDS_LIMIT];
    for (int k = 0; k < COLUMNS; k++) h->at[k] = -1;
    if (!rb_csv_more(c)) return rb_fail(err, RB_ERR_DATA, "%s: empty; a manifest begins with path,label", c->path);
    if (!rb_csv_row(c, name, FIELDS_LIMIT, &h->width, err)) return false;
    for (int i = 0; i < h->width; i++) {
        column k = column_of(name[i]);
        if (k == COLUMNS)
            rb_note("%s: column '%s' is not used", c->path, name[i]);
        else if (h->at[k] >= 0)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: column '%s' is there twice", c->path, c->line, name[i]);
        else
            h->at[k] = i;
    }
    for (int k = PATH; k <= LABEL; k++)
        if (h->at[k] < 0)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: no column '%s'; a manifest begins with path,label", c->path,
                           c->line, column_names[k]);
    return true;
}

static bool read_row(rb_csv *c, const header *h, row *out, rb_error *err)
{
    char *field[FIELDS_LIMIT];
    int count;
    if (!rb_csv_row(c, field, FIELDS_LIMIT, &count, err)) return false;
    if (count != h->width)
        return rb_fail(err, RB_ERR_DATA, "%s:%d: %d fields where the header has %d", c->path, c->line, count, h->width);
    out->line = c->line;
    for (int k = 0; k < COLUMNS; k++) out->field[k] = h->at[k] < 0 ? "" : field[h->at[k]];
    for (int k = PATH; k <= LABEL; k++)
        if (!*out->field[k]) return rb_fail(err, RB_ERR_DATA, "%s:%d: no %s", c->path, c->line, column_names[k]);
    return true;
}

static bool read_table(rb_arena *a, const char *path, table *t, rb_error *err)
{
    rb_csv c;
    header h;
    if (!rb_csv_open(a, path, MANIFEST_LIMIT, &c, err) || !read_header(&c, &h, err)) return false;
    *t = (table){.path = path};
    for (int room = 0; rb_csv_more(&c); t->count++) {
        if (t->count == room) {
            room = room ? room * 2 : 256;
            row *wider = RB_NEW(a, row, room);
            if (t->count) memcpy(wider, t->rows, (size_t)t->count * sizeof *wider);
            t->rows = wider;
        }
        if (!read_row(&c, &h, &t->rows[t->count], err)) return false;
    }
    if (!t->count) return rb_fail(err, RB_ERR_DATA, "%s: no pictures below the header", path);
    return true;
}

// ---- labels ------------------------------------------------------------------------------------------------------

// A label that is a number, "3" or "3.0"; -1 for a name.
static int number_of(const char *text)
{
    size_t n = strspn(text, "0123456789");
    if (n < 1 || n > 9) return -1;
    const char *rest = text + n;
    if (*rest == '.') rest += 1 + strspn(rest + 1, "0");
    return *rest ? -1 : atoi(text);
}

static bool one_kind(const table *t, bool numbers, rb_error *err)
{
    for (int i = 0; i < t->count; i++) {
        const char *label = t->rows[i].field[LABEL];
        if ((number_of(label) >= 0) != numbers)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: label '%.40s' is a %s, the labels above are %s", t->path,
                           t->rows[i].line, label, numbers ? "name" : "number", numbers ? "numbers" : "names");
    }
    return true;
}

static bool label_by_number(rb_arena *a, const table *t, rb_dataset *d, rb_error *err)
{
    for (int i = 0; i < t->count; i++) {
        int label = number_of(t->rows[i].field[LABEL]);
        if (label >= t->count)
            return rb_fail(err, RB_ERR_DATA, "%s:%d: label %d, but only %d pictures: labels count from 0", t->path,
                           t->rows[i].line, label, t->count);
        d->samples[i].label = label;
        if (label >= d->class_count) d->class_count = label + 1;
    }
    if (d->class_count == 1) return rb_fail(err, RB_ERR_DATA, "%s: every label is 0; two classes are needed", t->path);

    d->classes = RB_NEW(a, const char *, d->class_count);
    for (int i = 0; i < t->count; i++) {
        const char **name = &d->classes[d->samples[i].label];
        if (!*name) *name = rb_text_format(a, "%d", d->samples[i].label);
    }
    for (int k = 0; k < d->class_count; k++)
        if (!d->classes[k])
            return rb_fail(err, RB_ERR_DATA, "%s: labels go up to %d, but no picture has label %d", t->path,
                           d->class_count - 1, k);
    return true;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static rb_names distinct_labels(rb_arena *a, const table *t)
{
    rb_names names = {RB_NEW(a, const char *, t->count), 0};
    for (int i = 0; i < t->count; i++) names.name[i] = t->rows[i].field[LABEL];
    qsort(names.name, (size_t)t->count, sizeof *names.name, by_text);
    for (int i = 0; i < t->count; i++)
        if (!i || strcmp(names.name[i], names.name[names.count - 1])) names.name[names.count++] = names.name[i];
    return names;
}

static bool label_by_name(rb_arena *a, const table *t, const char *positive, rb_dataset *d, rb_error *err)
{
    rb_names names = distinct_labels(a, t);
    int *label = RB_NEW(a, int, names.count);
    if (!rb_classes_label(a, t->path, names, positive, d, label, err)) return false;
    for (int i = 0; i < t->count; i++) {
        const char **at = bsearch(&t->rows[i].field[LABEL], names.name, (size_t)names.count, sizeof *at, by_text);
        d->samples[i].label = label[at - names.name];
    }
    return true;
}

// ---- samples -----------------------------------------------------------------------------------------------------

static bool part_of(const table *t, const row *r, rb_part *out, rb_error *err)
{
    int part = 0;
    while (part < RB_PARTS && strcmp(r->field[SPLIT], rb_part_names[part])) part++;
    *out = (rb_part)part;
    if (part < RB_PARTS || !*r->field[SPLIT]) return true;
    return rb_fail(err, RB_ERR_DATA, "%s:%d: split '%.40s' is none of train, val and test", t->path, r->line,
                   r->field[SPLIT]);
}

static int by_path(const void *x, const void *y)
{
    const row *p = *(const row *const *)x, *q = *(const row *const *)y;
    int order = strcmp(p->field[PATH], q->field[PATH]);
    return order ? order : (p->line > q->line) - (p->line < q->line);
}

// A picture named twice could be trained on and tested with.
static bool paths_differ(rb_arena *a, const table *t, rb_error *err)
{
    const row **sorted = RB_NEW(a, const row *, t->count);
    for (int i = 0; i < t->count; i++) sorted[i] = &t->rows[i];
    qsort(sorted, (size_t)t->count, sizeof *sorted, by_path);
    for (int i = 1; i < t->count; i++)
        if (!strcmp(sorted[i]->field[PATH], sorted[i - 1]->field[PATH]))
            return rb_fail(err, RB_ERR_DATA, "%s:%d: %s is there already, on line %d", t->path, sorted[i]->line,
                           sorted[i]->field[PATH], sorted[i - 1]->line);
    return true;
}

bool rb_layout_manifest(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err)
{
    table t;
    if (!read_table(a, s->manifest, &t, err) || !paths_differ(a, &t, err)) return false;
    bool numbers = number_of(t.rows[0].field[LABEL]) >= 0;
    if (!one_kind(&t, numbers, err)) return false;
    if (numbers && !rb_classes_fixed(s, s->manifest, err)) return false;

    const char *root = rb_path_folder(a, s->manifest);
    out->count = t.count;
    out->samples = RB_NEW(a, rb_sample, t.count);
    for (int i = 0; i < t.count; i++) {
        const row *r = &t.rows[i];
        out->samples[i] = rb_sample_new(a, root, r->field[PATH]);
        out->samples[i].group = *r->field[GROUP] ? r->field[GROUP] : NULL;
        out->samples[i].species = *r->field[SPECIES] ? r->field[SPECIES] : NULL;
        if (!part_of(&t, r, &out->samples[i].part, err)) return false;
    }
    return numbers ? label_by_number(a, &t, out, err) : label_by_name(a, &t, s->positive_class, out, err);
}
