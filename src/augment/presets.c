// SPDX-License-Identifier: Apache-2.0
// presets.c - the named pipelines, as data.
//
// What is left out has the default of the name.
#include "augment/augment.h"

#include <string.h>

typedef struct preset {
    const rb_step_row *minority, *majority; // NULL: no step
} preset;

const char *const rb_augment_presets[] = {"none", "light", "original", NULL};

static const rb_step_row light[] = {{.name = "HorizontalFlip"}, {0}};

// ---- original: what the project this one follows trains with; the rare class is changed more ----------------------

static const rb_step_row bends[] = {
    {.name = "ElasticTransform", .with = "p=0.7 alpha=150 sigma=7.5 alpha_affine=4.5"},
    {.name = "GridDistortion", .with = "p=0.7"},
    {.name = "OpticalDistortion", .with = "p=0.7 distort_limit=1.5"},
    {0},
};

static const rb_step_row exposures[] = {
    {.name = "GaussNoise", .with = "p=0.7 var_limit=10,50"},
    {.name = "RandomBrightnessContrast", .with = "p=0.7 brightness_limit=0.3 contrast_limit=0.3"},
    {0},
};

static const rb_step_row blurs[] = {
    {.name = "Blur", .with = "p=0.7 blur_limit=3"},
    {.name = "MotionBlur", .with = "p=0.7 blur_limit=3"},
    {.name = "MedianBlur", .with = "p=0.7 blur_limit=3"},
    {0},
};

static const rb_step_row edges[] = {
    {.name = "CLAHE", .with = "p=0.7 clip_limit=2"},
    {.name = "Sharpen", .with = "p=0.7 alpha=0.2,0.5 lightness=0.5,1"},
    {.name = "Emboss", .with = "p=0.7 alpha=0.2,0.5 strength=0.5,1"},
    {0},
};

static const rb_step_row original_minority[] = {
    {.name = "RandomRotate90", .with = "p=0.7"},
    {.name = "Rotate", .with = "p=0.7 limit=90"},
    {.name = "OneOf", .with = "p=0.5", .steps = bends},
    {.name = "OneOf", .with = "p=0.5", .steps = exposures},
    {.name = "OneOf", .with = "p=0.3", .steps = blurs},
    {.name = "OneOf", .with = "p=0.3", .steps = edges},
    {0},
};

static const rb_step_row original_majority[] = {
    {.name = "RandomRotate90", .with = "p=0.3"},
    {.name = "Rotate", .with = "p=0.3 limit=90"},
    {.name = "RandomBrightnessContrast", .with = "p=0.3 brightness_limit=0.2 contrast_limit=0.2"},
    {0},
};

// In the order of the names.
static const preset presets[] = {{NULL, NULL}, {light, light}, {original_minority, original_majority}};

bool rb_augmentation_preset(rb_arena *a, const char *name, const char *where, rb_augmentation *out, rb_error *err)
{
    int i = 0;
    while (rb_augment_presets[i] && strcmp(rb_augment_presets[i], name)) i++;
    if (!rb_augment_presets[i]) {
        const char *near = rb_nearest(name, rb_augment_presets);
        return rb_fail(err, RB_ERR_USAGE, "%s: no preset '%s'%s%s%s", where, name, near ? "; did you mean '" : "",
                       near ? near : "",
                       near ? "'?" : "; there are none, light, original, or name a .yaml or .json file");
    }
    return rb_pipeline_build(a, presets[i].minority, where, &out->minority, err) &&
           rb_pipeline_build(a, presets[i].majority, where, &out->majority, err);
}
