// SPDX-License-Identifier: Apache-2.0
#include "augment/augment.h"

#include <string.h>

static int label_of(const char *name, const char *const *names, int count)
{
    int label = 0;
    while (label < count && strcmp(names[label], name)) label++;
    return label;
}

static bool fail_class(rb_arena *a, const rb_class_pipeline *c, const char *const *names, int count, rb_error *err)
{
    const char **all = RB_NEW(a, const char *, count + 1);
    memcpy(all, names, (size_t)count * sizeof *all);
    const char *near = rb_nearest(c->name, all);
    return rb_fail(err, RB_ERR_USAGE, "%s: augment: classes: the data has no class '%s'%s%s%s", c->where, c->name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool rb_augmentation_by_label(rb_arena *a, const rb_augmentation *augmentation, const char *const *names,
                              const bool *minority, int count, const rb_pipeline **out, rb_error *err)
{
    rb_pipeline *of = RB_NEW(a, rb_pipeline, count);
    *out = of;
    for (int k = 0; k < count; k++) of[k] = minority[k] ? augmentation->minority : augmentation->majority;
    for (int i = 0; i < augmentation->class_count; i++) {
        const rb_class_pipeline *c = &augmentation->classes[i];
        int label = label_of(c->name, names, count);
        if (label == count) return fail_class(a, c, names, count, err);
        of[label] = c->pipeline;
    }
    return true;
}
