// SPDX-License-Identifier: Apache-2.0
// value.c - values of the seven types, in a struct and as words. Reading them is in scalar.c.
#include "config/key.h"
#include "config/text.h"

#include "base/json.h"

#include <math.h>

rb_value rb_value_preset(const rb_field *f)
{
    return (rb_value){.number = f->preset, .high = f->preset_high, .text = f->preset_text, .tree = f->preset_tree};
}

rb_value rb_value_load(const rb_section *s, const rb_field *f)
{
    const void *at = (const char *)s->values + f->offset;
    switch (f->type) {
    case RB_BOOL:
        return (rb_value){.number = *(const bool *)at};
    case RB_REAL:
        return (rb_value){.number = *(const double *)at};
    case RB_TEXT:
        return (rb_value){.text = *(const char *const *)at};
    case RB_RANGE:
        return (rb_value){.number = ((const rb_range *)at)->low, .high = ((const rb_range *)at)->high};
    case RB_TREE:
        return (rb_value){.tree = *(const rb_tree *const *)at};
    case RB_INT:
    case RB_CHOICE:
        return (rb_value){.number = *(const int *)at};
    }
    return (rb_value){0};
}

void rb_value_store(const rb_section *s, const rb_field *f, rb_value v)
{
    void *at = (char *)s->values + f->offset;
    switch (f->type) {
    case RB_BOOL:
        *(bool *)at = v.number != 0;
        break;
    case RB_REAL:
        *(double *)at = v.number;
        break;
    case RB_TEXT:
        *(const char **)at = v.text;
        break;
    case RB_RANGE:
        *(rb_range *)at = (rb_range){v.number, v.high};
        break;
    case RB_TREE:
        *(const rb_tree **)at = v.tree;
        break;
    case RB_INT:
    case RB_CHOICE:
        *(int *)at = (int)v.number;
        break;
    }
}

// rb_real_text says 1e+01 for 10, which reads back but does not read well.
static const char *number_text(rb_arena *a, double value)
{
    char text[32];
    if (value == floor(value) && fabs(value) < 1e6) return rb_text_format(a, "%.0f", value);
    return rb_text_copy(a, rb_real_text(value, text));
}

const char *rb_value_text(rb_arena *a, const rb_field *f, rb_value v)
{
    switch (f->type) {
    case RB_BOOL:
        return v.number != 0 ? "true" : "false";
    case RB_INT:
        return rb_text_format(a, "%.0f", v.number);
    case RB_REAL:
        return isnan(v.number) ? NULL : number_text(a, v.number);
    case RB_TEXT:
        return v.text;
    case RB_CHOICE:
        return f->choices[(int)v.number];
    case RB_RANGE:
        return rb_text_format(a, "[%s, %s]", number_text(a, v.number), number_text(a, v.high));
    case RB_TREE:
        return v.tree ? rb_tree_text(a, v.tree) : NULL;
    }
    return NULL;
}

const char *rb_range_text(rb_arena *a, const rb_field *f)
{
    if (f->type == RB_INT) return rb_text_format(a, "%.0f..%.0f", f->min, f->max);
    if (f->type == RB_REAL || f->type == RB_RANGE)
        return rb_text_format(a, "%s..%s", number_text(a, f->min), number_text(a, f->max));
    return "";
}

const char *rb_choices_text(rb_arena *a, const rb_field *f)
{
    rb_text t = rb_text_new(a);
    for (const char *const *name = f->choices; *name; name++) rb_text_add(&t, "%s%s", t.used ? "|" : "", *name);
    return t.at;
}
