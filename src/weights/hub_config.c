// SPDX-License-Identifier: Apache-2.0
#include "weights/hub_config.h"

#include "base/file.h"

#include <jansson.h>

#define FILE_LIMIT ((ptrdiff_t)1 << 20)

static bool read_colours(const json_t *object, const char *key, double out[3])
{
    const json_t *list = json_object_get(object, key);
    for (size_t c = 0; c < 3; c++) {
        const json_t *value = json_array_get(list, c);
        if (!json_is_number(value)) return false;
        out[c] = json_number_value(value);
    }
    return json_array_size(list) == 3;
}

static bool read_root(rb_arena *a, const json_t *root, rb_hub_config *out, rb_error *err)
{
    const json_t *nested = json_object_get(root, "pretrained_cfg"), *from = nested ? nested : root;
    const char *architecture = json_string_value(json_object_get(root, "architecture"));
    if (architecture) out->architecture = rb_text_copy(a, architecture);
    bool found = read_colours(from, "mean", out->mean) && read_colours(from, "std", out->std);
    for (int c = 0; found && c < 3; c++) found = out->std[c] > 0;
    return found || rb_fail(err, RB_ERR_WEIGHTS,
                            "does not say mean and std of three colours, with which its weights "
                            "were trained");
}

bool rb_hub_config_read(rb_arena *a, const char *path, rb_hub_config *out, rb_error *err)
{
    rb_bytes text;
    json_error_t why;
    *out = (rb_hub_config){0};
    if (!rb_file_read(a, path, FILE_LIMIT, &text, err)) return false;
    json_t *root = json_loadb((const char *)text.data, (size_t)text.size, JSON_REJECT_DUPLICATES, &why);
    if (!root) return rb_fail(err, RB_ERR_WEIGHTS, "%s:%d: is not JSON: %s", path, why.line, why.text);
    bool done = read_root(a, root, out, err) || rb_fail_in(err, "%s", path);
    json_decref(root);
    return done;
}
