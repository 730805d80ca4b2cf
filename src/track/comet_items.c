// SPDX-License-Identifier: Apache-2.0
#include "track/comet_items.h"

#include "base/file.h"
#include "base/json.h"
#include "track/folder.h"

#include <string.h>

#define CURVE_POINTS 1000

static rb_bytes text_of(rb_json *j)
{
    const char *text = rb_json_text(j);
    return (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)};
}

static rb_bytes matrix_text(rb_arena *a, const char *part, const rb_part_results *r)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "version", 1);
    rb_json_string(j, "title", rb_text_format(a, "%s at threshold %.6g", part, r->threshold));
    rb_json_open(j, "labels", '[');
    rb_json_string(j, NULL, "0");
    rb_json_string(j, NULL, "1");
    rb_json_close(j);
    rb_json_open(j, "matrix", '[');
    for (int label = 0; label < 2; label++) {
        rb_json_open(j, NULL, '[');
        for (int decision = 0; decision < 2; decision++) rb_json_integer(j, NULL, r->matrix[label][decision]);
        rb_json_close(j);
    }
    rb_json_close(j);
    rb_json_string(j, "rowLabel", "Actual");
    rb_json_string(j, "columnLabel", "Predicted");
    rb_json_integer(j, "maxSamplesPerCell", 25);
    rb_json_open(j, "sampleMatrix", '[');
    rb_json_close(j);
    rb_json_string(j, "type", "integer");
    rb_json_close(j);
    return text_of(j);
}

static void put_reals(rb_json *j, const char *key, const double *values, int count)
{
    rb_json_open(j, key, '[');
    for (int i = 0; i < count; i++) rb_json_real(j, NULL, values[i]);
    rb_json_close(j);
}

static rb_bytes curve_text(rb_arena *a, const char *name, rb_curve c)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "name", name);
    put_reals(j, "x", c.x, c.count);
    put_reals(j, "y", c.y, c.count);
    rb_json_close(j);
    return text_of(j);
}

enum { MATRIX, ROC, PR, PER_PART };

static bool result_item(rb_arena *a, const char *folder, const char *part, int which, rb_comet_item *out, rb_error *err)
{
    rb_part_results r;
    if (!rb_folder_results(a, folder, part, &r, err)) return false;
    rb_confusion c = {r.matrix[1][1], r.matrix[0][1], r.matrix[0][0], r.matrix[1][0]};
    if (!r.scores.n) return true;
    if (which == MATRIX) {
        *out = (rb_comet_item){"confusion-matrix", rb_text_format(a, "confusion-matrix-%s.json", part), NULL,
                               matrix_text(a, part, &r), NULL};
        return true;
    }
    if (c.tp + c.fn == 0 || c.tn + c.fp == 0) return true; // one class alone has no curve
    const char *name = rb_text_format(a, "%s-%s", which == ROC ? "roc" : "precision-recall", part);
    rb_curve curve = which == ROC ? rb_curve_roc(a, r.scores, CURVE_POINTS) : rb_curve_pr(a, r.scores, CURVE_POINTS);
    *out = (rb_comet_item){"curve", name, NULL, curve_text(a, name, curve), NULL};
    return true;
}

static const char *model_name(rb_arena *a, const char *folder)
{
    rb_setting_list settings;
    rb_error ignored;
    const char *name =
        rb_folder_settings(a, folder, &settings, &ignored) ? rb_setting_find(&settings, "model_type") : NULL;
    return name ? name : "model";
}

static void file_item(rb_arena *a, const char *folder, const char *name, const char *type, rb_comet_item *out)
{
    const char *path = rb_path_join(a, folder, name);
    bool model = !strcmp(type, "model-element");
    if (rb_file_exists(path)) *out = (rb_comet_item){type, name, model ? model_name(a, folder) : NULL, {0}, path};
}

bool rb_comet_item_at(rb_arena *a, const char *folder, int i, rb_comet_item *out, bool *more, rb_error *err)
{
    int results = 0, files = 0;
    while (rb_results_parts[results]) results++;
    while (rb_folder_files[files]) files++;
    results *= PER_PART;
    *out = (rb_comet_item){0};
    *more = i <= results + files;
    if (i < results) return result_item(a, folder, rb_results_parts[i / PER_PART], i % PER_PART, out, err);
    if (i < results + files)
        file_item(a, folder, rb_folder_files[i - results], "asset", out);
    else if (i == results + files)
        file_item(a, folder, RB_FOLDER_BEST, "model-element", out);
    return true;
}
