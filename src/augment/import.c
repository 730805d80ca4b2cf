// SPDX-License-Identifier: Apache-2.0
// Source: Albumentations 1.3 and 2.0, what their serialised pipelines hold
#include "augment/import.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

// ---- steps that keys of the run do ---------------------------------------------------------------------------------

static const struct {
    const char *name, *why;
} left_out[] = {
    {"Resize", "image_size gives the size"},
    {"LongestMaxSize", "image_size gives the size"},
    {"SmallestMaxSize", "image_size gives the size"},
    {"Normalize", "pictures are normalised as the weights ask for, after augmentation"},
    {"ToFloat", "pictures are normalised after augmentation"},
    {"ToTensorV2", "pictures become tensors after augmentation"},
    {NULL, NULL},
};

const char *rb_import_name(const char *full)
{
    const char *dot = strrchr(full, '.');
    return dot ? dot + 1 : full;
}

bool rb_import_is_left_out(const char *name, const char **why)
{
    int i = 0;
    while (left_out[i].name && strcmp(left_out[i].name, name)) i++;
    *why = left_out[i].why;
    return left_out[i].name;
}

// ---- parameters ----------------------------------------------------------------------------------------------------

typedef struct parameter parameter;

// One parameter on its way: where it stands, and the "KEY=VALUE" texts so far.
typedef struct translation {
    rb_arena *arena;
    const char *step, *where;
    const rb_tree *params;
    const char *with;
    rb_error *err;
} translation;

typedef bool translate(translation *m, const rb_tree *value, const parameter *p);

struct parameter {
    const char *step; // NULL: of any
    const char *key;
    translate *how;
    const char *to;    // the key here; of `only`: values that change nothing, parted by '|'
    const char *other; // a second key of theirs; of `only`: what is done instead
};

// "0.5", "1,2" of a list; NULL where something else stands.
static const char *words_of(translation *m, const rb_tree *value)
{
    const char *out = "";
    const rb_tree *at = value->kind == RB_TREE_LIST ? value->first : value;
    for (; at; at = value->kind == RB_TREE_LIST ? at->next : NULL) {
        if (at->kind != RB_TREE_SCALAR || strpbrk(at->text, " =,")) return NULL;
        out = rb_text_format(m->arena, "%s%s%s", out, *out ? "," : "", at->text);
    }
    return *out ? out : NULL;
}

static bool add(translation *m, const char *key, const char *words)
{
    m->with = rb_text_format(m->arena, "%s%s%s=%s", m->with, *m->with ? " " : "", key, words);
    return true;
}

static bool keep_as(translation *m, const rb_tree *value, const char *key)
{
    const char *words = words_of(m, value);
    if (words) return add(m, key, words);
    return rb_fail(m->err, RB_ERR_USAGE, "%s: %s: %s: expected a word or a list of words, found %s",
                   rb_tree_where(m->arena, value), m->step, value->key, rb_tree_text(m->arena, value));
}

static bool renamed(translation *m, const rb_tree *value, const parameter *p)
{
    return keep_as(m, value, p->to);
}

static bool dropped(translation *m, const rb_tree *value, const parameter *p)
{
    (void)m, (void)value, (void)p;
    return true;
}

static void tell(const translation *m, const char *key, const char *value, const char *instead)
{
    rb_warn("%s: %s: %s %s is not followed: %s", m->where, m->step, key, value, instead);
}

static bool same_number(const char *one, const char *two)
{
    char *end_one, *end_two;
    double x = strtod(one, &end_one), y = strtod(two, &end_two);
    return end_one > one && end_two > two && !*end_one && !*end_two && x == y;
}

// Whether `words` is one of the values parted by '|'. A list is compared word by word.
static bool is_among(rb_arena *a, const char *words, const char *values)
{
    char *rest = rb_text_copy(a, values);
    for (char *value; (value = strsep(&rest, "|"));) {
        char *left = rb_text_copy(a, words), *x, *y;
        bool same = true;
        do {
            x = strsep(&left, ","), y = strsep(&value, ",");
            same = same && (x && y ? !strcmp(x, y) || same_number(x, y) : x == y);
        } while (x && y);
        if (same) return true;
    }
    return false;
}

static bool only(translation *m, const rb_tree *value, const parameter *p)
{
    const char *words = words_of(m, value);
    if (!words || !is_among(m->arena, words, p->to)) tell(m, p->key, rb_tree_text(m->arena, value), p->other);
    return true;
}

// 1.x has steps that fire whatever their p.
static bool always_fires(translation *m)
{
    const rb_tree *always = rb_tree_at(m->params, "always_apply");
    return always && is_among(m->arena, rb_tree_text(m->arena, always), "true|True");
}

static bool firing(translation *m, const rb_tree *value, const parameter *p)
{
    return always_fires(m) ? add(m, p->to, "1") : keep_as(m, value, p->to);
}

// p says it, if it is there.
static bool always(translation *m, const rb_tree *value, const parameter *p)
{
    (void)value;
    return rb_tree_at(m->params, p->to) || !always_fires(m) || add(m, p->to, "1");
}

// The upper end of a range whose lower end is a parameter of its own.
static bool upper_end(translation *m, const rb_tree *value, const parameter *p)
{
    const rb_tree *low = rb_tree_at(m->params, p->other);
    const char *to = words_of(m, value), *from = low && !rb_tree_is_null(low) ? words_of(m, low) : to;
    if (!to || !from) return keep_as(m, to ? low : value, p->to);
    return add(m, p->to, rb_text_format(m->arena, "%s,%s", from, to));
}

static bool lower_end(translation *m, const rb_tree *value, const parameter *p)
{
    const rb_tree *upper = rb_tree_at(m->params, p->other);
    return (upper && !rb_tree_is_null(upper)) || keep_as(m, value, p->to);
}

// Standard deviations as shares of 255 become variances in squared grey levels.
static bool as_variance(translation *m, const rb_tree *value, const parameter *p)
{
    const rb_tree *low = value->kind == RB_TREE_LIST ? value->first : value, *high = low && low->next ? low->next : low;
    if (!low || low->kind != RB_TREE_SCALAR || high->kind != RB_TREE_SCALAR) return keep_as(m, value, p->to);
    char *after_low, *after_high;
    double from = 255 * strtod(low->text, &after_low), to = 255 * strtod(high->text, &after_high);
    if (*after_low || *after_high) return keep_as(m, value, p->to); // the key itself refuses what is no number
    return add(m, p->to, rb_text_format(m->arena, "%.9g,%.9g", from * from, to * to));
}

#define ONE_RANGE "the range of x serves both axes"

static bool follows(translation *m, const rb_tree *value, const parameter *p)
{
    const rb_tree *x = rb_tree_at(m->params, p->to);
    if (!x || strcmp(rb_tree_text(m->arena, x), rb_tree_text(m->arena, value)))
        tell(m, p->key, rb_tree_text(m->arena, value), p->other);
    return true;
}

// {x: RANGE, y: RANGE}: one range serves both axes here.
static bool both_axes(translation *m, const rb_tree *value, const parameter *p)
{
    const rb_tree *x = rb_tree_at(value, "x"), *y = rb_tree_at(value, "y");
    if (!x) return keep_as(m, value, p->key);
    if (y && strcmp(rb_tree_text(m->arena, x), rb_tree_text(m->arena, y)))
        tell(m, p->key, rb_tree_text(m->arena, value), ONE_RANGE);
    return keep_as(m, x, p->key);
}

#define MIRRORED "beyond its edges a picture is mirrored (REFLECT_101)"

static const parameter parameters[] = {
    {NULL, "p", firing, "p", NULL},
    {NULL, "always_apply", always, "p", NULL},
    {NULL, "transforms", dropped, NULL, NULL},
    {NULL, "__class_fullname__", dropped, NULL, NULL},
    {NULL, "interpolation", only, "1", "pictures are sampled bilinearly"},
    {NULL, "border_mode", only, "4", MIRRORED},
    {NULL, "mask_interpolation", dropped, NULL, NULL},
    {NULL, "mask_value", dropped, NULL, NULL},
    {NULL, "fill_mask", dropped, NULL, NULL},
    {"Compose", "bbox_params", dropped, NULL, NULL},
    {"Compose", "keypoint_params", dropped, NULL, NULL},
    {"Compose", "additional_targets", dropped, NULL, NULL},
    {"Compose", "is_check_shapes", dropped, NULL, NULL},
    {"Compose", "is_check_args", dropped, NULL, NULL},
    {"Compose", "strict", dropped, NULL, NULL},
    {"Compose", "seed", dropped, NULL, NULL},
    {"Compose", "save_applied_params", dropped, NULL, NULL},
    {"SomeOf", "replace", only, "false|False", "a step is drawn once at most"},
    {"Rotate", "crop_border", only, "false|False", "corners stay"},
    {"ShiftScaleRotate", "shift_limit_x", lower_end, "shift_limit", "shift_limit"},
    {"ShiftScaleRotate", "shift_limit_y", follows, "shift_limit_x", ONE_RANGE},
    {"Affine", "scale", both_axes, NULL, NULL},
    {"Affine", "shear", both_axes, NULL, NULL},
    {"Affine", "translate_percent", both_axes, NULL, NULL},
    {"Affine", "translate_px", only, "null", "translate_percent alone shifts"},
    {"Affine", "mode", only, "4", MIRRORED},
    {"Affine", "fit_output", only, "false|False", "a picture keeps its size"},
    {"Affine", "cval", dropped, NULL, NULL},
    {"Affine", "cval_mask", dropped, NULL, NULL},
    {"Affine", "balanced_scale", only, "false|False", "factors are uniform"},
    {"ElasticTransform", "approximate", only, "false|False", "kernels are exact"},
    {"ElasticTransform", "same_dxdy", only, "false|False", "both displacements are drawn"},
    {"ElasticTransform", "noise_distribution", only, "uniform", "noise is uniform"},
    {"OpticalDistortion", "mode", only, "camera", "distortion is that of a camera"},
    {"RandomResizedCrop", "height", dropped, NULL, NULL},
    {"RandomResizedCrop", "width", dropped, NULL, NULL},
    {"RandomResizedCrop", "size", dropped, NULL, NULL},
    {"CoarseDropout", "max_holes", upper_end, "num_holes_range", "min_holes"},
    {"CoarseDropout", "min_holes", lower_end, "num_holes_range", "max_holes"},
    {"CoarseDropout", "max_height", upper_end, "hole_height_range", "min_height"},
    {"CoarseDropout", "min_height", lower_end, "hole_height_range", "max_height"},
    {"CoarseDropout", "max_width", upper_end, "hole_width_range", "min_width"},
    {"CoarseDropout", "min_width", lower_end, "hole_width_range", "max_width"},
    {"CoarseDropout", "fill_value", renamed, "fill", NULL},
    {"CoarseDropout", "mask_fill_value", dropped, NULL, NULL},
    {"CoarseDropout", "fill", renamed, "fill", NULL},
    {"ImageCompression", "quality_upper", upper_end, "quality_range", "quality_lower"},
    {"ImageCompression", "quality_lower", lower_end, "quality_range", "quality_upper"},
    {"ImageCompression", "compression_type", only, "0|jpeg|JPEG", "pictures are compressed as JPEG"},
    {"GaussNoise", "std_range", as_variance, "var_limit", NULL},
    {"GaussNoise", "mean", only, "0", "noise has the mean 0"},
    {"GaussNoise", "mean_range", only, "0,0", "noise has the mean 0"},
    {"GaussNoise", "per_channel", only, "true|True", "each channel has its own noise"},
    {"GaussNoise", "noise_scale_factor", only, "1", "each pixel has its own noise"},
    {"RandomBrightnessContrast", "ensure_safe_range", only, "false|False", "values are clipped"},
    {"RandomGamma", "eps", dropped, NULL, NULL},
    {"MotionBlur", "allow_shifted", only, "true|True", "a line lies between two random points"},
    {"MotionBlur", "angle_range", only, "0,360", "a line lies between two random points"},
    {"MotionBlur", "direction_range", only, "-1,1", "a line lies between two random points"},
    {"Sharpen", "method", only, "kernel", "the kernel is used"},
    {"Sharpen", "kernel_size", dropped, NULL, NULL},
    {"Sharpen", "sigma", dropped, NULL, NULL},
    {"ToGray", "num_output_channels", only, "3", "the three channels become the same"},
    {"ToGray", "method", only, "weighted_average", "channels are weighted"},
    {NULL, "rotate_method", dropped, NULL, NULL},
    {NULL, "value", dropped, NULL, NULL},
    {NULL, "fill", dropped, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

// The row of that step, or else of any.
static const parameter *known(const char *step, const char *key)
{
    const parameter *p = parameters;
    while (p->key && (strcmp(p->key, key) || (p->step && strcmp(p->step, step)))) p++;
    return p->key ? p : NULL;
}

bool rb_import_params(rb_arena *a, const char *name, const rb_tree *params, const char **out, rb_error *err)
{
    translation m = {
        .arena = a, .step = name, .where = rb_tree_where(a, params), .params = params, .with = "", .err = err};
    for (const rb_tree *value = params->first; value; value = value->next) {
        const parameter *p = known(name, value->key);
        if (rb_tree_is_null(value)) continue;
        if (!(p ? p->how(&m, value, p) : keep_as(&m, value, value->key))) return false;
    }
    *out = m.with;
    return true;
}
