// SPDX-License-Identifier: Apache-2.0
#include "weights/checkpoint.h"

#include "base/file.h"
#include "base/json.h"
#include "weights/torch.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT     1 // raised when an older reader would misread a newer file
#define ZERO_HASH  "00000000000000000000000000000000"
#define FILE_LIMIT ((ptrdiff_t)8 << 30)

// ---- writing -------------------------------------------------------------------------------------------------------

static void put_reals(rb_json *j, const char *key, const double *values, int count)
{
    rb_json_open(j, key, '[');
    for (int i = 0; i < count; i++) rb_json_real(j, NULL, values[i]);
    rb_json_close(j);
}

static void put_preprocessing(rb_json *j, const rb_preprocessing *p)
{
    rb_json_open(j, "preprocessing", '{');
    rb_json_integer(j, "image_size", p->image_size);
    rb_json_integer(j, "channels", p->channels);
    rb_json_string(j, "interpolation", p->interpolation);
    put_reals(j, "mean", p->mean, p->channels);
    put_reals(j, "std", p->std, p->channels);
    rb_json_close(j);
}

static const char *description(rb_arena *a, const rb_checkpoint *c)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "format", FORMAT);
    rb_json_string(j, "content_hash", ZERO_HASH);
    rb_json_string(j, "model", c->model);
    rb_json_string(j, "config", c->config);
    put_preprocessing(j, &c->preprocessing);
    rb_json_open(j, "classes", '[');
    for (int i = 0; i < c->class_count; i++) rb_json_string(j, NULL, c->classes[i]);
    rb_json_close(j);
    rb_json_real(j, "threshold", c->threshold);
    rb_json_raw(j, "calibration", c->calibration ? c->calibration : "null");
    rb_json_raw(j, "metrics", c->metrics ? c->metrics : "null");
    rb_json_raw(j, "scores", c->scores ? c->scores : "null");
    rb_json_string(j, "data_fingerprint", rb_text_format(a, "%016" PRIx64, c->data_fingerprint));
    rb_json_raw(j, "state", c->state ? c->state : "null");
    rb_json_close(j);
    return rb_json_text(j);
}

bool rb_checkpoint_write(rb_arena *scratch, const char *path, const rb_checkpoint *c, rb_error *err)
{
    rb_text_pair pairs[] = {{"format", "pt"}, {"rarebit", description(scratch, c)}};
    rb_tensors file = c->tensors;
    file.metadata = pairs;
    file.metadata_count = 2;
    return rb_safetensors_write(scratch, path, &file, err);
}

// ---- reading -------------------------------------------------------------------------------------------------------

// A member of the wanted type, or NULL after writing err.
static const json_t *member(const json_t *object, const char *key, json_type type, rb_error *err)
{
    const json_t *value = json_object_get(object, key);
    if (value && json_typeof(value) == type) return value;
    rb_fail(err, RB_ERR_WEIGHTS, "its description lacks \"%s\"", key);
    return NULL;
}

static bool get_text(rb_arena *a, const json_t *object, const char *key, const char **out, rb_error *err)
{
    const json_t *value = member(object, key, JSON_STRING, err);
    if (value) *out = rb_text_copy(a, json_string_value(value));
    return value != NULL;
}

static bool get_reals(const json_t *object, const char *key, int count, double *out, rb_error *err)
{
    const json_t *list = member(object, key, JSON_ARRAY, err);
    if (!list) return false;
    for (int i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        if (!json_is_number(value)) return rb_fail(err, RB_ERR_WEIGHTS, "its description has too short a \"%s\"", key);
        out[i] = json_number_value(value);
    }
    return true;
}

static bool get_preprocessing(rb_arena *a, const json_t *root, rb_preprocessing *out, rb_error *err)
{
    const json_t *p = member(root, "preprocessing", JSON_OBJECT, err), *size, *channels;
    if (!p || !(size = member(p, "image_size", JSON_INTEGER, err)) ||
        !(channels = member(p, "channels", JSON_INTEGER, err)))
        return false;
    json_int_t c = json_integer_value(channels), s = json_integer_value(size);
    if ((c != 1 && c != 3) || s < 1 || s > INT32_MAX)
        return rb_fail(err, RB_ERR_WEIGHTS, "its description has a preprocessing that makes no sense");
    out->image_size = (int)s;
    out->channels = (int)c;
    if (!get_text(a, p, "interpolation", &out->interpolation, err) || !get_reals(p, "mean", (int)c, out->mean, err) ||
        !get_reals(p, "std", (int)c, out->std, err))
        return false;
    for (int i = 0; i < (int)c; i++)
        if (!(out->std[i] > 0)) return rb_fail(err, RB_ERR_WEIGHTS, "its description has a std that is not positive");
    return true;
}

static bool get_classes(rb_arena *a, const json_t *root, rb_checkpoint *out, rb_error *err)
{
    const json_t *list = member(root, "classes", JSON_ARRAY, err);
    if (!list) return false;
    out->class_count = (int)json_array_size(list);
    const char **names = RB_NEW(a, const char *, out->class_count);
    for (int i = 0; i < out->class_count; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        if (!name) return rb_fail(err, RB_ERR_WEIGHTS, "its description has a class without a name");
        names[i] = rb_text_copy(a, name);
    }
    if (out->class_count < 2) return rb_fail(err, RB_ERR_WEIGHTS, "its description has fewer than two classes");
    out->classes = names;
    return true;
}

// A member object as JSON text; NULL where it is null.
static const char *object_text(rb_arena *a, const json_t *root, const char *key)
{
    const json_t *value = json_object_get(root, key);
    if (!json_is_object(value)) return NULL;
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(17));
    const char *kept = text ? rb_text_copy(a, text) : NULL;
    free(text);
    return kept;
}

// A number, or null: none was chosen.
static bool get_threshold(const json_t *root, double *out, rb_error *err)
{
    const json_t *value = json_object_get(root, "threshold");
    *out = json_is_number(value) ? json_number_value(value) : NAN;
    return isnan(*out) || (*out >= 0 && *out <= 1) ||
           rb_fail(err, RB_ERR_WEIGHTS, "its description has the threshold %g, which is no probability", *out);
}

static bool read_description(rb_arena *a, const json_t *root, rb_checkpoint *out, rb_error *err)
{
    const json_t *format = member(root, "format", JSON_INTEGER, err);
    const char *fingerprint;
    if (!format) return false;
    if (json_integer_value(format) != FORMAT)
        return rb_fail(err, RB_ERR_WEIGHTS, "is of format %" JSON_INTEGER_FORMAT ", this program reads format %d",
                       json_integer_value(format), FORMAT);
    if (!get_text(a, root, "model", &out->model, err) || !get_text(a, root, "config", &out->config, err) ||
        !get_preprocessing(a, root, &out->preprocessing, err) || !get_classes(a, root, out, err) ||
        !get_threshold(root, &out->threshold, err) || !get_text(a, root, "data_fingerprint", &fingerprint, err))
        return false;
    out->data_fingerprint = strtoull(fingerprint, NULL, 16);
    out->calibration = object_text(a, root, "calibration");
    out->metrics = object_text(a, root, "metrics");
    out->scores = object_text(a, root, "scores");
    out->state = object_text(a, root, "state");
    return true;
}

bool rb_checkpoint_describe(rb_arena *a, const char *text, rb_checkpoint *out, rb_error *err)
{
    json_error_t why;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root) return rb_fail(err, RB_ERR_WEIGHTS, "its description is not JSON (%s)", why.text);
    bool done = read_description(a, root, out, err);
    json_decref(root);
    return done;
}

static bool parse(rb_arena *a, rb_bytes file, rb_checkpoint *out, rb_error *err)
{
    if (rb_torch_is_zip(file) || rb_torch_is_legacy(file))
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "is a file of PyTorch, not a checkpoint of Rarebit: `rarebit weights list` shows what is in it");
    if (!rb_safetensors_parse(a, file, &out->tensors, err)) return false;
    const char *text = rb_tensors_metadata(&out->tensors, "rarebit");
    if (!text)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "is a safetensors file but no checkpoint of Rarebit (no \"rarebit\" in its "
                       "metadata)");
    return rb_content_hash_check(file, err) && rb_checkpoint_describe(a, text, out, err);
}

bool rb_checkpoint_open(rb_arena *a, const char *path, rb_checkpoint *out, rb_error *err)
{
    rb_bytes file;
    *out = (rb_checkpoint){.threshold = NAN};
    if (!rb_file_map(a, path, FILE_LIMIT, &file, err)) return false;
    return parse(a, file, out, err) || rb_fail_in(err, "%s", path);
}
