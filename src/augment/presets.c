// SPDX-License-Identifier: Apache-2.0
// presets.c - the named pipelines, as data.
//
// A p that is left out is the default of the name, as are parameters.
#include "augment/augment.h"

#include <string.h>

typedef struct preset {
    const rb_step_row *minority, *majority; // NULL: no step
} preset;

const char *const rb_augment_presets[] = {"none", "light", "original", NULL};

static const rb_step_row light[] = {{.name = "HorizontalFlip"}, {0}};

// ---- original: what the project this one follows trains with; the rare class is changed more ----------------------

static const rb_step_row bends[] = {
    {.name = "ElasticTransform", .p = 0.7, .with = "alpha=150 sigma=7.5 alpha_affine=4.5"},
    {.name = "GridDistortion", .p = 0.7},
    {.name = "OpticalDistortion", .p = 0.7, .with = "distort_limit=1.5"},
    {0},
};

static const rb_step_row exposures[] = {
    {.name = "GaussNoise", .p = 0.7, .with = "var_limit=10,50"},
    {.name = "RandomBrightnessContrast", .p = 0.7, .with = "brightness_limit=0.3 contrast_limit=0.3"},
    {0},
};

static const rb_step_row blurs[] = {
    {.name = "Blur", .p = 0.7, .with = "blur_limit=3"},
    {.name = "MotionBlur", .p = 0.7, .with = "blur_limit=3"},
    {.name = "MedianBlur", .p = 0.7, .with = "blur_limit=3"},
    {0},
};

static const rb_step_row edges[] = {
    {.name = "CLAHE", .p = 0.7, .with = "clip_limit=2"},
    {.name = "Sharpen", .p = 0.7, .with = "alpha=0.2,0.5 lightness=0.5,1"},
    {.name = "Emboss", .p = 0.7, .with = "alpha=0.2,0.5 strength=0.5,1"},
    {0},
};

static const rb_step_row original_minority[] = {
    {.name = "RandomRotate90", .p = 0.7},
    {.name = "Rotate", .p = 0.7, .with = "limit=90"},
    {.name = "OneOf", .p = 0.5, .steps = bends},
    {.name = "OneOf", .p = 0.5, .steps = exposures},
    {.name = "OneOf", .p = 0.3, .steps = blurs},
    {.name = "OneOf", .p = 0.3, .steps = edges},
    {0},
};

static const rb_step_row original_majority[] = {
    {.name = "RandomRotate90", .p = 0.3},
    {.name = "Rotate", .p = 0.3, .with = "limit=90"},
    {.name = "RandomBrightnessContrast", .p = 0.3, .with = "brightness_limit=0.2 contrast_limit=0.2"},
    {0},
};

// In the order of the names.
static const preset presets[] = {{NULL, NULL}, {light, light}, {original_minority, original_majority}};

bool rb_augmentation_preset(rb_arena *a, const char *name, rb_augmentation *out, rb_error *err)
{
    int i = 0;
    while (rb_augment_presets[i] && strcmp(rb_augment_presets[i], name)) i++;
    if (!rb_augment_presets[i]) {
        const char *near = rb_nearest(name, rb_augment_presets);
        return rb_fail(err, RB_ERR_USAGE, "augment: no preset '%s'%s%s%s", name, near ? "; did you mean '" : "",
                       near ? near : "", near ? "'?" : "");
    }
    const char *where = rb_text_format(a, "augment: %s", name);
    return rb_pipeline_build(a, presets[i].minority, where, &out->minority, err) &&
           rb_pipeline_build(a, presets[i].majority, where, &out->majority, err);
}
