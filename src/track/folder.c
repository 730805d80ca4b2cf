// SPDX-License-Identifier: Apache-2.0
#include "track/folder.h"

#include "base/file.h"
#include "config/tree.h"
#include "data/columns.h"
#include "track/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPLIT_LIMIT  ((ptrdiff_t)1 << 30)
#define MOST_CLASSES 100000

const char *const rb_results_parts[] = {"train", "val", "test", NULL};
const char *const rb_folder_files[] = {"config.yaml", "metrics.json", "log.jsonl",   "report.html", "split.csv",
                                       "val.proba",   "test.proba",   "train.proba", NULL};

// ---- settings ------------------------------------------------------------------------------------------------------

bool rb_folder_settings(rb_arena *a, const char *folder, rb_setting_list *out, rb_error *err)
{
    const rb_tree *tree;
    *out = (rb_setting_list){0};
    if (!rb_tree_read(a, rb_path_join(a, folder, "config.yaml"), &tree, err)) return false;
    int count = 0;
    for (const rb_tree *node = tree->first; node; node = node->next) count++;
    rb_setting *s = RB_NEW(a, rb_setting, count);
    *out = (rb_setting_list){s, count};
    for (const rb_tree *node = tree->first; node; node = node->next) {
        bool scalar = node->kind == RB_TREE_SCALAR;
        *s++ = (rb_setting){node->key, scalar ? node->text : rb_tree_text(a, node), scalar && node->plain};
    }
    return true;
}

const char *rb_setting_find(const rb_setting_list *s, const char *key)
{
    for (int i = 0; i < s->count; i++)
        if (!strcmp(s->at[i].key, key)) return s->at[i].plain && !strcmp(s->at[i].text, "null") ? NULL : s->at[i].text;
    return NULL;
}

// ---- classes -------------------------------------------------------------------------------------------------------

int rb_class_names_count(const json_t *run)
{
    return (int)json_array_size(json_object_get(run, "classes"));
}

const char *const *rb_class_names(rb_arena *a, const json_t *run, int count)
{
    const json_t *names = json_object_get(run, "classes");
    const char **out = RB_NEW(a, const char *, count);
    for (int k = 0; k < count; k++) {
        const char *name = json_string_value(json_array_get(names, (size_t)k));
        out[k] = name ? name : rb_text_format(a, "%d", k);
    }
    return out;
}

const json_t *rb_folder_run(rb_arena *a, const char *folder)
{
    rb_records *log;
    rb_record record;
    rb_error ignored;
    bool got = true;
    if (!rb_records_open(a, rb_path_join(a, folder, "log.jsonl"), &log, &ignored)) return NULL;
    while (rb_records_next(log, a, &record, &got, &ignored) && got)
        if (record.kind == RB_RECORD_RUN) return record.json;
    return NULL;
}

// ---- results -------------------------------------------------------------------------------------------------------

typedef struct rows {
    const char **path;
    int *label;
    int count; // found; of those over `room` nothing is kept
} rows;

bool rb_split_label(const rb_csv *csv, const char *text, int *out, rb_error *err)
{
    char *end;
    long label = strtol(text, &end, 10);
    bool whole = *text >= '0' && *text <= '9' && !*end && label < MOST_CLASSES;
    if (!whole) return rb_fail(err, RB_ERR_DATA, "%s:%d: \"%.40s\" is no label", csv->path, csv->line, text);
    *out = (int)label;
    return true;
}

static bool read_split(rb_arena *a, const char *folder, const char *part, int room, rows *out, rb_error *err)
{
    rb_csv csv;
    *out = (rows){RB_NEW(a, const char *, room), RB_NEW(a, int, room), 0};
    if (!rb_csv_open(a, rb_path_join(a, folder, "split.csv"), SPLIT_LIMIT, &csv, err)) return false;
    while (rb_csv_more(&csv)) {
        char *field[4];
        int count;
        if (!rb_csv_row(&csv, field, 4, &count, err)) return false;
        if (count < 3 || strcmp(field[2], part)) continue;
        int label = 0;
        if (!rb_split_label(&csv, field[1], &label, err)) return false;
        if (out->count < room) {
            out->path[out->count] = field[0];
            out->label[out->count] = label;
        }
        out->count++;
    }
    return true;
}

// Pictures that could not be read have no score: they leave. Returns how many stay, with their scores packed in `out`,
// as the floats that training compared.
static int drop_unread(rows *r, const rb_rows *read, double *out)
{
    int kept = 0;
    for (int i = 0; i < r->count; i++) {
        if (!read->row[i]) continue;
        for (int c = 0; c < read->columns; c++)
            out[(ptrdiff_t)kept * read->columns + c] = (double)(float)read->row[i][c];
        r->label[kept] = r->label[i];
        r->path[kept++] = r->path[i];
    }
    return kept;
}

// A run writes nothing else: what follows counts by these numbers.
static bool are_probable(const rb_rows *read, const char *path, rb_error *err)
{
    if (read->columns == 2) return rb_rows_of_two(path, read->columns, err);
    for (int i = 0; i < read->rows; i++)
        if (read->row[i] && !rb_row_is_probable(path, i + 1, read->row[i], read->columns, err)) return false;
    return true;
}

static bool labels_fit(const rows *r, int classes, const char *path, rb_error *err)
{
    for (int i = 0; i < r->count; i++)
        if (r->label[i] < 0 || r->label[i] >= classes)
            return rb_fail(err, RB_ERR_DATA, "%s: is of %d classes, and split.csv has label %d", path, classes,
                           r->label[i]);
    return true;
}

static double threshold_of(const char *folder, rb_arena *a)
{
    json_t *metrics = json_load_file(rb_path_join(a, folder, "metrics.json"), 0, NULL);
    const json_t *threshold = json_object_get(metrics, "threshold");
    double value = json_is_number(threshold) ? json_number_value(threshold) : 0.5;
    json_decref(metrics);
    return value;
}

static void decide(rb_arena *a, rb_part_results *out)
{
    int k = out->classes = out->many.k ? out->many.k : 2;
    int64_t *matrix = RB_NEW(a, int64_t, (ptrdiff_t)k * k);
    for (int i = 0; i < out->scores.n; i++)
        matrix[out->scores.label[i] * k + (out->scores.score[i] >= out->threshold)]++;
    for (int i = 0; i < out->many.n; i++)
        matrix[out->many.label[i] * k + rb_class_taken(out->many.p + (ptrdiff_t)i * k, k)]++;
    out->matrix = matrix;
}

bool rb_folder_results(rb_arena *a, const char *folder, const char *part, rb_part_results *out, rb_error *err)
{
    rb_rows read;
    rows r;
    *out = (rb_part_results){0};
    const char *path = rb_path_join(a, folder, rb_text_format(a, "%s.proba", part));
    if (!rb_file_exists(path)) return true;
    if (!rb_rows_read(a, path, &read, err) || !are_probable(&read, path, err) ||
        !read_split(a, folder, part, read.rows, &r, err))
        return false;
    if (r.count != read.rows)
        return rb_fail(err, RB_ERR_DATA, "%s: has %d values for the %d rows of split.csv", path, read.rows, r.count);
    if (!labels_fit(&r, read.columns == 1 ? 2 : read.columns, path, err)) return false;
    double *score = RB_NEW(a, double, (ptrdiff_t)r.count *read.columns);
    int kept = drop_unread(&r, &read, score);
    out->path = r.path;
    if (read.columns > 1) {
        out->many = (rb_class_scores){score, r.label, kept, read.columns};
    } else {
        out->scores = (rb_scores){score, r.label, kept};
        out->threshold = (double)(float)threshold_of(folder, a);
    }
    decide(a, out);
    return true;
}

// ---- curves --------------------------------------------------------------------------------------------------------

rb_line rb_curve_roc(rb_arena *a, rb_scores s, int most)
{
    rb_roc roc = rb_roc_thinned(a, rb_roc_curve(a, s), most);
    return (rb_line){roc.fpr, roc.tpr, roc.count};
}

// From the points of the ROC curve: with P positives and N negatives, precision = tpr P / (tpr P + fpr N); its first
// point takes nothing, and has precision 1 by custom.
rb_line rb_curve_pr(rb_arena *a, rb_scores s, int most)
{
    rb_roc roc = rb_roc_thinned(a, rb_roc_curve(a, s), most);
    double positives = 0;
    for (int i = 0; i < s.n; i++) positives += s.label[i];
    double *precision = RB_NEW(a, double, roc.count);
    for (int i = 0; i < roc.count; i++) {
        double tp = roc.tpr[i] * positives, taken = tp + roc.fpr[i] * (s.n - positives);
        precision[i] = taken > 0 ? tp / taken : 1;
    }
    return (rb_line){roc.tpr, precision, roc.count};
}
