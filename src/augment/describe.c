// SPDX-License-Identifier: Apache-2.0
// describe.c - pipelines as a line of YAML.
#include "augment/augment.h"

#include "base/json.h"

#include <string.h>

// Texts grow at their ends.
static void add(rb_arena *a, const char **out, const char *more)
{
    *out = rb_text_format(a, "%s%s", *out, more);
}

static void add_parameters(rb_arena *a, const char **out, const rb_augment_step *step)
{
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)step->augment->cfg_bytes);
    memcpy(cfg, step->cfg, step->augment->cfg_bytes);
    rb_section section = {.fields = step->augment->fields, .values = cfg, .used = true};
    rb_config config = {&section, 1};
    for (const rb_field *f = section.fields; f->name; f++)
        add(a, out, rb_text_format(a, ", %s: %s", f->name, rb_config_value(a, &config, f->name)));
}

static void add_steps(rb_arena *a, const char **out, const rb_augment_step *steps, int count);

static void add_step(rb_arena *a, const char **out, const rb_augment_step *step)
{
    const char *name = step->augment ? step->augment->name : step->group->name;
    char p[32];
    add(a, out, rb_text_format(a, "{%s: {p: %s", name, rb_real_text(step->p, p)));
    if (step->augment) add_parameters(a, out, step);
    if (step->group && step->group->counts) add(a, out, rb_text_format(a, ", n: %d", step->n));
    if (step->group) {
        add(a, out, ", transforms: ");
        add_steps(a, out, step + 1, step->below);
    }
    add(a, out, "}}");
}

static void add_steps(rb_arena *a, const char **out, const rb_augment_step *steps, int count)
{
    add(a, out, "[");
    for (int at = 0; at < count; at += 1 + steps[at].below) {
        if (at) add(a, out, ", ");
        add_step(a, out, &steps[at]);
    }
    add(a, out, "]");
}

const char *rb_augmentation_text(rb_arena *a, const rb_augmentation *augmentation)
{
    const char *out = "{minority: ";
    add_steps(a, &out, augmentation->minority.steps, augmentation->minority.count);
    add(a, &out, ", majority: ");
    add_steps(a, &out, augmentation->majority.steps, augmentation->majority.count);
    for (int i = 0; i < augmentation->class_count; i++) {
        const rb_class_pipeline *c = &augmentation->classes[i];
        add(a, &out, i ? ", " : ", classes: {");
        add(a, &out, rb_tree_text(a, &(rb_tree){.text = c->name}));
        add(a, &out, ": ");
        add_steps(a, &out, c->pipeline.steps, c->pipeline.count);
    }
    add(a, &out, augmentation->class_count ? "}}" : "}");
    return out;
}
