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

static void put_matrix(rb_json *j, const rb_part_results *r)
{
    rb_json_open(j, "matrix", '[');
    for (int label = 0; label < r->classes; label++) {
        rb_json_open(j, NULL, '[');
        for (int decision = 0; decision < r->classes; decision++)
            rb_json_integer(j, NULL, r->matrix[label * r->classes + decision]);
        rb_json_close(j);
    }
    rb_json_close(j);
}

static rb_bytes matrix_text(rb_arena *a, const char *part, const rb_part_results *r, const char *const *classes)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "version", 1);
    rb_json_string(j, "title",
                   r->classes == 2 ? rb_text_format(a, "%s at threshold %.6g", part, r->threshold)
                                   : rb_text_format(a, "%s, the most probable class", part));
    rb_json_open(j, "labels", '[');
    for (int k = 0; k < r->classes; k++) rb_json_string(j, NULL, classes[k]);
    rb_json_close(j);
    put_matrix(j, r);
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

static rb_bytes curve_text(rb_arena *a, const char *name, rb_line c)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "name", name);
    put_reals(j, "x", c.x, c.count);
    put_reals(j, "y", c.y, c.count);
    rb_json_close(j);
    return text_of(j);
}

// Of a part its matrix, then a ROC and a precision-recall curve each for two classes, for each of a few, or for the
// mean of many.
enum { FEW = 10, PER_PART = 1 + 2 * FEW };

static int curves_of(int classes)
{
    return classes == 2 || classes > FEW ? 1 : classes;
}

static rb_line curve_of(rb_arena *a, const rb_part_results *r, int class, bool roc)
{
    if (r->classes > FEW) return roc ? rb_class_macro_roc(a, r->many) : rb_class_macro_pr(a, r->many);
    rb_scores s = r->classes == 2 ? r->scores : rb_class_against_rest(a, r->many, class);
    return roc ? rb_curve_roc(a, s, CURVE_POINTS) : rb_curve_pr(a, s, CURVE_POINTS);
}

// "roc-test", "roc-test-cat", "roc-test-mean"
static const char *curve_name(rb_arena *a, const char *part, const rb_part_results *r, const char *class, bool roc)
{
    const char *name = rb_text_format(a, "%s-%s", roc ? "roc" : "precision-recall", part);
    return r->classes == 2 ? name : rb_text_format(a, "%s-%s", name, r->classes > FEW ? "mean" : class);
}

// A file is named by the label: what a class is called may be no file name.
static rb_comet_item curve_item(rb_arena *a, const char *part, const rb_part_results *r, int class, const char *called,
                                bool roc)
{
    const char *file = curve_name(a, part, r, rb_text_format(a, "%d", class), roc);
    rb_bytes text = curve_text(a, curve_name(a, part, r, called, roc), curve_of(a, r, class, roc));
    return (rb_comet_item){"curve", file, NULL, text, NULL};
}

// One class alone, or a mean of which one is missing, has no curve.
static bool has_curve(const rb_part_results *r, int class)
{
    int64_t all = 0, own = 0;
    for (int label = 0; label < r->classes; label++) {
        int64_t labelled = 0;
        for (int c = 0; c < r->classes; c++) labelled += r->matrix[label * r->classes + c];
        if (!labelled && r->classes > FEW) return false;
        if (label == class) own = labelled;
        all += labelled;
    }
    return own > 0 && own < all;
}

static bool result_item(rb_arena *a, const char *folder, const char *part, int which, rb_comet_item *out, rb_error *err)
{
    rb_part_results r;
    const json_t *run = rb_folder_run(a, folder);
    int class = (which - 1) / 2, named = rb_class_names_count(run);
    bool roc = which % 2;
    if (which && named && class >= curves_of(named)) return true;
    if (!rb_folder_results(a, folder, part, &r, err)) return false;
    if (!rb_part_count(&r)) return true;
    const char *const *classes = rb_class_names(a, run, r.classes);
    if (!which) {
        *out = (rb_comet_item){"confusion-matrix", rb_text_format(a, "confusion-matrix-%s.json", part), NULL,
                               matrix_text(a, part, &r, classes), NULL};
        return true;
    }
    if (class >= curves_of(r.classes) || !has_curve(&r, class)) return true;
    *out = curve_item(a, part, &r, class, classes[class], roc);
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
